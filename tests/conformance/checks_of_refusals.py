"""How the errors that SDKs raise are compared with what was to be refused."""

from collections.abc import Collection, Mapping
from typing import Any

from tests.conformance.sdk_run import SdkRun

CLASSES = {
    "missing": "CogniteNotFoundError",
    "duplicated": "CogniteDuplicatedError",
    "message": "CogniteAPIError",
}
CONSTRAINT = "Request had 1 constraint violations. Please fix the request and try again. ["

# Name of the error -> code, what is told, its value, and how the message begins.
Expected = dict[str, tuple[int, str, Any, str]]


def refused(message: str = "", code: int = 400) -> tuple[int, str, Any, str]:
    return code, "message", None, message


def missing(message: str, *identifiers: Any) -> tuple[int, str, Any, str]:
    return 400, "missing", list(identifiers), message


def duplicated(message: str, *identifiers: Any) -> tuple[int, str, Any, str]:
    return 409, "duplicated", list(identifiers), message


def in_any_order(identifiers: list[dict[str, Any]] | None) -> list[tuple[str, Any]] | None:
    return sorted((kind, one[kind]) for one in identifiers for kind in one) if identifiers else None


def check_refusals(
    sdk: SdkRun, seen: Any, expected: Expected, by_the_sdk: Mapping[str, str], as_it_came: Collection[str] = ()
) -> None:
    """Errors are those of the API, or of the SDK itself, of which the class is given.

    SDKs before 8.x put errors of their own in place of those of the API, but for some calls.
    """
    found, wanted = {}, {}
    for name, error in seen.items():
        if kind := by_the_sdk.get(name):
            found[name], wanted[name] = error["class"], kind
            continue
        code, part, identifiers, message = expected[name]
        keeps_code = sdk.name == "sdk8" or part == "message" or name in as_it_came
        kind = "CogniteNotFoundError" if code == 404 and sdk.name == "sdk8" else CLASSES[part]
        if name in as_it_came:
            kind = "CogniteAPIError"
        wanted[name] = (kind, code if keeps_code else None, in_any_order(identifiers), message)
        said = error.get("message") or ""
        as_expected = said.startswith(message) or not keeps_code
        found[name] = (
            error["class"],
            error.get("code"),
            in_any_order(error.get(part)) if part != "message" else None,
            message if as_expected else said,
        )
    assert {name: (one, wanted[name]) for name, one in found.items() if one != wanted[name]} == {}
    assert found.keys() >= expected.keys()
