"""`.cdf` on frames of any resource."""

from __future__ import annotations

from typing import Any, Literal

from cdframe.accessors.base import FrameAccessor
from cdframe.client import CogniteClient
from cdframe.errors import nearest
from cdframe.expand import expand_columns, json_ready
from cdframe.identifiers import arguments_of
from cdframe.resources.relationships import edges
from cdframe.types import Frame, ProgressOption

RESOURCES = (
    *("assets", "data_sets", "events", "extraction_pipelines", "extraction_pipeline_runs", "files", "labels"),
    *("relationships", "sequences", "time_series"),
)
"""The families whose rows can be written from a frame."""


class ResourcesAccessor(FrameAccessor):
    """What a frame of any resource can do."""

    def create(self, resource: str, *, client: CogniteClient | None = None, progress: ProgressOption = "auto") -> Frame:
        """Create the rows as a family's resources, such as ``"time_series"``.

        Examples:
            >>> pl.DataFrame({"external_id": ["a", "b"]}).cdf.create("time_series").height
            2
        """
        return self._api(resource, client).create(self._table(), progress=progress)

    def update(
        self,
        resource: str,
        null: Literal["keep", "clear"] = "keep",
        *,
        client: CogniteClient | None = None,
        progress: ProgressOption = "auto",
    ) -> Frame:
        """Change resources: an identity column, then what to set; see the family's `update`.

        Examples:
            >>> pl.DataFrame({"external_id": ["pressure"], "unit": ["bar"]}).cdf.update("time_series").height
            1
        """
        return self._api(resource, client).update(self._table(), null=null, progress=progress)

    def delete(
        self,
        resource: str,
        ignore_unknown_ids: bool = False,
        *,
        client: CogniteClient | None = None,
        progress: ProgressOption = "auto",
    ) -> None:
        """Delete the rows' resources, known by `id`, or by `external_id` where there is none.

        Examples:
            >>> client.time_series.list(external_id_prefix="old").cdf.delete("time_series")
        """
        api = self._api(resource, client)
        if not hasattr(api, "delete"):
            raise ValueError(f"resource={resource!r} cannot be deleted.")
        ids, external_ids = arguments_of(self._table(), "delete", prefer="id")
        known = {"id": ids, "external_id": external_ids}
        more = {"ignore_unknown_ids": True} if ignore_unknown_ids else {}
        api.delete(**{name: given for name, given in known.items() if given is not None}, **more, progress=progress)

    def expand(self, *columns: str) -> Frame:
        """Spread map and struct columns: ``expand("metadata")`` makes a column ``metadata.<key>`` for each key.

        Examples:
            >>> pl.DataFrame({"id": [1], "point": [{"x": 1, "y": 2}]}).cdf.expand("point").columns
            ['id', 'point.x', 'point.y']
        """
        return self._give(expand_columns(self._table(), list(columns or ("metadata",))))

    def edges(self) -> Frame:
        """Give a frame of relationships as a list of edges: `source` and `target`, then what else is known of each.

        It is what `networkx.from_pandas_edgelist` takes as it is. External ids are unique within a type of resource;
        `source_type` and `target_type` tell the types.

        Examples:
            >>> flow = {"external_id": "flow_1", "source_external_id": "a", "source_type": "asset"}
            >>> flow |= {"target_external_id": "e", "target_type": "event"}
            >>> client.relationships.create(flow).cdf.edges().select("source", "target").rows()
            [('a', 'e')]
        """
        return self._give(edges(self._table()))

    def dump(self, camel_case: bool = False) -> list[dict[str, Any]]:
        """Give the rows as JSON-ready dicts: times in ms since 1970, maps as dicts, nulls left out.

        Examples:
            >>> pl.DataFrame({"external_id": ["a"], "unit": [None]}).cdf.dump(camel_case=True)
            [{'externalId': 'a'}]
        """
        return json_ready(self._table(), camel_case_names=camel_case)

    def _api(self, resource: str, client: CogniteClient | None) -> Any:
        if resource not in RESOURCES:
            raise ValueError(
                f"resource={resource!r} is not known.{nearest(str(resource), RESOURCES)} "
                f"Accepted: {', '.join(map(repr, RESOURCES))}."
            )
        return getattr(self._client(client), resource)
