"""cdframe's share of the scenario: rows that it creates, and brings to their state by changes, before an SDK comes."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

import cdframe
from tests.conformance import (
    scenario_of_assets,
    scenario_of_events,
    scenario_of_files,
    scenario_of_groups,
    scenario_of_pipelines,
    scenario_of_raw,
    scenario_of_relationships,
    scenario_of_sequences,
)
from tests.conformance.words import Known, Row, resolved


def write_resources(client: cdframe.CogniteClient) -> None:
    """Write the rows of families, each of which names rows of those before."""
    write_families(client, "data_sets", "labels", "assets", "events", "relationships")


def write_contents(client: cdframe.CogniteClient) -> None:
    """Write raw tables, and the rows of families with the contents of some."""
    write_raw(client)
    write_families(client, "data_sets", "labels", "assets", "sequences", "files", "extraction_pipelines")


def write_families(client: cdframe.CogniteClient, *families: str) -> None:
    known: Known = {}
    for family in families:
        learn(known, family, WRITES[family](client, known))


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


def write_sequences(client: cdframe.CogniteClient, known: Known) -> pa.Table:
    rows = [resolved("sequences", row, known) for row in scenario_of_sequences.BY_CDFRAME]
    before = [{**row, "name": "before", "description": "before"} for row in rows]
    changing = next(row for row in before if row["external_id"] == "cdframe/columns")
    changing["columns"] = scenario_of_sequences.COLUMNS_BEFORE
    created = client.sequences.create([{**row, "metadata": row.get("metadata") and {"gone": "soon"}} for row in before])
    client.sequences.update([row for row in rows if row.get("metadata")])
    changed = [{name: row.get(name) for name in ("external_id", "name", "description")} for row in rows]
    client.sequences.update(changed, null="clear")
    write_rows_of_sequences(client.sequences.data)
    text = scenario_of_sequences.COLUMNS[2]
    changes = [
        {"external_id": "whole", "update": {"external_id": "long", "name": "A long ⛵", "metadata": {"unit": "m"}}},
        {"external_id": "double", "update": {"description": "d" * 1000}},
    ]
    columns = {"columns.remove": ["gone"], "columns.modify": changes, "columns.add": [text]}
    client.sequences.update({"external_id": "cdframe/columns", **columns})
    client.sequences.data.insert({3: ["three"]}, [text["external_id"]], external_id="cdframe/columns")
    return created


def write_rows_of_sequences(data: cdframe.sequences.SequencesDataAPI) -> None:
    """Write rows as dicts, as pairs and as frames, in parts and over others."""
    names, rows_of = scenario_of_sequences.NAMES, scenario_of_sequences.ROWS_OF
    odd = rows_of["cdframe/odd"]
    data.insert({number: [0, 0.0, "before"] for number in [*odd, 4, 6]}, names, external_id="cdframe/odd")
    data.insert(dict(list(odd.items())[:6]), names, external_id="cdframe/odd")
    data.insert(
        [(number, values[::-1]) for number, values in list(odd.items())[6:]], names[::-1], external_id="cdframe/odd"
    )
    data.delete([4, 6, 7], external_id="cdframe/odd")
    data.insert({number: [1, 1.0, "before"] for number in range(5)}, None, external_id="cdframe/empty")
    data.delete_range(0, None, external_id="cdframe/empty")
    framed = rows_of["cdframe/frame"]
    columns = {name: [values[k] for values in framed.values()] for k, name in enumerate(names)}
    frame = pa.table({"row_number": list(framed), **columns})
    data.insert_dataframe(frame.select(["row_number", *names[:2]]), external_id="cdframe/frame")
    data.insert_dataframe(frame.select([names[2], "row_number"]), external_id="cdframe/frame")
    data.insert(rows_of["plant/sequence-00"], ["only"], external_id="plant/sequence-00")
    data.insert({1: [1, "gone", 0.5], 3: [3, "gone", 1.5]}, None, external_id="cdframe/columns")


def write_files(client: cdframe.CogniteClient, known: Known) -> pa.Table:
    """Write files as they will be, but for what an update brings; contents from bytes, a text, a handle or a path."""
    rows = [resolved("files", row, known) for row in scenario_of_files.BY_CDFRAME]
    files, ids = client.files, []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "content"
        for row in rows:
            name = row["external_id"]
            about = {
                **row,
                "source": "before",
                "asset_ids": [known["assets"]["plant"]["id"]],
                "labels": ["state/draft"],
            }
            if not about.pop("uploaded"):
                created, _ = files.create(about)
            elif name == "cdframe/text":
                created = files.upload_bytes(scenario_of_files.TEXT, **about)
            else:
                path.write_bytes(scenario_of_files.CONTENTS[name])
                if name.endswith("5"):
                    with path.open("rb") as handle:
                        created = files.upload_bytes(handle, **about)
                else:
                    created = files.upload(path, **about)
            ids += created["id"].to_pylist()
    names = ("source", "asset_ids", "labels")
    changed = [{"id": id, **{name: row.get(name) for name in names}} for id, row in zip(ids, rows, strict=True)]
    return files.update(changed, null="clear")


def write_pipelines(client: cdframe.CogniteClient, known: Known) -> pa.Table:
    rows = [resolved("extraction_pipelines", row, known) for row in scenario_of_pipelines.BY_CDFRAME]
    pipelines, runs = client.extraction_pipelines, client.extraction_pipeline_runs
    before = {"name": "before", "description": "before", "source": "before", "schedule": "Continuous"}
    created = pipelines.create([{**row, **before, "metadata": {"gone": "soon"}} for row in rows])
    names = ("external_id", *before, "metadata", "raw_tables", "contacts")
    pipelines.update([{name: row.get(name) for name in names} for row in rows], null="clear")
    for name, told in scenario_of_pipelines.RUNS_BY_CDFRAME.items():
        runs.create([{"external_id": name, **run} for run in told])
    pipelines.config.create({"external_id": "plant/pipeline-03", "config": "host: cdframe\n"})
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
    client.raw.rows.insert("plant", "pumps", frame_of(with_notes), key="key")
    client.raw.rows.insert("plant", "pumps", frame_of(others))
    client.raw.rows.insert("plant", "pumps", with_notes, keep_nulls=True)


def frame_of(rows: dict[str, Row]) -> pa.Table:
    names = ("number", "pressure", "name", "is_on")
    return pa.table({"key": list(rows)} | {name: [row.get(name) for row in rows.values()] for name in names})


WRITES: dict[str, Callable[[cdframe.CogniteClient, Known], pa.Table]] = {
    "data_sets": write_data_sets,
    "labels": write_labels,
    "assets": write_assets,
    "events": write_events,
    "relationships": write_relationships,
    "sequences": write_sequences,
    "files": write_files,
    "extraction_pipelines": write_pipelines,
}
