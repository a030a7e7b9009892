"""What the sections on sequences and their rows should have seen."""

import itertools
from collections.abc import Callable
from typing import Any

from tests.conformance import scenario_of_sequences as scenario
from tests.conformance.checks_of_raw import exactly
from tests.conformance.checks_of_refusals import CONSTRAINT, Expected, check_refusals, duplicated, missing, refused
from tests.conformance.sdk_run import Checks, SdkRun
from tests.conformance.words import wire_row

CHECKS = Checks()
FAMILY = "sequences"
ODD, IN_FRAME, NAMES = scenario.ODD, scenario.IN_FRAME, scenario.NAMES


def pairs(rows: scenario.Rows) -> list[Any]:
    return scenario.asked(rows, NAMES, 0, None, None, None)


def columns_of(name: str) -> list[dict[str, Any]]:
    return next(row["columns"] for row in scenario.ROWS if row["external_id"] == name)


@CHECKS.of("create sequences")
def create_sequences(sdk: SdkRun, seen: Any) -> None:
    assert seen == sdk.stored(FAMILY, *(row["external_id"] for row in scenario.BY_SDK))


@CHECKS.of("insert rows of sequences")
def insert_rows_of_sequences(sdk: SdkRun, seen: Any) -> None:
    assert seen == [None] * 7


@CHECKS.of("retrieve sequences")
def retrieve_sequences(sdk: SdkRun, seen: Any) -> None:
    one, several, types, nobody = seen[:4]
    assert [one] == sdk.stored(FAMILY, "cdframe/odd")
    assert several == sdk.stored(FAMILY, "cdframe/odd", "SDK/ø ⛵", "plant/sequence-07")
    assert types == [NAMES, ["LONG", "DOUBLE", "STRING"]]
    assert nobody == [None, None]
    if not sdk.is_2021:
        assert seen[4] == sdk.stored(FAMILY, "sdk/odd")


@CHECKS.of("iterate over sequences")
def iterate_over_sequences(sdk: SdkRun, seen: Any) -> None:
    plant = sdk.world.names(FAMILY, {"external_id_prefix": "plant/"})
    assert [len(chunk) for chunk in seen["chunks"]] == [8, 8, 8, 6]
    assert list(itertools.chain(*seen["chunks"])) == plant
    assert seen["one by one"] == plant[:11]
    assert seen["all"] == sdk.world.names(FAMILY, {})


@CHECKS.of("sequences of assets")
def sequences_of_assets(sdk: SdkRun, seen: Any) -> None:
    def of(*assets: str) -> list[str]:
        return sorted(row["external_id"] for row in scenario.ROWS if row.get("asset_id") in assets)

    named = [row["external_id"] for row in scenario.ROWS if row.get("name") == "Pump curve"]
    assert seen == {
        "asset": of("plant/1"),
        "asset, filtered": [name for name in of("plant") if name in named],
        "some": of("plant", "plant/0/1/1"),
    }


@CHECKS.of("values in sequences")
def values_in_sequences(sdk: SdkRun, seen: Any) -> None:
    assert seen.keys() == scenario.ROWS_OF.keys()
    for name, rows in scenario.ROWS_OF.items():
        found, columns, length = seen[name]
        assert (name, exactly(found)) == (name, exactly([[number, values] for number, values in sorted(rows.items())]))
        assert columns == [[column["external_id"], column["value_type"]] for column in columns_of(name)]
        assert length == len(rows)


@CHECKS.of("ranges of rows")
def ranges_of_rows(sdk: SdkRun, seen: Any) -> None:
    for name, (start, end, columns, limit) in scenario.RANGES.items():
        of_sdk, of_cdframe, *headers = seen[name]
        expected = scenario.asked(ODD, NAMES, start, end, columns, limit)
        assert (name, exactly(of_sdk), exactly(of_cdframe)) == (name, exactly(expected), exactly(expected))
        assert headers == [columns or NAMES] * 2


@CHECKS.of("parts of rows")
def parts_of_rows(sdk: SdkRun, seen: Any) -> None:
    whole = scenario.asked(ODD, NAMES, 0, 4, None, None)
    assert exactly(seen["a row"]) == exactly(ODD[2])
    assert exactly(seen["a column"]) == exactly([values[1] for _, values in whole])
    assert exactly(seen["of the sequence"]) == exactly(scenario.asked(ODD, NAMES, 2, 9, None, None))
    assert exactly(seen["dumped"]) == exactly([{"rowNumber": number, "values": values} for number, values in whole])
    assert seen["equal"]
    assert seen["no such column"] == "ValueError"


@CHECKS.of("rows of several sequences")
def rows_of_several_sequences(sdk: SdkRun, seen: Any) -> None:
    assert seen["items"] == [scenario.asked(rows, NAMES, 0, 50, None, None) for rows in (ODD, IN_FRAME, {})]
    assert seen["by both"] == sorted(scenario.asked(rows, NAMES, 0, 10, ["double"], None) for rows in (ODD, IN_FRAME))
    columns = ["long", "kæ/1 text"]
    parts = [dict(scenario.asked(rows, NAMES, 0, 9, columns, None)) for rows in (ODD, IN_FRAME)]
    numbers = sorted({*parts[0], *parts[1]})
    joined = [[value for part in parts for value in part.get(number, [None, None])] for number in numbers]
    headers = [f"{name}|{column}" for name in ("cdframe/odd", "sdk/frame") for column in columns]
    # In pandas, integers with gaps are doubles.
    joined = [[float(one) if isinstance(one, int) else one for one in row] for row in joined]
    assert seen["joined"] == [numbers, headers, joined]


@CHECKS.of("frames with gaps")
def frames_with_gaps(sdk: SdkRun, seen: Any) -> None:
    assert exactly(seen) == exactly([[4, [1, None, "a"]], [6, [None, 0.5, None]], [9, [3, None, ""]]])


@CHECKS.of("frames of sequences")
def frames_of_sequences(sdk: SdkRun, seen: Any) -> None:
    whole = [list(IN_FRAME), NAMES, list(IN_FRAME.values())]
    assert seen["all"] == seen["to pandas"] == whole
    columns = ["kæ/1 text", "double"]
    some = scenario.asked(IN_FRAME, NAMES, 5, 20, columns, 3)
    assert seen["some"] == [[number for number, _ in some], columns, [values for _, values in some]]
    assert seen["headers"] == [NAMES, [f"sdk/odd|{name}" for name in NAMES]]
    nulls = scenario.asked(ODD, NAMES, 0, 25, columns[::-1], None)
    assert seen["nulls"] == [[number for number, _ in nulls], columns[::-1], [values for _, values in nulls]]


@CHECKS.of("last rows of sequences")
def last_rows_of_sequences(sdk: SdkRun, seen: Any) -> None:
    rows = pairs(ODD)
    assert seen == {
        "last": rows[-1:],
        "before": [row for row in rows if row[0] < 21][-1:],
        "a column": [[2**40, [ODD[2**40][0]]]],
        "before all": [],
        "none": [],
    }


@CHECKS.of("advanced lists of sequences")
def advanced_lists_of_sequences(sdk: SdkRun, seen: Any) -> None:
    def names(chosen: Callable[[scenario.Row], bool]) -> list[str]:
        return sorted(row["external_id"] for row in scenario.ROWS if chosen(row))

    no_curve = names(lambda row: row.get("name") != "Pump curve")
    counts = [list(pair) for pair in sdk.world.counts(FAMILY, "name", {})]
    assert seen == {
        "found": {
            "not": no_curve,
            "exists": names(lambda row: "description" in row),
            "in": names(lambda row: row.get("metadata", {}).get("state") in ("0", "2")),
            "prefix": names(lambda row: row.get("name", "").startswith("Valve")),
            "asset": names(lambda row: row.get("asset_id") == "plant/1"),
            "search": names(lambda row: "speed" in row.get("description", "").casefold()),
        },
        "counted": len(no_curve),
        "sorted": sdk.world.sorted_names(FAMILY, {}, [("name", "desc"), ("external_id", "asc")]),
        "in partitions": names(lambda row: True),
        "names": counts,
        "different names": len(counts),
    }


@CHECKS.of("rows changed and deleted")
def rows_changed_and_deleted(sdk: SdkRun, seen: Any) -> None:
    changed, last, deleted, out_of_range, none, again = seen
    assert exactly(changed) == exactly([[2, [2, 1.0, "2"]], [3, [None, 1.5, "three"]], [4, [4, 2.0, "4"]]])
    assert exactly(last) == exactly([[19, [19, 9.5, "19"]], [30, [30, None, "thirty"]]])
    left = [number for number in [*range(20), 30] if number not in (2, 3)]
    assert deleted == left
    assert out_of_range == [number for number in left if not 5 <= number < 15]
    assert none == []
    assert exactly(again) == exactly([[number, [number, number / 2, str(number)]] for number in (0, 1, 4)])


@CHECKS.of("many rows of sequences")
def many_rows_of_sequences(sdk: SdkRun, seen: Any) -> None:
    numbers = list(scenario.many_rows())
    assert seen["as written"] == [True, True]
    assert seen["a limit"] == numbers[3 : 3 + 11_234]
    assert seen["a limit of wide"] == 1_200
    assert seen["left"] == [number for number in numbers if not 100 <= number < 25_000]


@CHECKS.of("update sequences")
def update_sequences(sdk: SdkRun, seen: Any) -> None:
    assets = {name: row["id"] for name, row in sdk.world.known["assets"].items()}
    north = sdk.world.known["data_sets"]["sets/north"]["id"]
    states = [without_server_set(row) for row in seen[:7]]
    new = {"externalId": "changing", "name": "new"}
    changed = {"externalId": "changed", "metadata": {}}
    whole = {"externalId": "changed", "description": "whole", "metadata": {"new": "pair"}}
    assert states == [
        {**new, "metadata": {"a": "1", "b": "2"}, "assetId": assets["plant"], "dataSetId": north},
        {**new, "metadata": {"a": "1", "b": "3", "c": "4"}, "assetId": assets["plant/1"], "dataSetId": north},
        {**new, "metadata": {"b": "3", "c": "4"}, "assetId": assets["plant/1"]},
        {**new, "metadata": {"only": "this"}},
        changed,
        whole,
        {**whole, "name": "last"},
    ]
    if not sdk.is_2021:
        assert without_server_set(seen[7]) == {"externalId": "changed", "name": "only", "metadata": {}}
        assert seen[8] == [["changed", "upserted"], ["upserted", "new"]]
    times = [row["lastUpdatedTime"] for row in seen[:7]]
    assert times == sorted(times)
    assert len({row["id"] for row in seen[:7]}) == len({row["createdTime"] for row in seen[:7]}) == 1


def without_server_set(row: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "createdTime", "lastUpdatedTime", "columns")
    return {name: value for name, value in row.items() if name not in names}


@CHECKS.of("columns of sequences")
def columns_of_sequences(sdk: SdkRun, seen: Any) -> None:
    long, double, text = (wire_row(column) for column in scenario.COLUMNS)
    new = {"externalId": "new", "valueType": "LONG", "name": "New"}
    more = [{"externalId": "x", "valueType": "DOUBLE"}, {"externalId": "y", "valueType": "STRING"}]
    renamed = {key: value for key, value in long.items() if key != "description"}
    renamed |= {"externalId": "renamed", "metadata": {"unit": "m", "k": "v"}}
    unnamed = {"externalId": "new", "valueType": "LONG", "metadata": {"only": "this"}}
    states = [
        ([long, double, text, new], [[1, 0.5, "a", None], [2, None, "b", None]]),
        ([long, double, text, new, *more], [[1, 0.5, "a", None, None, None], [2, None, "b", None, None, None]]),
        ([long, text, new, *more], [[1, "a", None, None, None], [2, "b", None, None, None]]),
        ([long, text, new], [[1, "a", None], [2, "b", None]]),
        ([renamed, text, unnamed], [[1, "a", None], [2, "b", None]]),
        (None, [[1, "a", None], [2, "b", 9]]),
    ]
    expected = [[columns, [[1, first], [2, second]]] for columns, (first, second) in states]
    for number, (found, wanted) in enumerate(zip(seen, expected, strict=True)):
        assert (number, found) == (number, wanted)


@CHECKS.of("columns taken from another sequence")
def columns_taken_from_another_sequence(sdk: SdkRun, seen: Any) -> None:
    assert seen[0] == [wire_row(column) for column in scenario.COLUMNS]
    if sdk.is_2021:
        assert seen[1] == [
            {"externalId": "column0", "valueType": "DOUBLE"},
            {"externalId": "column1", "valueType": "STRING"},
        ]


@CHECKS.of("a sequence created again")
def a_sequence_created_again(sdk: SdkRun, seen: Any) -> None:
    (stored,) = sdk.stored(FAMILY, "plant/sequence-02")
    assert without_server_set(seen) == {**without_server_set(stored), "externalId": "again"}
    assert seen["id"] != stored["id"]


@CHECKS.of("delete sequences")
def delete_sequences(sdk: SdkRun, seen: Any) -> None:
    assert seen == [["short/2", "short/3"], [], []]


@CHECKS.of("errors of sequences")
def errors_of_sequences(sdk: SdkRun, seen: Any) -> None:
    one, nobody, unknown = {"externalId": "cdframe/odd"}, {"externalId": "nobody"}, "Sequences not found"
    expected: Expected = {
        "name taken": duplicated("", one),
        "name twice": duplicated("", {"externalId": "twice"}),
        "no asset": missing("Asset ids not found", {"id": 17}),
        "no data set": missing("Data set ids not found", {"id": 18}),
        "no columns": refused(CONSTRAINT),
        "a column twice": duplicated("", {"externalId": "only"}),
        "not a type": refused(),
        "title too long": refused(CONSTRAINT),
        "unknown in byids": missing(unknown, {"id": 17}, nobody),
        "unknown in delete": missing(unknown, {"id": 17}, nobody),
        "unknown in update": missing(unknown, nobody),
        "name taken in update": duplicated("", {"externalId": "sdk/odd"}),
        "no column in update": missing("", nobody),
        "a column taken in update": duplicated("", {"externalId": "long"}),
        "the last column removed": refused(),
        "rows of nobody": missing(unknown, nobody),
        "rows into nobody": missing(unknown, nobody),
        "rows out of nobody": missing(unknown, nobody),
        "no such column": refused("Can't find column 'nobody'", 404),
        "into no such column": refused("Can't find column 'nobody'", 404),
        "a text into longs": refused("Expected"),
        "a fraction into longs": refused("Expected"),
        "a number into texts": refused("Expected"),
        "a text too long": refused("Expected"),
        "a double too large": refused("Expected"),
        "too few values": refused(),
        "a row before the first": refused(CONSTRAINT),
    }
    as_it_came = {"sdk2": {"rows of nobody", "rows out of nobody"}, "sdk7": {"rows out of nobody"}}.get(sdk.name, set())
    check_refusals(sdk, seen, expected, {}, as_it_came)
