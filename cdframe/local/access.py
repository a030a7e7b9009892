"""What a caller may do: capabilities of its groups, and what of a table they cover."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cdframe.local.conditions import Condition, any_of, one_of
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
    "extractionConfigsAcl": (("READ", "WRITE"), ("extractionPipelineScope", "datasetScope")),
    "groupsAcl": (("LIST", "READ", "CREATE", "UPDATE", "DELETE"), ("currentuserscope",)),
    "usersAcl": (("LIST", "CREATE", "DELETE"), ("currentuserscope",)),
    "apikeysAcl": (("LIST", "CREATE", "DELETE"), ("currentuserscope", "idscope")),
    "securityCategoriesAcl": (("MEMBEROF", "LIST", "CREATE", "DELETE", "UPDATE"), ("idscope",)),
    "projectsAcl": (("LIST", "READ", "CREATE", "UPDATE", "DELETE"), ()),
}

Scopes = Mapping[str, Callable[[Sequence[int]], Condition]]  # kind of scope -> the rows that its ids cover

Capability = Mapping[str, Mapping[str, Any]]

# {"acl": {"actions": [..], "scope": {"all": {}}}} for every ACL: what the first group may do.
EVERYTHING: Sequence[Capability] = [
    {acl: {"actions": list(actions), "scope": {"all": {}}}} for acl, (actions, _) in ACLS.items()
]


def scoped(column: str) -> Callable[[Sequence[int]], Condition]:
    """A scope of the ids that a column holds."""
    return lambda ids: one_of(column, ids)


@dataclass(slots=True)
class Grant:
    """What a caller may do one action of one ACL on: everything, or what the scopes name.

    `scopes` has for each kind of scope (its name in lower case) the ids that all capabilities together give, and
    `tables` the raw tables, by their databases; None stands for all tables of a database.
    """

    everything: bool = False
    scopes: dict[str, set[int]] = field(default_factory=dict)
    tables: dict[str, set[str] | None] = field(default_factory=dict)

    @property
    def exists(self) -> bool:
        """Whether any capability has the ACL and the action at all."""
        return self.everything or bool(self.scopes) or bool(self.tables)

    def add(self, kind: str, scope: Mapping[str, Any]) -> None:
        """Widen the grant by a scope. Names of kinds are compared without case, as clients differ."""
        match kind.casefold():
            case "all":
                self.everything = True
            case "tablescope":
                for database, names in scope.get("dbsToTables", {}).items():
                    tables = names.get("tables", ()) if isinstance(names, Mapping) else names
                    known = self.tables.get(database, set())
                    self.tables[database] = known | set(tables) if known is not None and tables else None
            case other:
                ids = {int(number) for values in scope.values() for number in values}
                self.scopes.setdefault(other, set()).update(ids)

    def condition(self, scopes: Scopes) -> Condition:
        """The rows covered."""
        if self.everything:
            return Condition()
        return any_of(scopes[scope](sorted(ids)) for scope, ids in self.scopes.items() if scope in scopes)


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
                grant.add(kind, scope)
        return grant

    def categories(self, column: str) -> Condition:
        """The rows of whose security categories, if they have any, the caller is a member: of all of them."""
        grant = self.grant("securityCategoriesAcl", "MEMBEROF")
        if grant.everything:
            return Condition()
        ids = sorted(grant.scopes.get("idscope", ()))
        return Condition(f"list_has_all(?::BIGINT[], coalesce({column}, []))", [ids])

    def require(self, acl: str, action: str) -> Grant:
        """The grant, or 403 when no capability has the ACL and the action."""
        grant = self.grant(acl, action)
        if not grant.exists:
            raise forbidden()
        return grant
