"""Accounts, groups and API keys: looked up in memory, changed in the database."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cdframe.local.access import EVERYTHING, Capability, Principal
from cdframe.local.clock import Clock
from cdframe.local.database import Connection, Database
from cdframe.local.identifiers import new_ids

ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Group:
    """A group of accounts and what its members may do."""

    id: int
    name: str
    capabilities: Sequence[Capability]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a request is checked against, as it was after the last change."""

    accounts: dict[int, str]
    groups: dict[int, Group]
    members: dict[int, tuple[int, ...]]  # account -> its groups
    keys: dict[str, tuple[int, int]]  # digest -> key, account


class Directory:
    """The accounts of one engine.

    Every request asks it, so it answers from memory; whatever changes accounts goes through it and is seen at once.
    """

    def __init__(self, database: Database, clock: Clock, *, api_key: str | None) -> None:
        """Make the first account, group and key in a new database; add `api_key` to the first account."""
        self._database = database
        self._clock = clock
        self._process_keys: dict[str, int] = {}
        self.generated_api_key: str | None = None
        with database.write() as connection:
            if connection.value("SELECT count(*) FROM secrets") == 0:
                self._bootstrap(connection)
            stored = dict(connection.tuples("SELECT name, value FROM secrets"))
            self._pepper = bytes.fromhex(stored["pepper"])
            self.token_secret = bytes.fromhex(stored["tokens"])
        self._snapshot = self._load()
        self.admin = next(account for account, name in self._snapshot.accounts.items() if name == ADMIN)
        self.admin_group = self._snapshot.members[self.admin][0]
        if api_key is None and not self._snapshot.keys:
            api_key = self.generated_api_key = new_key()
        if api_key is not None and self.by_key(api_key) is None:
            self.add_key(self.admin, api_key)

    def _bootstrap(self, connection: Connection) -> None:
        now = self._clock.now()
        for name in ("pepper", "tokens"):
            connection.execute("INSERT INTO secrets VALUES (?, ?)", [name, secrets.token_hex(32)])
        (account,) = new_ids(connection, "service_accounts", 1)
        connection.execute("INSERT INTO service_accounts VALUES (?, ?, ?, NULL)", [account, ADMIN, now])
        self._insert_group(connection, ADMIN, EVERYTHING, [account])

    def _load(self) -> Snapshot:
        with self._database.read() as connection:
            accounts = connection.tuples("SELECT id, name FROM service_accounts WHERE deleted_time IS NULL")
            groups = connection.tuples("SELECT id, name, capabilities FROM groups WHERE deleted_time IS NULL")
            keys = connection.tuples("SELECT digest, id, account FROM api_keys WHERE deleted_time IS NULL")
            memberships = connection.tuples("SELECT account, group_id FROM memberships ORDER BY ALL")
        known = {group for group, _, _ in groups}
        members: dict[int, tuple[int, ...]] = {account: () for account, _ in accounts}
        for account, group in memberships:
            if account in members and group in known:
                members[account] += (group,)
        return Snapshot(
            accounts=dict(accounts),
            groups={id: Group(id, name, json.loads(text)) for id, name, text in groups},
            members=members,
            keys={digest: (key, account) for digest, key, account in keys if account in members},
        )

    def _change(self, change: Callable[[Connection], None]) -> None:
        with self._database.write() as connection:
            change(connection)
        self._snapshot = self._load()

    def _digest(self, key: str) -> str:
        # Keyed and fast on purpose: it is computed for every request, and whoever could search for a key offline has
        # the folder, and so the data, anyway.
        return hashlib.blake2b(key.encode("utf-8", "surrogateescape"), key=self._pepper, digest_size=32).hexdigest()

    def by_account(self, account: int, *, api_key: int | None = None) -> Principal | None:
        """The account as a caller, or None when there is no such account."""
        now = self._snapshot
        name = now.accounts.get(account)
        if name is None:
            return None
        groups = now.members[account]
        capabilities = [capability for group in groups for capability in now.groups[group].capabilities]
        return Principal(account, name, api_key, groups, capabilities)

    def by_key(self, key: str) -> Principal | None:
        """The caller that an API key is of, or None."""
        digest = self._digest(key)
        if digest in self._process_keys:
            return self.by_account(self._process_keys[digest])
        found = self._snapshot.keys.get(digest)
        return self.by_account(found[1], api_key=found[0]) if found else None

    def by_client(self, client_id: str, secret: str) -> Principal | None:
        """The account of this name, or of this id as text, if the secret is one of its keys."""
        caller = self.by_key(secret)
        return caller if caller is not None and client_id in (caller.name, str(caller.account)) else None

    def add_process_key(self) -> str:
        """Make a key of the first account that is never stored and ends with the process."""
        key = new_key()
        self._process_keys[self._digest(key)] = self.admin
        return key

    def add_account(self, name: str, groups: Sequence[int] = ()) -> int:
        """Make a service account, member of groups."""
        added: list[int] = []

        def change(connection: Connection) -> None:
            added.extend(new_ids(connection, "service_accounts", 1))
            values = [added[0], name, self._clock.now()]
            connection.execute("INSERT INTO service_accounts VALUES (?, ?, ?, NULL)", values)
            for group in groups:
                connection.execute("INSERT INTO memberships VALUES (?, ?)", [group, added[0]])

        self._change(change)
        return added[0]

    def delete_account(self, account: int) -> None:
        """Delete an account: its keys and tokens end at once."""
        now = self._clock.now()

        def change(connection: Connection) -> None:
            for table, column in (("service_accounts", "id"), ("api_keys", "account")):
                connection.execute(
                    f"UPDATE {table} SET deleted_time = ? WHERE {column} = ? AND deleted_time IS NULL", [now, account]
                )
            connection.execute("DELETE FROM memberships WHERE account = ?", [account])

        self._change(change)

    def add_key(self, account: int, value: str | None = None) -> str:
        """Make an API key of an account, which only the caller gets to see."""
        key = value or new_key()

        def change(connection: Connection) -> None:
            (id,) = new_ids(connection, "api_keys", 1)
            values = [id, account, self._digest(key), self._clock.now()]
            connection.execute("INSERT INTO api_keys VALUES (?, ?, ?, ?, NULL)", values)

        self._change(change)
        return key

    def delete_key(self, key: int) -> None:
        """Delete an API key."""
        now = self._clock.now()
        self._change(lambda c: c.execute("UPDATE api_keys SET deleted_time = ? WHERE id = ?", [now, key]))

    def add_group(self, name: str, capabilities: Sequence[Capability]) -> int:
        """Make a group, which has no members yet."""
        added: list[int] = []
        self._change(lambda connection: added.append(self._insert_group(connection, name, capabilities, [])))
        return added[0]

    def _insert_group(
        self, connection: Connection, name: str, capabilities: Sequence[Capability], members: Sequence[int]
    ) -> int:
        (group,) = new_ids(connection, "groups", 1)
        values = [group, name, json.dumps(capabilities), self._clock.now()]
        connection.execute("INSERT INTO groups VALUES (?, ?, ?, ?, NULL)", values)
        for account in members:
            connection.execute("INSERT INTO memberships VALUES (?, ?)", [group, account])
        return group


def new_key() -> str:
    """A new API key: 43 characters that are safe in URLs and headers."""
    return secrets.token_urlsafe(32)
