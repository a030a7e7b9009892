"""Relationships and labels through the client, against a local CDF."""

from __future__ import annotations

from typing import Any

import networkx
import polars as pl
import pytest

from cdframe import CogniteClient
from cdframe.frames import FRAME_KINDS, to_arrow
from cdframe.types import FrameKind


def relation(n: int, **more: Any) -> dict[str, Any]:
    ends = {"source_external_id": f"s{n}", "source_type": "asset", "target_external_id": f"t{n}"}
    return {"external_id": f"r{n}", **ends, "target_type": "event", **more}


def names(frame: Any) -> list[str]:
    found: list[str] = frame["external_id"].to_list()
    return found


def test_types_may_be_written_in_any_way(cdf_client: CogniteClient) -> None:
    types = ["Asset", "TimeSeries", "FileMetadata", "Event", "Sequence", "timeseries", "time_series", "FILE"]
    created = cdf_client.relationships.create([relation(n, target_type=name) for n, name in enumerate(types)])
    assert created["target_type"].to_list() == [
        *("asset", "timeSeries", "file", "event", "sequence"),
        *("timeSeries", "timeSeries", "file"),
    ]
    listed = cdf_client.relationships.list(target_types=["TimeSeries", "filemetadata"])
    assert names(listed) == ["r1", "r2", "r5", "r6", "r7"]
    changed = cdf_client.relationships.update({"external_id": "r0", "source_type": "Event"})
    assert changed["source_type"].to_list() == ["event"]
    before = cdf_client.stats.requests
    for bad in ("geospatial", "assets"):
        with pytest.raises(ValueError, match=f"source_type='{bad}' cannot be related"):
            cdf_client.relationships.create(relation(9, source_type=bad))
        with pytest.raises(ValueError, match=f"source_types='{bad}' cannot be related"):
            cdf_client.relationships.list(source_types=[bad])
    assert cdf_client.stats.requests == before


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"source_external_ids": ["s1", "s3", "nobody"]}, {1, 3}),
        ({"source_external_ids": ["s1", "s3"], "target_external_ids": ["t3"]}, {3}),
        ({"confidence": {"min": 0.25, "max": 0.5}}, {3, 4, 5}),
        ({"start_time": {"max": 2000}}, {1, 2}),
        ({"active_at_time": {"max": 2500}}, {0, 1, 2, 6, 7, 8, 9}),
        ({"active_at_time": {"min": 5500, "max": 6000}}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}),
        ({"labels": "A"}, {0, 2, 4, 6, 8}),
        ({"labels": {"contains_all": ["A", "B"]}}, {0, 6}),
        ({"labels": {"contains_any": ["A", "B"]}}, {0, 2, 3, 4, 6, 8, 9}),
    ],
)
def test_filters(cdf_client: CogniteClient, filters: dict[str, Any], expected: set[int]) -> None:
    cdf_client.labels.create([{"external_id": name, "name": name} for name in "AB"])
    cdf_client.relationships.create(
        [
            relation(
                n,
                confidence=None if n > 5 else n / 10,
                start_time=n * 1000 if 0 < n < 6 else None,
                labels=[*["A"][: n % 2 == 0], *["B"][: n % 3 == 0]],
            )
            for n in range(10)
        ]
    )
    listed = cdf_client.relationships.list(**filters)
    assert {int(name[1:]) for name in names(listed)} == expected


@pytest.mark.parametrize("kind", FRAME_KINDS)
def test_what_is_related_comes_along(cdf_client: CogniteClient, kind: FrameKind) -> None:
    client = cdf_client.with_frame(kind)
    client.labels.create({"external_id": "A", "name": "A"})
    asset = {"external_id": "s0", "name": "Pump", "labels": ["A"], "metadata": {"k": "v"}}
    client.assets.create([asset, {"external_id": "t1", "name": "Valve"}])
    client.events.create({"external_id": "t0", "start_time": 5, "type": "failure"})
    client.time_series.create({"external_id": "s1", "unit": "bar"})
    client.sequences.create({"external_id": "t3", "columns": [{"external_id": "flow", "value_type": "LONG"}]})
    client.files.create({"external_id": "s3", "name": "manual.txt", "mime_type": "text/plain"})
    client.relationships.create(
        [
            relation(0),
            relation(1, source_type="timeSeries", target_type="asset"),
            relation(2),
            relation(3, source_type="file", target_type="sequence"),
        ]
    )
    for read in (
        client.relationships.list(fetch_resources=True),
        client.relationships.retrieve_multiple(["r0", "r1", "r2", "r3"], fetch_resources=True),
    ):
        rows = to_arrow(read).to_pylist(maps_as_pydicts="strict")
        assert rows[0]["source"]["name"] == "Pump"
        assert rows[0]["source"]["labels"] == ["A"]
        assert rows[0]["source"]["metadata"] == {"k": "v"}
        assert rows[0]["target"]["start_time"].microsecond == 5000
        assert rows[0]["target"]["type"] == "failure"
        assert rows[1]["source"]["unit"] == "bar"
        assert rows[1]["target"]["name"] == "Valve"
        assert rows[2]["source"] is rows[2]["target"] is None
        assert rows[3]["source"]["mime_type"] == "text/plain"
        assert [column["value_type"] for column in rows[3]["target"]["columns"]] == ["LONG"]
        assert to_arrow(read).schema == client.relationships.resource.schema.arrow or kind != "pyarrow"
    plain = to_arrow(client.relationships.retrieve("r0"))
    assert plain["source"].null_count == 1


def test_more_ends_than_a_list_can_be_filtered_by(cdf_client: CogniteClient) -> None:
    cdf_client.relationships.create([relation(n) for n in range(2500)], progress=False)
    ends = [f"s{n}" for n in range(0, 5000, 2)]
    listed = cdf_client.relationships.list(source_external_ids=ends, limit=None)
    assert sorted(names(listed)) == sorted(f"r{n}" for n in range(0, 2500, 2))
    crossed = cdf_client.relationships.list(
        source_external_ids=ends, target_external_ids=[f"t{n}" for n in range(1200)], limit=None
    )
    assert sorted(names(crossed)) == sorted(f"r{n}" for n in range(0, 1200, 2))
    with pytest.raises(ValueError, match="limit=None"):
        cdf_client.relationships.list(source_external_ids=ends)
    with pytest.raises(ValueError, match="use list"):
        cdf_client.relationships(source_external_ids=ends)


def test_labels_are_attached_and_detached(cdf_client: CogniteClient) -> None:
    cdf_client.labels.create([{"external_id": name, "name": name} for name in "ABC"])
    cdf_client.relationships.create(relation(0, labels="A"))
    update = cdf_client.relationships.update
    assert update({"external_id": "r0", "labels.add": ["B", "C"]})["labels"].to_list() == [["A", "B", "C"]]
    assert update({"external_id": "r0", "labels.remove": "A"})["labels"].to_list() == [["B", "C"]]
    assert update({"external_id": "r0", "labels": [{"external_id": "A"}]})["labels"].to_list() == [["A"]]


@pytest.mark.parametrize("kind", FRAME_KINDS)
def test_edges(cdf_client: CogniteClient, kind: FrameKind) -> None:
    client = cdf_client.with_frame("polars" if kind == "pyarrow" else kind)
    client.relationships.create([relation(0, confidence=0.5), relation(1)])
    edges = to_arrow(client.relationships.list().cdf.edges())
    assert edges.column_names[:2] == ["source", "target"]
    assert edges.select(["source", "target", "confidence", "external_id", "target_type"]).to_pylist() == [
        {"source": "s0", "target": "t0", "confidence": 0.5, "external_id": "r0", "target_type": "event"},
        {"source": "s1", "target": "t1", "confidence": None, "external_id": "r1", "target_type": "event"},
    ]
    graph = networkx.from_pandas_edgelist(edges.to_pandas(), edge_attr=True, create_using=networkx.DiGraph)
    assert sorted(graph.edges) == [("s0", "t0"), ("s1", "t1")]
    assert graph.edges["s0", "t0"]["external_id"] == "r0"
    with pytest.raises(ValueError, match="needs a frame of relationships"):
        pl.DataFrame({"a": [1]}).cdf.edges()
