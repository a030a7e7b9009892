"""Contents on their way in and out, behind links that need no credential."""

from __future__ import annotations

import re
from urllib.parse import quote

from werkzeug.wrappers import Request, Response

from cdframe.local.errors import ApiError
from cdframe.local.files.contents import Content, Contents
from cdframe.local.http import Call, answer

LARGEST_CONTENT = 5_000_000_000
LARGEST_PART = 4000 * 2**20
MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+( *; *[\w.+-]+=([\w.+-]+|\"[\w .+:/-]*\"))*", re.ASCII)
RANGE = re.compile(r"bytes *= *(\d{0,18})-(\d{0,18})", re.ASCII | re.IGNORECASE)
ANY_TYPE = "application/octet-stream"


def receive(call: Call) -> Response:
    """Take in what a link was given for."""
    engine = call.engine
    link = engine.links.take(call.request.args.get("link"), "upload")
    with engine.database.read() as connection:
        Contents(connection).require(link.file)
    most = LARGEST_CONTENT if link.upload is None else LARGEST_PART
    with (
        engine.blobs.received(call.request.stream, call.request.content_length, most) as blob,
        engine.database.write() as connection,
    ):
        contents = Contents(connection)
        if link.upload is not None and link.part is not None:
            left_behind = contents.put_part(link.file, link.upload, link.part, blob)
        else:
            left_behind = contents.put(link.file, blob, engine.clock.now())
    engine.blobs.remove(left_behind)
    return answer({})


def send(call: Call) -> Response:
    """Hand out what a link was given for: all of it, or the range that is asked for."""
    link = call.engine.links.take(call.request.args.get("link"), "download")
    gone = None
    while True:
        with call.engine.database.read() as connection:
            content = Contents(connection).find(link.file)
            (file,) = connection.rows("SELECT name, mime_type FROM files WHERE id = ?", [link.file])
        try:
            return _answer(call, content, file["name"], file["mime_type"])
        except FileNotFoundError:
            if content == gone:
                raise
            gone = content  # there should be another one by now


def _answer(call: Call, content: Content, name: str, mime_type: str | None) -> Response:
    headers = {"ETag": content.tag, "Accept-Ranges": "bytes"}
    if call.request.if_none_match.contains_weak(content.name):
        return Response(status=304, headers=headers)
    wanted = _range(call.request, content)
    begin, end = wanted or (0, content.size)
    if wanted is not None and begin >= end:
        error = ApiError(416, f"Range must begin before the end of the content, which has {content.size} bytes")
        response = answer(error.body(), error.status)
        response.headers["Content-Range"] = f"bytes */{content.size}"
        return response
    if wanted is not None:
        headers["Content-Range"] = f"bytes {begin}-{end - 1}/{content.size}"
    headers |= {
        "Content-Type": mime_type if mime_type and MEDIA_TYPE.fullmatch(mime_type) else ANY_TYPE,
        "Content-Length": str(end - begin),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "X-Content-Type-Options": "nosniff",
    }
    reading = call.engine.blobs.read(content.blobs, begin, end)
    return Response(reading, status=200 if wanted is None else 206, headers=headers, direct_passthrough=True)


def _range(request: Request, content: Content) -> tuple[int, int] | None:
    """The one range that is asked for of this content, if there is one; empty when the content does not have it."""
    asked = RANGE.fullmatch(request.headers.get("Range", "").strip())
    if asked is None or request.headers.get("If-Range", content.tag).strip() != content.tag:
        return None
    first, last = asked.groups()
    if not first:
        return (max(content.size - int(last), 0), content.size) if last else None
    if not last:
        return int(first), content.size
    return (int(first), min(int(last) + 1, content.size)) if int(first) <= int(last) else None
