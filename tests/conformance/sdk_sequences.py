"""Sections on sequences and their rows."""

from collections.abc import Iterable
from typing import Any

from tests.conformance import scenario_of_sequences as scenario
from tests.conformance.scenario import error_seen, is_missing
from tests.conformance.sdk_dialect import (
    IS_2,
    all_to_write,
    arguments_of,
    ask,
    change,
    class_of,
    client,
    created_again,
    dumped,
    known,
    learn,
    names_of,
    section,
    seek,
    to_write,
)
from tests.conformance.words import camel_case

FAMILY = "sequences"
sequences, data = client.sequences, client.sequences.data
COLUMNS = "column_external_ids" if IS_2 else "columns"


def insert(rows: Any, columns: list[str] | None, **identity: Any) -> None:
    data.insert(rows, **{COLUMNS: columns}, **identity)


def retrieve(
    start: int, end: int | None, columns: list[str] | None = None, limit: int | None = None, **identity: Any
) -> Any:
    return data.retrieve(start=start, end=end, limit=limit, **{COLUMNS: columns}, **identity)


def items(found: Any) -> list[Any]:
    return [[number, list(values)] for number, values in found.items()]


def frame_seen(frame: Any) -> Any:
    """The index, headers and rows of a pandas frame, nulls for what is missing."""
    values = [[None if is_missing(one) or one is NA else one for one in row] for row in frame.astype(object).values]
    return [[int(number) for number in frame.index], list(frame.columns), values]


def missing_value() -> Any:
    import pandas as pd

    return pd.NA


NA = missing_value()


@section("create sequences")
def _() -> Any:
    one, *others = all_to_write(FAMILY, scenario.BY_SDK)
    return [dumped(sequence) for sequence in [sequences.create(one), *sequences.create(others)]]


@section("insert rows of sequences")
def _() -> Any:
    import pandas as pd

    first = dict(list(scenario.ODD.items())[:3])
    later = list(scenario.ODD.items())[3:]
    answers = [
        insert(first, scenario.NAMES, external_id="sdk/odd"),
        insert(later[:3], scenario.NAMES, external_id="sdk/odd"),
        insert([{"rowNumber": number, "values": values} for number, values in later[3:]], None, external_id="sdk/odd"),
        insert({99: [1, 1.0, "gone"]}, scenario.NAMES, external_id="sdk/odd"),
        data.delete([99, 98], external_id="sdk/odd"),
    ]
    frame = pd.DataFrame(list(scenario.IN_FRAME.values()), index=list(scenario.IN_FRAME), columns=scenario.NAMES)
    insert({number: [number] for number in scenario.IN_FRAME}, ["long"], external_id="sdk/frame")
    answers.append(data.insert_dataframe(frame[scenario.NAMES[::-1]], external_id="sdk/frame"))
    answers.append(insert(scenario.AS_TYPED, scenario.NAMES, external_id="sdk/typed"))
    return answers


learn(FAMILY, scenario.ROWS)
ask(FAMILY, scenario.QUESTIONS)
seek(FAMILY, scenario.SEARCHES)


@section("retrieve sequences")
def _() -> Any:
    one = sequences.retrieve(external_id="cdframe/odd")
    several = sequences.retrieve_multiple(ids=[one.id], external_ids=["SDK/ø ⛵", "plant/sequence-07"])
    types = [one.column_external_ids, one.column_value_types]
    nobody = sequences.retrieve(external_id="nobody"), sequences.retrieve(id=17)
    seen = [dumped(one), dumped(several), types, nobody]
    if not IS_2:
        some = sequences.retrieve_multiple(ids=[17], external_ids=["nobody", "sdk/odd"], ignore_unknown_ids=True)
        seen.append(dumped(some))
    return seen


@section("iterate over sequences")
def _() -> Any:
    plant = arguments_of(FAMILY, {"external_id_prefix": "plant/"})
    chunks = [names_of(chunk) for chunk in sequences(chunk_size=8, **plant)]
    return {"chunks": chunks, "one by one": names_of(sequences(limit=11, **plant)), "all": names_of(sequences())}


@section("sequences of assets")
def _() -> Any:
    assets = client.assets
    some = assets.retrieve_multiple(external_ids=["plant", "plant/0/1/1"])
    return {
        "asset": sorted(names_of(assets.retrieve(external_id="plant/1").sequences())),
        "asset, filtered": sorted(names_of(assets.retrieve(external_id="plant").sequences(name="Pump curve"))),
        "some": sorted(names_of(some.sequences())),
    }


@section("values in sequences")
def _() -> Any:
    found = {}
    for name in scenario.ROWS_OF:
        whole = retrieve(0, None, external_id=name)
        columns = [
            [column, kind] for column, kind in zip(whole.column_external_ids, whole.column_value_types, strict=True)
        ]
        found[name] = [items(whole), columns, len(whole)]
    return found


@section("ranges of rows")
def _() -> Any:
    found = {}
    id = known[FAMILY]["cdframe/odd"]["id"]
    for name, (start, end, columns, limit) in scenario.RANGES.items():
        of_sdk = retrieve(start, end, columns, limit, external_id="sdk/odd")
        of_cdframe = retrieve(start, end, columns, limit, id=id)
        found[name] = [items(of_sdk), items(of_cdframe), of_sdk.column_external_ids, of_cdframe.column_external_ids]
    return found


@section("parts of rows")
def _() -> Any:
    whole = retrieve(0, 4, external_id="cdframe/odd")
    of_sequence = sequences.retrieve(external_id="cdframe/odd").rows(start=2, end=9)
    same = retrieve(0, 4, external_id="cdframe/odd")
    return {
        "a row": whole[2],
        "a column": whole.get_column("double"),
        "of the sequence": items(of_sequence),
        "dumped": whole.dump(camel_case=True)["rows"],
        "equal": whole == same,
        "no such column": error_seen(lambda: whole.get_column("nobody"))["class"],
    }


@section("rows of several sequences")
def _() -> Any:
    found = retrieve(0, 50, external_id=["cdframe/odd", "sdk/frame", "sdk/empty"])
    id = known[FAMILY]["cdframe/frame"]["id"]
    by_both = retrieve(0, 10, ["double"], external_id=["sdk/odd"], id=[id])
    joined = retrieve(0, 9, ["long", "kæ/1 text"], external_id=["cdframe/odd", "sdk/frame"])
    frame = joined.to_pandas() if IS_2 else joined.to_pandas(concat=True)
    return {
        "items": [items(one) for one in found],
        "by both": sorted(items(one) for one in by_both),
        "joined": frame_seen(frame.sort_index()),
    }


@section("frames with gaps")
def _() -> Any:
    import pandas as pd

    sequences.create(to_write(FAMILY, {"external_id": "gaps", "columns": scenario.COLUMNS}))
    nan = float("nan")
    rows = {"long": [1, nan, 3], "double": [nan, 0.5, nan], "kæ/1 text": ["a", None, ""]}
    data.insert_dataframe(pd.DataFrame(rows, index=[4, 6, 9]), external_id="gaps")
    seen = items(retrieve(0, None, external_id="gaps"))
    sequences.delete(external_id="gaps")
    return seen


@section("frames of sequences")
def _() -> Any:
    id = known[FAMILY]["cdframe/frame"]["id"]
    return {
        "all": frame_seen(data.retrieve_dataframe(0, None, external_id="cdframe/frame")),
        "some": frame_seen(data.retrieve_dataframe(5, 20, ["kæ/1 text", "double"], id=id, limit=3)),
        "headers": [
            list(data.retrieve_dataframe(0, None, external_id="sdk/odd", column_names=name).columns)
            for name in ("columnExternalId", "externalId|columnExternalId")
        ],
        "to pandas": frame_seen(retrieve(0, None, external_id="sdk/frame").to_pandas()),
        "nulls": frame_seen(retrieve(0, 25, ["double", "kæ/1 text"], external_id="sdk/odd").to_pandas()),
    }


if not IS_2:

    @section("last rows of sequences")
    def _() -> Any:
        return {
            "last": items(data.retrieve_last_row(external_id="cdframe/odd")),
            "before": items(data.retrieve_last_row(external_id="sdk/odd", before=21)),
            "a column": items(data.retrieve_last_row(external_id="sdk/odd", columns=["long"], before=2**41)),
            "before all": items(data.retrieve_last_row(external_id="sdk/odd", before=0)),
            "none": items(data.retrieve_last_row(external_id="cdframe/empty")),
        }


if not IS_2:
    from cognite.client.data_classes import filters as is_filter
    from cognite.client.data_classes.sequences import SequenceProperty

    @section("advanced lists of sequences")
    def _() -> Any:
        chosen = {
            "not": is_filter.Not(is_filter.Equals(SequenceProperty.name, "Pump curve")),
            "exists": is_filter.Exists(SequenceProperty.description),
            "in": is_filter.In(SequenceProperty.metadata_key("state"), ["0", "2"]),
            "prefix": is_filter.Prefix(SequenceProperty.name, "Valve"),
            "asset": is_filter.Equals(SequenceProperty.asset_id, known["assets"]["plant/1"]["id"]),
            "search": is_filter.Search(SequenceProperty.description, "SPEED"),
        }
        found = {
            name: sorted(names_of(sequences.list(advanced_filter=one, limit=None))) for name, one in chosen.items()
        }
        by_name = sequences.aggregate_unique_values(SequenceProperty.name)
        return {
            "found": found,
            "counted": sequences.aggregate_count(advanced_filter=chosen["not"]),
            "sorted": names_of(sequences.list(sort=[("name", "desc"), ("external_id", "asc")], limit=None)),
            "in partitions": sorted(names_of(sequences.list(limit=None, partitions=4))),
            "names": [[one.dump()["values"][0], one.count] for one in by_name],
            "different names": sequences.aggregate_cardinality_values(SequenceProperty.name),
        }


@section("rows changed and deleted")
def _() -> Any:
    sequences.create(to_write(FAMILY, {"external_id": "changing", "columns": scenario.COLUMNS}))
    name = {"external_id": "changing"}
    insert({number: [number, number / 2, str(number)] for number in range(20)}, scenario.NAMES, **name)
    insert({3: ["three", None], 30: ["thirty", 30]}, ["kæ/1 text", "long"], **name)
    seen = [items(retrieve(2, None, **name))[:3], items(retrieve(19, None, **name))]
    insert({}, scenario.NAMES, **name) if IS_2 else None
    data.delete([2, 3, 99], **name)
    seen.append([number for number, _ in items(retrieve(0, None, **name))])
    data.delete_range(5, 15, **name)
    seen.append([number for number, _ in items(retrieve(0, None, **name))])
    read = retrieve(0, 10, **name)
    data.delete_range(0, None, **name)
    seen.append(items(retrieve(0, None, **name)))
    insert(read, None, **name)
    seen.append(items(retrieve(0, None, **name)))
    sequences.delete(**name)
    return seen


@section("many rows of sequences")
def _() -> Any:
    sequences.create(
        [
            to_write(FAMILY, {"external_id": "many", "columns": scenario.COLUMNS}),
            to_write(FAMILY, {"external_id": "wide", "columns": scenario.wide_columns()}),
        ]
    )
    many, wide = scenario.many_rows(), scenario.wide_rows()
    insert(many, scenario.NAMES, external_id="many")
    insert(wide, None, external_id="wide")
    found = {name: dict(items(retrieve(0, None, external_id=name))) for name in ("many", "wide")}
    seen = {
        "as written": [found["many"] == many, found["wide"] == wide],
        "a limit": [number for number, _ in items(retrieve(6, None, ["long"], 11_234, external_id="many"))],
        "a limit of wide": len(retrieve(0, None, None, 1_200, external_id="wide")),
    }
    data.delete_range(100, 25_000, external_id="many")
    seen["left"] = [number for number, _ in items(retrieve(0, None, external_id="many"))]
    sequences.delete(external_id=["many", "wide"])
    return seen


@section("update sequences")
def _() -> Any:
    row = {
        "external_id": "changing",
        "name": "n",
        "description": "d",
        "metadata": {"a": "1", "b": "2"},
        "asset_id": "plant",
        "data_set_id": "sets/north",
        "columns": scenario.PLAIN,
    }
    created = sequences.create(to_write(FAMILY, row))
    seen = []
    for update in (
        change(FAMILY, external_id="changing").name.set("new").description.set(None),
        change(FAMILY, id=created.id).metadata.add({"b": "3", "c": "4"}).asset_id.set(known["assets"]["plant/1"]["id"]),
        change(FAMILY, id=created.id).metadata.remove(["a", "absent"]).data_set_id.set(None),
        change(FAMILY, id=created.id).metadata.set({"only": "this"}).asset_id.set(None),
        change(FAMILY, id=created.id).metadata.set({}).name.set(None).external_id.set("changed"),
    ):
        seen.append(dumped(sequences.update(update)))
    whole = sequences.retrieve(external_id="changed")
    whole.description, whole.metadata = "whole", {"new": "pair"}
    seen.append(dumped(sequences.update(whole)))
    seen.append(dumped(sequences.update([change(FAMILY, id=created.id).name.set("last")])[0]))
    if not IS_2:
        replacing = to_write(FAMILY, {"external_id": "changed", "name": "only", "columns": scenario.PLAIN})
        seen.append(dumped(sequences.update(replacing, mode="replace")))
        both = [
            {"external_id": "changed", "name": "upserted", "columns": scenario.PLAIN},
            {"external_id": "upserted", "name": "new", "columns": scenario.PLAIN},
        ]
        seen.append([[one.external_id, one.name] for one in sequences.upsert(all_to_write(FAMILY, both))])
        sequences.delete(external_id="upserted")
    sequences.delete(id=created.id)
    return seen


def columns_seen(columns: Iterable[Any]) -> list[Any]:
    found = [one if isinstance(one, dict) else one.dump(camel_case=True) for one in columns]
    return [{key: value for key, value in one.items() if not key.endswith("Time")} for one in found]


@section("columns of sequences")
def _() -> Any:
    name = {"external_id": "columns"}
    created = sequences.create(to_write(FAMILY, {**name, "columns": scenario.COLUMNS}))
    insert({1: [1, 0.5, "a"], 2: [2, None, "b"]}, scenario.NAMES, **name)
    column = class_of(FAMILY, "ColumnUpdate")

    def added(*columns: dict[str, Any]) -> Any:
        return [{camel_case(key): value for key, value in one.items()} for one in columns]

    seen = []
    for update in (
        change(FAMILY, **name).columns.add(added({"external_id": "new", "value_type": "LONG", "name": "New"})[0]),
        change(FAMILY, **name).columns.add(added({"external_id": "x"}, {"external_id": "y", "value_type": "STRING"})),
        change(FAMILY, id=created.id).columns.remove("double"),
        change(FAMILY, id=created.id).columns.remove(["x", "y"]),
        change(FAMILY, id=created.id).columns.modify(
            [
                column(external_id="long").external_id.set("renamed").description.set(None).metadata.add({"k": "v"}),
                column(external_id="new").name.set(None).metadata.set({"only": "this"}),
            ]
        ),
    ):
        changed = sequences.update(update)
        seen.append([columns_seen(changed.columns), items(retrieve(0, None, **name))])
    insert({2: [9]}, ["new"], **name)
    seen.append([None, items(retrieve(0, None, **name))])
    sequences.delete(**name)
    return seen


@section("columns taken from another sequence")
def _() -> Any:
    other = sequences.retrieve(external_id="cdframe/odd")
    columns = other.columns if IS_2 else [column.as_write() for column in other.columns]
    created = sequences.create(class_of(FAMILY, "" if IS_2 else "Write")(external_id="copy", columns=columns))
    seen = [columns_seen(created.columns)]
    sequences.delete(external_id="copy")
    if IS_2:  # which names columns
        unnamed = sequences.create(class_of(FAMILY)(columns=[{}, {"valueType": "string"}]))
        seen.append(columns_seen(unnamed.columns))
        sequences.delete(id=unnamed.id)
    return seen


@section("a sequence created again")
def _() -> Any:
    return created_again(FAMILY, "plant/sequence-02")


@section("delete sequences")
def _() -> Any:
    rows = [{"external_id": f"short/{k}", "columns": scenario.PLAIN} for k in range(4)]
    created = sequences.create(all_to_write(FAMILY, rows))
    insert({1: [1.0]}, ["only"], id=created[3].id)
    sequences.delete(id=created[0].id, external_id="short/1")
    seen: list[Any] = [sorted(names_of(sequences.list(external_id_prefix="short/")))]
    if not IS_2:
        sequences.delete(external_id=["nobody"], id=[17], ignore_unknown_ids=True)
    sequences.delete(external_id=["short/2", "short/3"])
    seen.append(names_of(sequences.list(external_id_prefix="short/")))
    sequences.create(to_write(FAMILY, rows[3]))
    seen.append(items(retrieve(0, None, external_id="short/3")))
    sequences.delete(external_id="short/3")
    return seen


@section("errors of sequences")
def _() -> Any:
    one, another = ({"external_id": name} for name in ("cdframe/odd", "sdk/odd"))

    def create(*rows: dict[str, Any]) -> Any:
        return lambda: sequences.create(all_to_write(FAMILY, [{"columns": scenario.PLAIN, **row} for row in rows]))

    def update(*updates: Any) -> Any:
        return lambda: sequences.update(list(updates))

    calls = {
        "name taken": create({"external_id": "free"}, one),
        "name twice": create({"external_id": "twice"}, {"external_id": "twice"}),
        "no asset": create({"asset_id": 17}),
        "no data set": create({"data_set_id": 18}),
        "no columns": create({"columns": []}),
        "a column twice": create({"columns": [*scenario.PLAIN, *scenario.PLAIN]}),
        "not a type": create({"columns": [{"external_id": "x", "value_type": "FLOAT"}]}),
        "title too long": create({"name": "x" * 256}),
        "unknown in byids": lambda: sequences.retrieve_multiple(ids=[17], external_ids=["nobody", "sdk/odd"]),
        "unknown in delete": lambda: sequences.delete(id=17, external_id=["nobody", "sdk/odd"]),
        "unknown in update": update(change(FAMILY, external_id="nobody").name.set("x")),
        "name taken in update": update(change(FAMILY, **one).external_id.set("sdk/odd")),
        "no column in update": update(change(FAMILY, **one).columns.remove("nobody")),
        "a column taken in update": update(change(FAMILY, **one).columns.add({"externalId": "long"})),
        "the last column removed": update(change(FAMILY, external_id="plant/sequence-01").columns.remove("only")),
        "rows of nobody": lambda: retrieve(0, None, external_id="nobody"),
        "rows into nobody": lambda: insert({1: [1]}, ["long"], external_id="nobody"),
        "rows out of nobody": lambda: data.delete([1], external_id="nobody"),
        "no such column": lambda: retrieve(0, None, ["nobody"], **one),
        "into no such column": lambda: insert({1: [1]}, ["nobody"], **another),
        "a text into longs": lambda: insert({50: [1], 51: ["x"]}, ["long"], **another),
        "a fraction into longs": lambda: insert({50: [0.5]}, ["long"], **another),
        "a number into texts": lambda: insert({50: [1]}, ["kæ/1 text"], **another),
        "a text too long": lambda: insert({50: ["x" * 257]}, ["kæ/1 text"], **another),
        "a double too large": lambda: insert({50: [1e101]}, ["double"], **another),
        "too few values": lambda: insert({50: [1]}, ["long", "double"], **another),
        "a row before the first": lambda: insert({-1: [1]}, ["long"], **another),
    }
    return {name: error_seen(call) for name, call in calls.items()}
