"""Login: who the credentials are."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from cdframe.frames import from_arrow
from cdframe.resources.rows import API
from cdframe.schemas import camel_case


@dataclass(frozen=True, slots=True)
class LoginStatus:
    """The current login status. It is an Arrow stream of one row, so ``polars.DataFrame(status)`` works.

    Attributes:
        user: the current user.
        project: the current project.
        logged_in: whether the credentials are valid.
        project_id: the current project's id.
        api_key_id: the API key's id, when an API key was used.
    """

    user: str
    project: str
    logged_in: bool
    project_id: int
    api_key_id: int | None = None

    def dump(self, camel_case: bool = False) -> dict[str, Any]:
        """Give the status as a dict, with attribute names or with the names on the wire."""
        return {_wire_name(key) if camel_case else key: value for key, value in asdict(self).items()}

    def to_pandas(self) -> Any:
        """Give the status as a pandas frame of one row."""
        return from_arrow(self._table(), "pandas")

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._table().__arrow_c_stream__(requested_schema)

    def _table(self) -> pa.Table:
        return pa.Table.from_pylist([self.dump()], _SCHEMA)


_SCHEMA = pa.schema(
    {
        "user": pa.string(),
        "project": pa.string(),
        "logged_in": pa.bool_(),
        "project_id": pa.int64(),
        "api_key_id": pa.int64(),
    }
)
_wire_name = camel_case


class LoginAPI(API):
    """`client.login`."""

    def status(self) -> LoginStatus:
        """Ask who the credentials are.

        Returns:
            The status; `logged_in` is False where the credentials are not valid.

        Examples:
            >>> client.login.status().logged_in
            True
        """
        data = self._session.request("GET", "/login/status", host=True).json()["data"]
        return LoginStatus(
            user=data.get("user", ""),
            project=data.get("project", ""),
            logged_in=data.get("loggedIn", False),
            project_id=data.get("projectId", -1),
            api_key_id=data.get("apiKeyId"),
        )
