"""One HTTP exchange: bodies in, decoded within bounds; answers out."""

from __future__ import annotations

import gzip
import ipaddress
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, NoReturn

from werkzeug.wrappers import Request, Response

from cdframe.local.access import Grant, Principal
from cdframe.local.errors import ApiError, bad_request
from cdframe.local.validation import as_object

if TYPE_CHECKING:
    from cdframe.local.engine import LocalCDF

JSON = "application/json"
PROTOBUF = "application/protobuf"
LARGEST_BODY = 64 * 2**20
SMALLEST_GZIP = 4096
READ = 2**18


@dataclass
class Call:
    """A request on its way through a handler."""

    engine: LocalCDF
    request: Request
    path: Mapping[str, str] = field(default_factory=dict)  # decoded path segments by their names in the route
    caller: Principal = field(default_factory=lambda: Principal(0, ""))
    grant: Grant = field(default_factory=Grant)  # what the caller may do of what the route needs

    @cached_property
    def body(self) -> dict[str, Any]:
        """The JSON object of the body; none at all is an empty one."""
        content = self.json_content
        return as_object(parse_json(content), "the request body") if content else {}

    @property
    def json_content(self) -> bytes:
        """The body as it stands, which says that it is JSON; empty when there is none."""
        content = self.content
        if content and self.content_type not in (JSON, ""):
            raise ApiError(415, f"Content-Type must be {JSON}, but was {self.content_type}")
        return content

    @property
    def content_type(self) -> str:
        """The media type of the body."""
        return self.request.mimetype

    @cached_property
    def content(self) -> bytes:
        """The body without its content coding."""
        coding = self.request.headers.get("Content-Encoding", "identity").strip().lower()
        if coding == "identity":
            return read_bounded(self.request.stream, self.request.content_length)
        if coding in ("gzip", "x-gzip"):
            return gunzip_bounded(self.request.stream)
        raise ApiError(415, f"Content-Encoding must be gzip or identity, but was {coding}")

    def accepts(self, media_type: str) -> bool:
        """Whether the client names this media type among those that it takes."""
        return media_type in self.request.headers.get("Accept", "").lower()


def read_bounded(stream: IO[bytes], length: int | None) -> bytes:
    """The whole body, or 413."""
    if length is not None and length > LARGEST_BODY:
        raise too_large()
    content = stream.read(LARGEST_BODY + 1)
    if len(content) > LARGEST_BODY:
        raise too_large()
    return content


def gunzip_bounded(stream: IO[bytes]) -> bytes:
    """The body decompressed, as little of it as shows that it is too large."""
    parts, size = [], 0
    inflate = zlib.decompressobj(wbits=31)
    packed = stream.read(READ)
    try:
        while packed:
            part = inflate.decompress(packed, LARGEST_BODY + 1 - size)
            parts.append(part)
            size += len(part)
            if size > LARGEST_BODY:
                raise too_large()
            packed = inflate.unconsumed_tail
            if inflate.eof:
                packed = inflate.unused_data or stream.read(READ)
                if packed:  # a further member of the same file
                    inflate = zlib.decompressobj(wbits=31)
            elif not packed:
                packed = stream.read(READ)
                if not packed:
                    raise bad_request("The request body ends in the middle of its gzip stream")
    except zlib.error as error:
        raise bad_request(f"The request body is not valid gzip: {error}") from error
    return b"".join(parts)


def too_large() -> ApiError:
    """The body is over the limit."""
    return ApiError(413, f"The request body must be at most {LARGEST_BODY} bytes after decompression")


def reject_constant(name: str) -> NoReturn:
    """Refuse NaN and the like, which Python takes for JSON."""
    raise bad_request(f"The request body is not valid JSON: {name} is not a JSON number")


def parse_json(content: bytes) -> Any:
    """A JSON text as Python values."""
    try:
        return json.loads(content, parse_constant=reject_constant)
    except RecursionError:
        raise bad_request("The request body is nested too deeply") from None
    except ValueError as error:  # syntax, UTF-8, or an integer of thousands of digits
        raise bad_request(f"The request body is not valid JSON: {error}") from error


def json_bytes(value: Any) -> bytes:
    """A value as compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def answer(value: Any, status: int = 200) -> Response:
    """An answer of JSON."""
    return encoded_answer(json_bytes(value), JSON, status)


def encoded_answer(content: bytes, media_type: str, status: int = 200) -> Response:
    """An answer that is encoded already."""
    return Response(content, status=status, content_type=media_type)


def compress(request: Request, response: Response) -> None:
    """Compress an answer where that saves time: one that travels over a network, to a client that offered it.

    On the same machine two megabytes take a millisecond to hand over, and thirty to compress.
    """
    if response.is_streamed:
        return
    content = response.get_data()
    if len(content) < SMALLEST_GZIP or "gzip" not in request.headers.get("Accept-Encoding", ""):
        return
    try:
        if request.remote_addr is None or ipaddress.ip_address(request.remote_addr).is_loopback:
            return
    except ValueError:  # no address: a local socket
        return
    response.set_data(gzip.compress(content, compresslevel=1, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
