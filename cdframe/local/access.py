"""What a caller may do: capabilities of its groups, and what of a table they cover."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cdframe.local.errors import forbidden

# Every ACL that the API defines here, its actions, and its scopes beside `all`.
ACLS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    **dict.fromkeys(
        ("assetsAcl", "eventsAcl", "filesAcl", "sequencesAcl", "labelsAcl", "relationshipsAcl"),
        (("READ", "WRITE"), ("datasetScope",)),
    ),
    "timeSeriesAcl": (("READ", "WRITE"), ("datasetScope", "idscope", "assetRootIdScope")),
    "rawAcl": (("READ", "WRITE", "LIST"), ("tableScope",)),
    "datasetsAcl": (("READ", "WRITE", "OWNER"), ("idScope",)),
    "threedAcl": (("READ", "CREATE", "UPDATE", "DELETE"), ("datasetScope",)),
    "entitymatchingAcl": (("READ", "WRITE"), ()),
    "templateGroupsAcl": (("READ", "WRITE"), ("datasetScope",)),
    "templateInstancesAcl": (("READ", "WRITE"), ("datasetScope",)),
    "extractionPipelinesAcl": (("READ", "WRITE"), ("idScope", "datasetScope")),
    "extractionRunsAcl": (("READ", "WRITE"), ("extractionPipelineScope", "datasetScope")),
    "groupsAcl": (("LIST", "READ", "CREATE", "UPDATE", "DELETE"), ("currentuserscope",)),
    "usersAcl": (("LIST", "CREATE", "DELETE"), ("currentuserscope",)),
    "apikeysAcl": (("LIST", "CREATE", "DELETE"), ("currentuserscope", "idscope")),
    "securityCategoriesAcl": (("MEMBEROF", "LIST", "CREATE", "DELETE", "UPDATE"), ("idscope",)),
    "projectsAcl": (("LIST", "READ", "CREATE", "UPDATE", "DELETE"), ()),
}

Capability = Mapping[str, Mapping[str, Any]]

# {"acl": {"actions": [..], "scope": {"all": {}}}} for every ACL: what the first group may do.
EVERYTHING: Sequence[Capability] = [
    {acl: {"actions": list(actions), "scope": {"all": {}}}} for acl, (actions, _) in ACLS.items()
]


@dataclass(frozen=True, slots=True)
class Condition:
    """A test of rows in SQL, with its parameters; the text can stand beside AND as it is."""

    sql: str = "TRUE"
    parameters: Sequence[Any] = ()

    def __and__(self, other: Condition) -> Condition:
        return Condition(f"({self.sql} AND {other.sql})", [*self.parameters, *other.parameters])


def any_of(conditions: Iterable[Condition]) -> Condition:
    """The rows that at least one condition holds for."""
    given = list(conditions)
    return Condition(
        f"({' OR '.join(f'({condition.sql})' for condition in given) or 'FALSE'})",
        [parameter for condition in given for parameter in condition.parameters],
    )


@dataclass(slots=True)
class Grant:
    """What a caller may do one action of one ACL on: everything, or what the scopes name.

    `scopes` has for each kind of scope (its name in lower case) the ids that all capabilities together give.
    """

    everything: bool = False
    scopes: dict[str, set[int]] = field(default_factory=dict)

    @property
    def exists(self) -> bool:
        """Whether any capability has the ACL and the action at all."""
        return self.everything or bool(self.scopes)

    def condition(self, columns: Mapping[str, str]) -> Condition:
        """The rows covered; `columns` has for each kind of scope the expression that its ids are compared with."""
        if self.everything:
            return Condition()
        return any_of(
            Condition(f"{columns[scope]} IN (SELECT unnest(?::BIGINT[]))", [sorted(ids)])
            for scope, ids in self.scopes.items()
            if scope in columns
        )

    def covers(self, values: Mapping[str, int | None]) -> bool:
        """Whether a row is covered that has these values for the kinds of scope."""
        return self.everything or any(
            values[scope] in ids for scope, ids in self.scopes.items() if values.get(scope) is not None
        )


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller: a service account and the capabilities of its groups."""

    account: int
    name: str
    api_key: int | None = None
    groups: tuple[int, ...] = ()
    capabilities: Sequence[Capability] = ()

    def grant(self, acl: str, action: str) -> Grant:
        """What the caller may do an action on. Names are compared without case, as clients differ."""
        grant = Grant()
        for name, rule in ((n, r) for capability in self.capabilities for n, r in capability.items()):
            if name.casefold() != acl.casefold() or action not in (a.upper() for a in rule["actions"]):
                continue
            for kind, scope in rule["scope"].items():
                if kind.casefold() == "all":
                    grant.everything = True
                else:
                    ids = {int(number) for values in scope.values() for number in values}
                    grant.scopes.setdefault(kind.casefold(), set()).update(ids)
        return grant

    def require(self, acl: str, action: str) -> Grant:
        """The grant, or 403 when no capability has the ACL and the action."""
        grant = self.grant(acl, action)
        if not grant.exists:
            raise forbidden()
        return grant
