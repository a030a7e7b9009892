"""Routes of login, tokens and projects."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from cdframe.local.application import Route, find_caller
from cdframe.local.errors import ApiError, unauthorized
from cdframe.local.http import Call, answer
from cdframe.local.identity.tokens import LIFETIME

FORM = "application/x-www-form-urlencoded"


def login_status(call: Call) -> Response:
    """Who the caller is; without a credential too."""
    caller = find_caller(call.engine, call.request)
    if caller is None:
        return answer({"data": {"user": "", "loggedIn": False, "project": "", "projectId": -1}})
    engine = call.engine
    data: dict[str, Any] = {
        "user": caller.name,
        "loggedIn": True,
        "project": engine.project,
        "projectId": engine.project_id,
    }
    if caller.api_key is not None:
        data["apiKeyId"] = caller.api_key
    return answer({"data": data})


def inspect_token(call: Call) -> Response:
    """The groups and capabilities of the caller."""
    caller = find_caller(call.engine, call.request)
    if caller is None:
        raise unauthorized()
    project = call.engine.project
    scope = {"projectScope": {"projects": [project]}}
    return answer(
        {
            "subject": caller.name,
            "projects": [{"projectUrlName": project, "groups": list(caller.groups)}],
            "capabilities": [{**capability, **scope} for capability in caller.capabilities],
        }
    )


def list_projects(call: Call) -> Response:
    """The one project."""
    if find_caller(call.engine, call.request) is None:
        raise unauthorized()
    return answer({"items": [{"urlName": call.engine.project}]})


def get_project(call: Call) -> Response:
    """The project and where its tokens come from."""
    project, host = call.engine.project, issuer(call)
    return answer(
        {
            "name": project,
            "urlName": project,
            "defaultGroupId": call.engine.directory.admin_group,
            "authentication": {"validDomains": [], "applicationDomains": []},
            "oidcConfiguration": {
                "jwksUrl": "",
                "tokenUrl": f"{host}/oauth2/token",
                "issuer": host,
                "audience": "cdframe",
                "skewMs": 60_000,
                "accessClaims": [{"claimName": "cdf_sa"}],
                "scopeClaims": [],
                "logClaims": [{"claimName": "sub"}],
            },
        }
    )


def issue_token(call: Call) -> Response:
    """OAuth 2.0 client credentials; its errors have the shape of OAuth, not that of the API."""
    if call.content_type not in (FORM, ""):
        raise ApiError(415, f"Content-Type must be {FORM}, but was {call.content_type}")
    form, basic = call.request.form, call.request.authorization
    if form.get("grant_type") != "client_credentials":
        return _oauth_error(400, "unsupported_grant_type", "grant_type must be client_credentials")
    client_id, secret = form.get("client_id"), form.get("client_secret")
    if not secret and basic is not None and basic.type == "basic":
        client_id, secret = basic.username, basic.password
    if not client_id or not secret:
        text = "client_id and client_secret must be given, in the form or as HTTP Basic"
        return _oauth_error(400, "invalid_request", text)
    caller = call.engine.directory.by_client(client_id, secret)
    if caller is None:
        response = _oauth_error(401, "invalid_client", "the client_id is unknown, or the client_secret is wrong")
        response.headers["WWW-Authenticate"] = 'Basic realm="cdframe"'
        return response
    token: dict[str, Any] = {
        "access_token": call.engine.tokens.issue(caller, issuer(call)),
        "token_type": "Bearer",
        "expires_in": LIFETIME,
    }
    if form.get("scope"):
        token["scope"] = form["scope"]
    return _uncached(answer(token))


def openid_configuration(call: Call) -> Response:
    """Where the token endpoint is, as OpenID Connect discovery says it."""
    host = issuer(call)
    return answer(
        {
            "issuer": host,
            "token_endpoint": f"{host}/oauth2/token",
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }
    )


def issuer(call: Call) -> str:
    """The URL of this engine, as its caller reached it."""
    return call.request.host_url.rstrip("/")


def _oauth_error(status: int, code: str, description: str) -> Response:
    return _uncached(answer({"error": code, "error_description": description}, status))


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


ROUTES = (
    Route("GET", "/login/status", login_status, host=True),
    Route("GET", "/api/v1/token/inspect", inspect_token, host=True),
    Route("GET", "/api/v1/projects", list_projects, host=True),
    Route("POST", "/oauth2/token", issue_token, host=True),
    Route("POST", "/<tenant>/oauth2/v2.0/token", issue_token, host=True),
    Route("GET", "/.well-known/openid-configuration", openid_configuration, host=True),
    Route("GET", "", get_project, acl="projectsAcl", action="READ"),
)
