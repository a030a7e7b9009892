"""The WSGI application: routes, credentials, errors, request ids."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule, UnicodeConverter
from werkzeug.wrappers import Request, Response

from cdframe.local.access import Principal
from cdframe.local.errors import ApiError, unauthorized
from cdframe.local.http import Call, answer, compress

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from cdframe.local.engine import LocalCDF

logger = logging.getLogger(__name__)

Handler = Callable[[Call], Response]

PROJECT_PATHS = ("/api/v1/projects/<project>", "/api/playground/projects/<project>")


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path, the handler behind it, and what the caller must be allowed to do.

    A path is relative to the project. One with `host` is not, and asks for no credential. One that is `public` asks for
    none either.
    """

    method: str
    path: str
    handler: Handler
    acl: str | None = None
    action: str = ""
    host: bool = False
    public: bool = False


class Segment(UnicodeConverter):
    """One segment of a raw path: decoded only now, so that it may hold an encoded slash."""

    def to_python(self, value: str) -> str:
        return unquote(value)


class Application:
    """Answers requests to one engine."""

    def __init__(self, engine: LocalCDF, routes: Iterable[Route]) -> None:
        self._engine = engine
        self._routes = Map(
            [rule for route in routes for rule in _rules(route)],
            converters={"default": Segment},
            strict_slashes=False,
            merge_slashes=False,
            redirect_defaults=False,
        ).bind("local")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The WSGI entry."""
        if "HTTP_TRANSFER_ENCODING" in environ:
            # A body in chunks has no length. Whoever calls a WSGI application takes the chunks apart, and the input
            # ends where the body does, though only servers say so; werkzeug would read nothing otherwise.
            environ["wsgi.input_terminated"] = True
        request = Request(environ)
        request_id = str(uuid.uuid4())
        try:
            response = self._respond(request)
        except ApiError as error:
            response = answer(error.body(), error.status)
        except HTTPException as error:  # what werkzeug itself finds wrong, such as a bad Content-Length
            code = error.code or 400
            response = answer(ApiError(code, error.description or "Bad request").body(), code)
        except Exception:
            logger.exception("request %s: %s %s failed", request_id, request.method, request.path)
            message = f"Internal server error; request id {request_id} is in the log with the traceback"
            response = answer(ApiError(500, message).body(), 500)
        response.headers["x-request-id"] = request_id
        logger.debug(
            "request %s: %s %s by %s: %s",
            request_id,
            request.method,
            request.path,
            request.headers.get("x-cdp-app", "unnamed client"),
            response.status_code,
        )
        compress(request, response)
        return response(environ, start_response)

    def _respond(self, request: Request) -> Response:
        path = raw_path(request.environ)
        try:
            route, values = self._routes.match(path, request.method)
        except (NotFound, MethodNotAllowed):
            raise ApiError(404, f"Unknown route: {request.method} {unquote(path)}") from None
        call = Call(self._engine, request, values)
        if not route.host and values["project"] != self._engine.project:
            raise unauthorized()
        if not route.host and not route.public:
            caller = find_caller(self._engine, request)
            if caller is None:
                raise unauthorized()
            call.caller = caller
            if route.acl is not None:
                call.grant = caller.require(route.acl, route.action)
        response: Response = route.handler(call)
        return response


def find_caller(engine: LocalCDF, request: Request) -> Principal | None:
    """The caller that the credential of a request is of: a bearer token, which may be an API key, or an API key."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        token = token.strip()
        return engine.tokens.caller(token) or engine.directory.by_key(token)
    key = request.headers.get("api-key")
    return engine.directory.by_key(key) if key else None


def raw_path(environ: WSGIEnvironment) -> str:
    """The path as it was sent, still encoded, without a slash at its end.

    A server gives it as REQUEST_URI. Without that the decoded path is encoded again: only a slash that was encoded
    inside a segment is lost then.
    """
    uri = environ.get("REQUEST_URI")
    if uri:
        path: str = uri.partition("?")[0]
        if not path.startswith("/"):  # the absolute form that proxies are asked with
            path = "/" + path.partition("://")[2].partition("/")[2]
    else:
        decoded = environ.get("PATH_INFO", "").encode("latin-1")
        path = quote(decoded, safe="/")
    return path.rstrip("/") or "/"


def _rules(route: Route) -> Sequence[Rule]:
    prefixes = ("",) if route.host else PROJECT_PATHS
    return [Rule(prefix + route.path, endpoint=route, methods=[route.method]) for prefix in prefixes]
