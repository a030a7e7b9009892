"""Routes of files, and of links to their contents."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from werkzeug.wrappers import Response

from cdframe.local.application import Route
from cdframe.local.database import Connection
from cdframe.local.errors import bad_request
from cdframe.local.families.endpoints import Endpoints, answer_objects
from cdframe.local.families.query import Parameter, bounds, parse_flag, parse_parameter, text
from cdframe.local.fields import Integer, Text, compact
from cdframe.local.files.contents import Contents
from cdframe.local.files.family import Files
from cdframe.local.files.links import DOWNLOAD_LIFETIME, EXTENDED_LIFETIME, UPLOAD_LIFETIME, Link
from cdframe.local.files.tables import NAMING
from cdframe.local.files.transfers import receive, send
from cdframe.local.http import JSON, Call, answer, encoded_answer
from cdframe.local.identifiers import Identifier
from cdframe.local.resources import Row
from cdframe.local.validation import as_string, reject_unknown, request_items

CONTENT = "/files/content"  # what links lead to
MOST_LINKS = 100
PARTS = Integer(1, 250)


@dataclass(frozen=True)
class FileEndpoints(Endpoints):
    """Files are created one at a time, and their contents are deleted with them."""

    def create(self, call: Call) -> Response:
        """Store a new file, or overwrite one; the answer has a link to upload its content to."""
        row, overwrites = _parse(call)
        with call.engine.database.write() as connection:
            created = _create(call, connection, row, overwrites)
        return _answer_one(_with(created, uploadUrl=_upload_url(call, created)))

    def delete(self, call: Call) -> Response:
        """Delete files and their contents."""
        identifiers, ignore_unknown = self._named(call, ())
        with call.engine.database.write() as connection:
            files = _files(call, connection)
            files.delete(identifiers, ignore_unknown=ignore_unknown)
        call.engine.blobs.remove(files.left_behind)
        return answer({})


def create_in_parts(call: Call) -> Response:
    """Store a new file, or overwrite one; the answer has links to upload its content to in parts."""
    (row, overwrites), parts = _parse(call), _parts(call)
    with call.engine.database.write() as connection:
        created = _create(call, connection, row, overwrites)
        links = _begin_upload(call, connection, created, parts)
    return _answer_one(_with(created, **links))


def upload_link(call: Call) -> Response:
    """A link to upload another content of a file to."""
    identifier = _only_one(call)
    with call.engine.database.read() as connection:
        file = _writable(call, connection, identifier)
    return answer_objects([_with(file, uploadUrl=_upload_url(call, file))], status=201)


def upload_links(call: Call) -> Response:
    """Links to upload another content of a file to in parts."""
    identifier, parts = _only_one(call), _parts(call)
    with call.engine.database.write() as connection:
        file = _writable(call, connection, identifier)
        links = _begin_upload(call, connection, file, parts)
    return answer_objects([_with(file, **links)], status=201)


def complete_upload(call: Call) -> Response:
    """Make the parts that were uploaded the content of the file."""
    identifier = NAMING.parse(call.body, "the request", others=("uploadId",))
    upload = as_string(call.body.get("uploadId"), "uploadId")
    with call.engine.database.write() as connection:
        file = _id(_writable(call, connection, identifier))
        left_behind = Contents(connection).complete(file, upload, call.engine.clock.now())
    call.engine.blobs.remove(left_behind)
    return answer({})


def download_links(call: Call) -> Response:
    """Links to download the contents of files from."""
    reject_unknown(call.body, ("items",), "")
    items = request_items(call.body, MOST_LINKS)
    identifiers = [NAMING.parse(item, f"items[{i}]") for i, item in enumerate(items)]
    extended = parse_flag("extendedExpiration", call.request.args, default=False)
    with call.engine.database.read() as connection:
        files = _files(call, connection).find(identifiers, "id, external_id, content")
    without = [identifier for identifier, file in zip(identifiers, files, strict=True) if file["content"] is None]
    if without:
        raise _not_uploaded(without, [file["id"] for file in files if file["content"] is None])
    lifetime = EXTENDED_LIFETIME if extended else DOWNLOAD_LIFETIME
    links = [_url(call, Link("download", file["id"]), lifetime) for file in files]
    found = [
        {identifier.key: identifier.value, "downloadUrl": link}
        for identifier, link in zip(identifiers, links, strict=True)
    ]
    return answer({"items": found})


def icon(call: Call) -> Response:
    """A thumbnail, which no file has."""
    raise bad_request("There are no icons of files here")


def _parse(call: Call) -> tuple[Row, bool]:
    row = Files.resource.parse(call.body, "the file")
    return row, parse_flag("overwrite", call.request.args, default=False)


def _create(call: Call, connection: Connection, row: Row, overwrites: bool) -> str:
    files = _files(call, connection)
    (created,) = files.overwrite(row, call.body) if overwrites else files.create([row])
    return created


def _parts(call: Call) -> int:
    return PARTS.check(parse_parameter("parts", call.request.args.get("parts", "null")), "parts")


def _begin_upload(call: Call, connection: Connection, file: str, parts: int) -> dict[str, Any]:
    upload = Contents(connection).begin_upload(_id(file), parts, call.engine.clock.now())
    links = [Link("upload", _id(file), upload, part) for part in range(parts)]
    return {"uploadId": upload, "uploadUrls": [_url(call, link, UPLOAD_LIFETIME) for link in links]}


def _only_one(call: Call) -> Identifier:
    reject_unknown(call.body, ("items",), "")
    (item,) = request_items(call.body, 1)
    return NAMING.parse(item, "items[0]")


def _writable(call: Call, connection: Connection, identifier: Identifier) -> str:
    """The file that is named, as JSON, if the caller may change it."""
    files = _files(call, connection)
    (file,) = files.by_ids([identifier], ignore_unknown=False)
    files.require_writable([{"data_set_id": json.loads(file).get("dataSetId")}])
    return file


def _files(call: Call, connection: Connection) -> Files:
    return Files(connection, call.caller, call.grant, call.body, call.engine.clock.now())


def _not_uploaded(identifiers: list[Identifier], ids: list[int]) -> Exception:
    if all(identifier.key == "externalId" for identifier in identifiers):
        return bad_request(f"Files not uploaded, externalIds: {', '.join(str(one.value) for one in identifiers)}")
    return bad_request(f"Files not uploaded, ids: {', '.join(map(str, ids))}")


def _id(file: str) -> int:
    id: int = json.loads(file)["id"]
    return id


def _upload_url(call: Call, file: str) -> str:
    return _url(call, Link("upload", _id(file)), UPLOAD_LIFETIME)


def _url(call: Call, link: Link, lifetime: int) -> str:
    """A link, as the caller reaches this engine."""
    project = quote(call.engine.project, safe="")
    path = f"{call.request.host_url.rstrip('/')}/api/v1/projects/{project}{CONTENT}"
    return f"{path}?link={call.engine.links.make(link, lifetime)}"


def _with(file: str, **members: Any) -> str:
    """A file as JSON, with further members."""
    return f"{file[:-1]},{compact(members)[1:]}"


def _answer_one(file: str) -> Response:
    return encoded_answer(file.encode(), JSON, 201)


ENDPOINTS = FileEndpoints(
    Files,
    path="/files",
    acl="filesAcl",
    list_keys=("filter", "limit", "cursor", "partition"),
    query={
        "name": text("name"),
        "mimeType": text("mimeType"),
        "source": text("source"),
        "uploaded": Parameter("uploaded"),
        "externalIdPrefix": text("externalIdPrefix"),
        "assetIds": Parameter("assetIds"),
        "assetExternalIds": Parameter("assetExternalIds"),
        "dataSetIds": Parameter("dataSetIds", each="id"),
        "rootAssetIds": Parameter("rootAssetIds"),
        "assetSubtreeIds": Parameter("assetSubtreeIds", each="id"),
        "assetSubtreeExternalIds": Parameter("assetSubtreeIds", each="externalId"),
        **bounds("createdTime", "lastUpdatedTime", "uploadedTime", "sourceCreatedTime", "sourceModifiedTime"),
    },
    texts={"name": Text(256)},
)

ROUTES = (
    *ENDPOINTS.routes("create", "get", "get_one", "list", "byids", "search", "aggregate", "update", "delete"),
    Route("POST", "/files/initmultipartupload", create_in_parts, ENDPOINTS.acl, "WRITE"),
    Route("POST", "/files/uploadlink", upload_link, ENDPOINTS.acl, "WRITE"),
    Route("POST", "/files/multiuploadlink", upload_links, ENDPOINTS.acl, "WRITE"),
    Route("POST", "/files/completemultipartupload", complete_upload, ENDPOINTS.acl, "WRITE"),
    Route("POST", "/files/downloadlink", download_links, ENDPOINTS.acl, "READ"),
    Route("GET", "/files/icon", icon, ENDPOINTS.acl, "READ"),
    Route("PUT", CONTENT, receive, public=True),
    Route("GET", CONTENT, send, public=True),
)
