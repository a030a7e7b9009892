"""The exceptions: what they say, and that they travel between processes."""

from __future__ import annotations

import pickle

import pytest

from cdframe import errors
from cdframe.errors import (
    CogniteAPIError,
    CogniteConnectionError,
    CogniteDuplicateColumnsError,
    CogniteDuplicatedError,
    CogniteException,
    CogniteImportError,
    CogniteMissingClientError,
    CogniteNotFoundError,
    error_from_answer,
)


def test_a_message_has_code_request_id_and_counts() -> None:
    error = CogniteAPIError("No", 400, "r-1", missing=[{"id": 1}], successful=[1, 2], failed=[3], extra={"a": 1})
    assert str(error).splitlines() == [
        "No | code: 400 | X-Request-ID: r-1",
        "missing: [{'id': 1}]",
        "rows: 2 successful, 0 unknown, 1 failed",
        "extra: {'a': 1}",
    ]


def test_long_lists_are_shortened() -> None:
    assert "and 90 more" in str(CogniteNotFoundError([{"id": n} for n in range(100)]))


def test_unwrap_fn_shows_elements() -> None:
    assert "[1]" in str(CogniteNotFoundError([{"id": 1}], unwrap_fn=lambda element: element["id"]))


@pytest.mark.parametrize(
    ("body", "code", "kind", "message"),
    [
        (b'{"error":{"code":400,"message":"bad"}}', 400, CogniteAPIError, "bad"),
        (b'{"error":{"message":"no","missing":[{"id":1}]}}', 400, CogniteNotFoundError, "no"),
        (b'{"error":{"message":"no","missing":[{"id":1}]}}', 422, CogniteNotFoundError, "no"),
        (b'{"error":{"message":"twice","duplicated":[{"id":1}]}}', 409, CogniteDuplicatedError, "twice"),
        (b'{"error":{"message":"both","duplicated":[{"id":1}],"missing":[{"id":2}]}}', 400, CogniteAPIError, "both"),
        (b'{"error":{"message":"late","missing":[{"id":1}]}}', 503, CogniteAPIError, "late"),
        (b'{"error":"text"}', 401, CogniteAPIError, "text"),
        (b"<html>gateway</html>", 502, CogniteAPIError, "<html>gateway</html>"),
        (b'{"detail":1}', 500, CogniteAPIError, '{"detail":1}'),
        (b"[1]", 500, CogniteAPIError, "[1]"),
        (b"", 504, CogniteAPIError, "HTTP status 504 with an empty body"),
        (b"\xff\xfe", 500, CogniteAPIError, "\ufffd\ufffd"),
        (b'{"error":{}}', 418, CogniteAPIError, "HTTP status 418"),
    ],
)
def test_any_answer_becomes_an_exception(body: bytes, code: int, kind: type[CogniteAPIError], message: str) -> None:
    error = error_from_answer(code, body, "r")
    assert type(error) is kind
    assert (error.code, error.message, error.x_request_id) == (code, message, "r")


@pytest.mark.parametrize(
    "error",
    [
        CogniteAPIError("m", 400, "r", [1], [2], [3], [4], [5], lambda x: x, {"a": 1}),
        CogniteNotFoundError([{"id": 1}], code=400, message="m"),
        CogniteDuplicatedError([{"id": 1}], code=409),
        CogniteConnectionError("gone", sent=False),
        CogniteImportError("tqdm"),
        CogniteMissingClientError(),
        CogniteDuplicateColumnsError(["a"]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_exception_pickles(error: CogniteException) -> None:
    twin = pickle.loads(pickle.dumps(error))
    assert type(twin) is type(error)
    assert str(twin) == str(error)
    assert {k: v for k, v in vars(twin).items() if k != "_unwrap"} == {
        k: v for k, v in vars(error).items() if k != "_unwrap"
    }


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    documented = {word for word in (errors.__doc__ or "").split() if word.startswith("Cognite")}
    defined = {name for name, value in vars(errors).items() if isinstance(value, type) and name.startswith("Cognite")}
    assert documented == defined
    assert all(issubclass(getattr(errors, name), CogniteException) for name in defined)


def test_what_to_install_is_said() -> None:
    assert "pip install tqdm" in str(CogniteImportError("tqdm"))
    assert isinstance(CogniteImportError("tqdm"), ImportError)
