"""cdframe's share of the scenario: rows that it creates, and brings to their state by changes, before an SDK comes."""

from collections.abc import Callable

import pyarrow as pa

import cdframe
from tests.conformance import (
    scenario_of_assets,
    scenario_of_events,
    scenario_of_groups,
    scenario_of_raw,
    scenario_of_relationships,
)
from tests.conformance.words import Known, Row, resolved


def write_everything(client: cdframe.CogniteClient) -> None:
    """Write the rows of all families, each of which names rows of those before."""
    known: Known = {}
    for family, write in WRITES.items():
        learn(known, family, write(client, known))


def learn(known: Known, family: str, frame: pa.Table) -> None:
    """Remember the ids that rows got; labels and relationships have none."""
    ids = frame["id"].to_pylist() if "id" in frame.column_names else [None] * len(frame)
    known[family] = {name: {"id": id} for name, id in zip(frame["external_id"].to_pylist(), ids, strict=True)}


def write_data_sets(client: cdframe.CogniteClient, known: Known) -> pa.Table:
    rows = scenario_of_groups.DATA_SETS_BY_CDFRAME
    created = client.data_sets.create([{**row, "name": "before", "write_protected": True} for row in rows])
    changed = [{name: row.get(name) for name in ("external_id", "name")} for row in rows]
    client.data_sets.update(changed, null="clear")
    flags = [row.get("write_protected", False) for row in rows]
    client.data_sets.update(pa.table({"id": created["id"], "write_protected": flags}))
    return created


def write_labels(client: cdframe.CogniteClient, known: Known) -> pa.Table:
    rows = [resolved("labels", row, known) for row in scenario_of_groups.LABELS_BY_CDFRAME]
    client.labels.create({"external_id": "PUMP", "name": "before"})
    client.labels.delete(external_id="PUMP")
    return client.labels.create(rows)


def write_assets(client: cdframe.CogniteClient, known: Known) -> pa.Table:
    rows = [resolved("assets", row, known) for row in scenario_of_assets.BY_CDFRAME]
    before = [
        {
            **row,
            "description": "before",
            "source": "before",
            "metadata": {"gone": "soon", "site": "before"},
            "labels": ["VALVE", *row.get("labels", ())[:1]],
        }
        for row in rows
    ]
    created = client.assets.create_hierarchy(before)
    names = [row["external_id"] for row in rows]
    cleared = [{name: row.get(name) for name in ("external_id", "description", "source")} for row in rows]
    client.assets.update(cleared, null="clear")
    client.assets.update(
        [
            {"external_id": row["external_id"], "metadata.remove": ["gone", "site"], "labels.remove": ["VALVE"]}
            for row in rows
        ]
    )
    client.assets.update(
        [
            {"external_id": row["external_id"], "metadata.add": row["metadata"], "labels.add": row.get("labels")}
            for row in rows
            if "metadata" in row
        ]
    )
    assert created["external_id"].to_pylist() == names
    return created


def write_events(client: cdframe.CogniteClient, known: Known) -> pa.Table:
    rows = [resolved("events", row, known) for row in scenario_of_events.BY_CDFRAME]
    plant = known["assets"]["plant"]["id"]
    before = [
        {**row, "type": "before", "source": "before", "asset_ids": [plant]} | with_times(row, 0, 9) for row in rows
    ]
    created = client.events.create(before)
    names = ("external_id", "type", "source", "start_time", "end_time", "asset_ids")
    client.events.update([{name: row.get(name) for name in names} for row in rows], null="clear")
    return created


def with_times(row: Row, start: int, end: int) -> Row:
    return {"start_time": start, "end_time": end, "metadata": row.get("metadata")}


def write_relationships(client: cdframe.CogniteClient, known: Known) -> pa.Table:
    rows = [resolved("relationships", row, known) for row in scenario_of_relationships.BY_CDFRAME]
    before = [{**row, "confidence": 0.125, "target_type": "file", "labels": ["state/draft"]} for row in rows]
    created = client.relationships.create(before)
    changed = [{name: row.get(name) for name in ("external_id", "confidence", "target_type", "labels")} for row in rows]
    client.relationships.update(changed, null="clear")
    return created


def write_raw(client: cdframe.CogniteClient) -> None:
    """Write the tables of raw, as dicts and as frames, into what is there and into what is made with them."""
    client.raw.databases.create(["plant"])
    client.raw.tables.create("plant", ["empty", "pumps", "gone"])
    client.raw.tables.delete("plant", "gone")
    for (database, table), rows in scenario_of_raw.BY_CDFRAME.items():
        if table == "pumps":
            continue
        before = {key: {"before": True} for key in [*rows, "before"]}
        client.raw.rows.insert(database, table, before, ensure_parent=True)
        client.raw.rows.insert(database, table, rows, ensure_parent=True, keep_nulls=True)
        client.raw.rows.delete(database, table, "before")
    pumps = scenario_of_raw.BY_CDFRAME["plant", "pumps"]
    with_notes = {key: columns for key, columns in pumps.items() if "note" in columns}
    others = {key: columns for key, columns in pumps.items() if "note" not in columns}
    client.raw.rows.insert("plant", "pumps", frame_of(with_notes))
    client.raw.rows.insert("plant", "pumps", frame_of(others))
    client.raw.rows.insert("plant", "pumps", with_notes, keep_nulls=True)


def frame_of(rows: dict[str, Row]) -> pa.Table:
    names = [
        name for name in ("number", "pressure", "name", "is_on") if any(name in columns for columns in rows.values())
    ]
    return pa.table({"key": list(rows)} | {name: [row.get(name) for row in rows.values()] for name in names})


WRITES: dict[str, Callable[[cdframe.CogniteClient, Known], pa.Table]] = {
    "data_sets": write_data_sets,
    "labels": write_labels,
    "assets": write_assets,
    "events": write_events,
    "relationships": write_relationships,
}
