"""What tests of all families do: pages of a list to its end, and identities of rows."""

from __future__ import annotations

from typing import Any

from tests.local.api import Api


def listed(api: Api, path: str, **body: Any) -> list[dict[str, Any]]:
    """All pages of a list, whose cursors are checked on the way."""
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = api.post(f"{path}/list", {**body, "cursor": cursor})
        found += page["items"]
        cursor = page.get("nextCursor")
        if cursor is None:
            return found
        assert len(page["items"]) == body.get("limit", 100)


def created(api: Api, path: str, *items: dict[str, Any], status: int = 201) -> list[dict[str, Any]]:
    """New rows."""
    rows: list[dict[str, Any]] = api.post(path, {"items": list(items)}, status)["items"]
    return rows


def names(rows: list[dict[str, Any]]) -> list[str]:
    """The external ids of rows."""
    return [row["externalId"] for row in rows]


def changed(api: Api, path: str, external_id: str, **update: Any) -> dict[str, Any]:
    """A row after an update."""
    (row,) = api.post(f"{path}/update", {"items": [{"externalId": external_id, "update": update}]})["items"]
    assert api.post(f"{path}/byids", {"items": [{"externalId": row["externalId"]}]})["items"] == [row]
    result: dict[str, Any] = row
    return result


def member(api: Api, **acls: Any) -> Api:
    """A caller with just these capabilities: ACL to its scope, or to its actions and its scope."""
    capabilities = []
    for acl, given in acls.items():
        actions, scope = given if isinstance(given, tuple) else (["READ", "WRITE"], given)
        capabilities.append({acl: {"actions": list(actions), "scope": scope}})
    directory = api.engine.directory
    group = directory.add_group("some", capabilities)
    return Api(api.engine, directory.add_key(directory.add_account(f"account-{group}", [group])))
