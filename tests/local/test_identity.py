"""Credentials, tokens, and what capabilities let a caller do."""

from __future__ import annotations

import base64
import time
from pathlib import Path
from typing import Any

import jwt
import pytest

from cdframe.local import LocalCDF
from tests.local.api import Api

ALL = {"all": {}}


def member(fresh: Api, *capabilities: dict[str, Any]) -> Api:
    """A caller with just these capabilities."""
    directory = fresh.engine.directory
    group = directory.add_group("some", list(capabilities))
    account = directory.add_account(f"account-{group}", [group])
    return Api(fresh.engine, directory.add_key(account))


def time_series(scope: dict[str, Any], *actions: str) -> dict[str, Any]:
    return {"timeSeriesAcl": {"actions": list(actions or ("READ", "WRITE")), "scope": scope}}


def token_of(api: Api, name: str, secret: str, **form: str) -> dict[str, Any]:
    data = {"grant_type": "client_credentials", "client_id": name, "client_secret": secret, **form}
    result: dict[str, Any] = api.host("POST", "/oauth2/token", data=data)
    return result


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"api-key": "wrong"},
        {"api-key": ""},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer a.b.c"},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer"},
    ],
)
def test_without_a_credential(api: Api, headers: dict[str, Any]) -> None:
    stranger = Api(api.engine, "")
    stranger.http.headers.update(headers)
    assert stranger.error("/timeseries/list", {}, 401) == {"code": 401, "message": "Unauthorized"}
    assert stranger.host("GET", "/login/status") == {
        "data": {"user": "", "loggedIn": False, "project": "", "projectId": -1}
    }
    stranger.host("GET", "/api/v1/token/inspect", 401)
    stranger.host("GET", "/api/v1/projects", 401)


def test_another_project(api: Api) -> None:
    api.host("POST", "/api/v1/projects/other/timeseries/list", 401, json={})


def test_keys_work_in_both_headers_and_a_bearer_wins(api: Api) -> None:
    key = api.engine.process_api_key
    assert Api(api.engine, "", Authorization=f"bearer {key}").get("/timeseries")["items"] == []
    Api(api.engine, key, Authorization="Bearer wrong").get("/timeseries", 401)
    assert Api(api.engine, "wrong", Authorization=f"Bearer {key}").get("/timeseries")["items"] == []


def test_who_one_is(fresh: Api) -> None:
    engine = fresh.engine
    assert engine.generated_api_key is not None
    generated = Api(engine, engine.generated_api_key)
    data = generated.host("GET", "/login/status")["data"]
    assert data.pop("apiKeyId") > 0
    assert data == {"user": "admin", "loggedIn": True, "project": "local", "projectId": 1}
    inspected = generated.host("GET", "/api/v1/token/inspect")
    assert inspected["subject"] == "admin"
    (project,) = inspected["projects"]
    assert project["projectUrlName"] == "local"
    assert len(project["groups"]) == 1
    scope = {"projects": ["local"]}
    assert all(capability["projectScope"] == scope for capability in inspected["capabilities"])
    granted = {"actions": ["READ", "WRITE"], "scope": ALL}
    assert {"timeSeriesAcl": granted, "projectScope": scope} in inspected["capabilities"]
    assert generated.host("GET", "/api/v1/projects") == {"items": [{"urlName": "local"}]}
    assert generated.get("")["oidcConfiguration"]["tokenUrl"] == "http://local/oauth2/token"


def test_tokens(fresh: Api) -> None:
    key = fresh.engine.generated_api_key or ""
    answer = token_of(fresh, "admin", key, scope="a b", audience="anything")
    assert answer.pop("access_token").count(".") == 2
    assert answer == {"token_type": "Bearer", "expires_in": 3600, "scope": "a b"}
    token = token_of(fresh, str(fresh.engine.directory.admin), key)["access_token"]
    caller = Api(fresh.engine, "", Authorization=f"Bearer {token}")
    assert caller.get("/timeseries")["items"] == []
    data = caller.host("GET", "/login/status")["data"]
    assert data == {"user": "admin", "loggedIn": True, "project": "local", "projectId": 1}
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["sub"] == "admin"
    assert claims["iss"] == "http://local"
    assert claims["cdf_project"] == "local"


def test_tokens_by_basic_and_by_the_path_of_azure(fresh: Api) -> None:
    secret = base64.b64encode(f"admin:{fresh.engine.generated_api_key}".encode()).decode()
    response = fresh.http.post(
        "http://local/a-tenant/oauth2/v2.0/token",
        data={"grant_type": "client_credentials", "scope": ""},
        headers={"Authorization": f"Basic {secret}"},
    )
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert "scope" not in response.json()


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, 400, "invalid_request"),
        ({"grant_type": "client_credentials", "client_id": "admin"}, 400, "invalid_request"),
        ({"grant_type": "client_credentials", "client_id": "admin", "client_secret": "x"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": "nobody", "client_secret": "KEY"}, 401, "invalid_client"),
    ],
)
def test_token_errors_have_the_shape_of_oauth(fresh: Api, form: dict[str, str], status: int, code: str) -> None:
    form = {name: value.replace("KEY", fresh.engine.process_api_key) for name, value in form.items()}
    error = fresh.host("POST", "/oauth2/token", status, data=form)
    assert error["error"] == code
    assert set(error) == {"error", "error_description"}


def test_token_request_that_is_no_form(fresh: Api) -> None:
    fresh.host("POST", "/oauth2/token", 415, json={"grant_type": "client_credentials"})


def test_tokens_that_do_not_count(fresh: Api) -> None:
    engine = fresh.engine
    admin = engine.directory.by_account(engine.directory.admin)
    assert admin is not None

    def get(token: str, status: int) -> None:
        Api(engine, "", Authorization=f"Bearer {token}").get("/timeseries", status)

    get(engine.tokens.issue(admin, "http://local"), 200)
    get(engine.tokens.issue(admin, "http://local", lifetime=-30), 200)  # within the skew of clocks
    get(engine.tokens.issue(admin, "http://local", lifetime=-90), 401)
    claims = {"aud": "cdframe", "exp": int(time.time()) + 60, "cdf_project": "local", "cdf_sa": admin.account}
    secret = engine.directory.token_secret
    get(jwt.encode(claims, secret, "HS256"), 200)
    get(jwt.encode(claims, "another secret, as long as the first", "HS256"), 401)
    get(jwt.encode({**claims, "cdf_project": "other"}, secret, "HS256"), 401)
    get(jwt.encode({**claims, "cdf_sa": 1}, secret, "HS256"), 401)
    get(jwt.encode({**claims, "aud": "another"}, secret, "HS256"), 401)
    get(jwt.encode({k: v for k, v in claims.items() if k != "exp"}, secret, "HS256"), 401)
    get(jwt.encode(claims, "", "none"), 401)


def test_a_deleted_account_is_out_at_once(fresh: Api) -> None:
    directory = fresh.engine.directory
    group = directory.add_group("readers", [time_series(ALL, "READ")])
    account = directory.add_account("reader", [group])
    key = directory.add_key(account)
    token = token_of(fresh, "reader", key)["access_token"]
    by_key, by_token = Api(fresh.engine, key), Api(fresh.engine, "", Authorization=f"Bearer {token}")
    assert by_key.get("/timeseries") == by_token.get("/timeseries") == {"items": []}
    directory.delete_account(account)
    by_key.get("/timeseries", 401)
    by_token.get("/timeseries", 401)


def test_a_deleted_key_is_out_at_once(fresh: Api) -> None:
    directory = fresh.engine.directory
    key = directory.add_key(directory.admin)
    api = Api(fresh.engine, key)
    directory.delete_key(api.host("GET", "/login/status")["data"]["apiKeyId"])
    api.get("/timeseries", 401)


def test_keys_of_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with LocalCDF(folder) as engine:
        generated = engine.generated_api_key
        assert generated is not None
        assert len(generated) == 43
        process_key = engine.process_api_key
    with LocalCDF(folder) as engine:
        assert engine.generated_api_key is None
        Api(engine, generated).get("/timeseries")
        Api(engine, process_key).get("/timeseries", 401)
    with LocalCDF(folder, api_key="named by the user") as engine:
        assert engine.generated_api_key is None
        Api(engine, "named by the user").get("/timeseries")
        Api(engine, generated).get("/timeseries")
    with LocalCDF(folder) as engine:
        assert Api(engine, "named by the user").host("GET", "/login/status")["data"]["user"] == "admin"
    stored = b"".join(file.read_bytes() for file in folder.iterdir())
    assert b"named by the user" not in stored
    assert generated.encode() not in stored


def test_without_the_capability(fresh: Api) -> None:
    message = "Resource not found. This may also be due to insufficient access rights."
    nobody = member(fresh)
    assert nobody.error("/timeseries/list", {}, 403) == {"code": 403, "message": message}
    reader = member(fresh, time_series(ALL, "READ"))
    assert reader.post("/timeseries/list", {}) == {"items": []}
    for path in (
        "/timeseries",
        "/timeseries/update",
        "/timeseries/delete",
        "/timeseries/data",
        "/timeseries/data/delete",
    ):
        assert reader.error(path, {"items": []}, 403)["message"] == message
    writer = member(fresh, {"TIMESERIESACL": {"actions": ["WRITE"], "scope": ALL}})
    writer.create({"externalId": "a"})
    for path in ("/timeseries/list", "/timeseries/byids", "/timeseries/search", "/timeseries/aggregate"):
        writer.error(path, {}, 403)
    for path in ("/timeseries/data/list", "/timeseries/data/latest", "/timeseries/synthetic/query"):
        writer.error(path, {}, 403)
    nobody.get("", 403)  # the project
    assert nobody.host("GET", "/api/v1/token/inspect")["capabilities"] == []


@pytest.mark.parametrize("scope", ["idscope", "idScope"])
def test_scope_of_ids(fresh: Api, scope: str) -> None:
    inside, outside = fresh.create({"externalId": "inside"}, {"externalId": "outside"})
    fresh.insert("inside", {1: 1.0})
    fresh.insert("outside", {1: 2.0})
    api = member(fresh, time_series({scope: {"ids": [str(inside["id"])]}}))
    assert [s["externalId"] for s in api.get("/timeseries")["items"]] == ["inside"]
    assert api.post("/timeseries/aggregate", {}) == {"items": [{"count": 1}]}
    assert [s["id"] for s in api.post("/timeseries/search", {"search": {}})["items"]] == [inside["id"]]
    missing = [{"externalId": "outside"}]
    both = {"items": [{"externalId": "inside"}, *missing]}
    for path in ("/timeseries/byids", "/timeseries/delete", "/timeseries/data/list", "/timeseries/data/latest"):
        assert api.error(path, both)["missing"] == missing
    assert len(api.post("/timeseries/byids", {**both, "ignoreUnknownIds": True})["items"]) == 1
    assert len(api.post("/timeseries/data/list", {**both, "ignoreUnknownIds": True})["items"]) == 1
    update = {"items": [{"externalId": "outside", "update": {"name": {"set": "x"}}}]}
    assert api.error("/timeseries/update", update)["missing"] == missing
    points = {"items": [{"externalId": "outside", "datapoints": [{"timestamp": 1, "value": 1}]}]}
    assert api.error("/timeseries/data", points)["missing"] == missing
    ranges = {"items": [{"externalId": "outside", "inclusiveBegin": 0, "exclusiveEnd": 9}]}
    assert api.error("/timeseries/data/delete", ranges)["missing"] == missing
    expression = {"items": [{"expression": "ts{externalId:'outside'}"}]}
    assert api.error("/timeseries/synthetic/query", expression)["missing"] == missing
    api.error("/timeseries", {"items": [{"externalId": "new"}]}, 403)
    assert outside["id"] in [s["id"] for s in fresh.get("/timeseries")["items"]]


def test_scope_of_data_sets_never_covers_series_without_one(fresh: Api) -> None:
    fresh.create({"externalId": "a"})
    api = member(fresh, time_series({"datasetScope": {"ids": [1]}}))
    assert api.get("/timeseries") == {"items": []}
    api.error("/timeseries", {"items": [{"externalId": "new"}]}, 403)


def test_capabilities_add_up_and_let_nothing_else_through(fresh: Api) -> None:
    first, second, third = fresh.create({"name": "a"}, {"name": "b"}, {"name": "c"})
    fresh.post("/timeseries/data", {"items": [{"id": third["id"], "datapoints": [{"timestamp": 1, "value": 1}]}]})
    api = member(
        fresh,
        time_series({"idscope": {"ids": [first["id"]]}}),
        time_series({"idscope": {"ids": [second["id"]]}}, "READ"),
        time_series({"datasetScope": {"ids": [7]}}),
        {"securityCategoriesAcl": {"actions": ["MEMBEROF"], "scope": ALL}},
    )
    everyone = {"items": [{"id": series["id"]} for series in (first, second, third)]}
    assert len(api.get("/timeseries")["items"]) == 2
    assert api.error("/timeseries/byids", everyone)["missing"] == [{"id": third["id"]}]
    assert api.error("/timeseries/delete", everyone)["missing"] == [{"id": second["id"]}, {"id": third["id"]}]
    assert api.error("/timeseries/data/list", everyone)["missing"] == [{"id": third["id"]}]
    body = {"filter": {"name": "c"}, "advancedFilter": {"or": [{"exists": {"property": ["name"]}}] * 2}}
    assert api.post("/timeseries/list", body) == {"items": []}
    values = {"aggregate": "uniqueValues", "properties": [{"property": ["name"]}]}
    wanted = {"or": [{"prefix": {"value": "b"}}, {"prefix": {"value": "c"}}]}
    assert api.post("/timeseries/aggregate", {**values, "aggregateFilter": wanted})["items"] == [
        {"values": ["b"], "count": 1}
    ]


def test_security_categories(fresh: Api) -> None:
    fresh.create({"externalId": "open"}, {"externalId": "secret", "securityCategories": [1, 2]})
    outsider = member(fresh, time_series(ALL))
    half = member(
        fresh,
        time_series(ALL),
        {"securityCategoriesAcl": {"actions": ["MEMBEROF"], "scope": {"idscope": {"ids": [1]}}}},
    )
    whole = member(
        fresh,
        time_series(ALL),
        {"securityCategoriesAcl": {"actions": ["MEMBEROF"], "scope": {"idscope": {"ids": [1, 2]}}}},
    )
    assert [len(one.get("/timeseries")["items"]) for one in (outsider, half, whole)] == [1, 1, 2]
    change = {"securityCategories": {"add": [1]}}
    outsider.error("/timeseries/update", {"items": [{"externalId": "open", "update": change}]}, 403)
    half.post("/timeseries/update", {"items": [{"externalId": "open", "update": change}]})
    assert [len(one.get("/timeseries")["items"]) for one in (outsider, half, whole)] == [0, 1, 2]
