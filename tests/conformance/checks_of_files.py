"""What the sections on files and their contents should have seen."""

import itertools
from typing import Any

from tests.conformance import scenario_of_files as scenario
from tests.conformance.checks_of_refusals import CONSTRAINT, Expected, check_refusals, duplicated, missing, refused
from tests.conformance.sdk_run import Checks, SdkRun

CHECKS = Checks()
FAMILY = "files"
CONTENTS = {name: content.hex() for name, content in scenario.CONTENTS.items()}
BY_NAME = {row["external_id"]: row for row in scenario.ROWS}


def before_upload(row: dict[str, Any]) -> dict[str, Any]:
    """A row as the answer to its creation has it, when no content has come."""
    return {name: value for name, value in row.items() if name != "uploadedTime"} | {"uploaded": False}


@CHECKS.of("create files")
def create_files(sdk: SdkRun, seen: Any) -> None:
    created = sdk.stored(FAMILY, "sdk/created", "SDK/ø ⛵")
    assert [row for row, _ in seen] == created
    assert [is_url for _, is_url in seen] == [True, True]


@CHECKS.of("upload files")
def upload_files(sdk: SdkRun, seen: Any) -> None:
    names = ["path", "empty path", "large", "handle", "empty handle", "bytes", "empty bytes", "text"]
    stored = sdk.stored(FAMILY, *(f"sdk/{name}" for name in names))
    assert seen == [before_upload(row) for row in stored]


@CHECKS.of("retrieve files")
def retrieve_files(sdk: SdkRun, seen: Any) -> None:
    one, several, nobody = seen[:3]
    assert [one] == sdk.stored(FAMILY, "cdframe/path")
    assert several == sdk.stored(FAMILY, "cdframe/path", "SDK/ø ⛵", "plant/file-07")
    assert nobody == [None, None]
    if not sdk.is_2021:
        assert seen[3] == sdk.stored(FAMILY, "sdk/text")


@CHECKS.of("iterate over files")
def iterate_over_files(sdk: SdkRun, seen: Any) -> None:
    plant = sdk.world.names(FAMILY, {"external_id_prefix": "plant/"})
    assert [len(chunk) for chunk in seen["chunks"]] == [8, 8, 8, 6]
    assert list(itertools.chain(*seen["chunks"])) == plant
    assert seen["one by one"] == plant[:11]
    assert seen["all"] == sdk.world.names(FAMILY, {})
    if not sdk.is_2021:
        assert seen["in partitions"] == sorted(seen["all"])


@CHECKS.of("files of assets")
def files_of_assets(sdk: SdkRun, seen: Any) -> None:
    def of(*assets: str) -> list[str]:
        return sorted(row["external_id"] for row in scenario.ROWS if {*assets} & set(row.get("asset_ids", ())))

    assert seen == {
        "asset": of("plant/1"),
        "asset, filtered": [name for name in of("plant") if BY_NAME[name].get("source") == "SAP"],
        "some": of("plant", "plant/0/1/1", "plant/2/1"),
    }


@CHECKS.of("contents of files")
def contents_of_files(sdk: SdkRun, seen: Any) -> None:
    assert [name for name, content in CONTENTS.items() if seen["by name"][name] != content] == []
    assert seen["by id"] == {name: CONTENTS[name] for name in ("cdframe/path", "sdk/empty path")}


@CHECKS.of("download files")
def download_files(sdk: SdkRun, seen: Any) -> None:
    names = ("cdframe/path", "sdk/large", "sdk/text", "sdk/empty bytes", "plant/file-01")
    expected = {BY_NAME[name]["name"]: CONTENTS[name] for name in names}
    expected |= {"by path": CONTENTS["cdframe/text"], "again": CONTENTS["cdframe/path"]}
    assert seen["found"].keys() == expected.keys()
    assert [name for name, content in expected.items() if seen["found"][name] != content] == []
    assert seen["fetched"] == [CONTENTS["cdframe/path"], CONTENTS["sdk/text"]]
    assert seen["links"] == 2


@CHECKS.of("folders of files")
def folders_of_files(sdk: SdkRun, seen: Any) -> None:
    tree = {name: [name.rpartition("/")[2], "tree", "/tree", True, scenario.TREE[name].hex()] for name in scenario.TREE}
    folders, left = seen
    assert folders == {
        "flat": sorted(row for name, row in tree.items() if "/" not in name),
        "deep": sorted(tree.values()),
    }
    assert left == 0


@CHECKS.of("overwrite files")
def overwrite_files(sdk: SdkRun, seen: Any) -> None:
    first, second, third, fourth = seen
    assert first == b"first".hex()
    assert second == [True, b"second".hex(), ["second", "x", None, {"c": "3"}, True]]
    assert third == [True, b"3".hex(), ["third", "x", "x/y", {"c": "3"}, True]]
    # What was there stays until the new content has come.
    assert fourth == [[True, b"3".hex()], 200, (b"fourth, " + scenario.ALL_BYTES).hex()]


@CHECKS.of("contents in parts")
def contents_in_parts(sdk: SdkRun, seen: Any) -> None:
    assert seen == {
        "new": [True, ["parts", None, "x/y", None, True]],
        "known": "one, two, ",
        "incomplete": "one, two, ",
        "bytes": "text ⛵",
        "path": "of a path",
        "empty path": "",
    }


@CHECKS.of("a text handle")
def a_text_handle(sdk: SdkRun, seen: Any) -> None:
    assert seen == (None if sdk.name == "sdk8" else scenario.TEXT.encode().hex())


@CHECKS.of("update files")
def update_files(sdk: SdkRun, seen: Any) -> None:
    assets = {name: row["id"] for name, row in sdk.world.known["assets"].items()}
    north = sdk.world.known["data_sets"]["sets/north"]["id"]
    base = {"externalId": "changing", "name": "changing.txt", "uploaded": False}
    pump, valve = {"externalId": "PUMP"}, {"externalId": "VALVE"}
    first = {
        **base,
        "mimeType": "z",
        "directory": "/e",
        "metadata": {"a": "1", "b": "2"},
        "assetIds": [assets["plant"]],
        "dataSetId": north,
        "labels": [pump],
    }
    placed = {"geoLocation": scenario.feature(scenario.point((1, 2))), "sourceCreatedTime": 1, "sourceModifiedTime": 2}
    both = [assets["plant"], assets["plant/1"]]
    third = {**first, "metadata": {"a": "1", "b": "3", "c": "4"}, "assetIds": both, "sourceModifiedTime": 5}
    fourth = {**third, "metadata": {"b": "3", "c": "4"}, "assetIds": [assets["plant/1"]]}
    fifth = {name: value for name, value in fourth.items() if name != "dataSetId"} | {"labels": [pump, valve]}
    sixth = {name: value for name, value in fifth.items() if name != "mimeType"} | {"labels": [valve]}
    seventh = {name: value for name, value in sixth.items() if name != "directory"}
    changed = {**base, "externalId": "changed", "metadata": {}, "labels": [valve], "sourceModifiedTime": 5}
    whole = {**changed, "source": "whole", "metadata": {"new": "pair"}, "assetIds": [assets["plant"]]}
    expected = [
        {**first, **placed},
        {**first, "sourceModifiedTime": 5},
        third,
        fourth,
        fifth,
        sixth,
        {**seventh, "metadata": {"only": "this"}, "assetIds": [assets["plant/2"]]},
        changed,
        whole,
        {**whole, "source": "last"},
    ]
    where = {"geoLocation": placed["geoLocation"]} if sdk.is_2021 else {}  # which 2.x cannot clear
    for number, (row, wanted) in enumerate(zip(seen, expected, strict=False)):
        assert (number, without_server_set(row)) == (number, {**where, **wanted})
    if not sdk.is_2021:
        only = {**base, "externalId": "changed", "mimeType": "only", "metadata": {}}
        assert without_server_set(seen[10]) == only
    times = [row["lastUpdatedTime"] for row in seen]
    assert times == sorted(times)
    assert len({row["id"] for row in seen}) == len({row["createdTime"] for row in seen}) == 1


def without_server_set(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("id", "createdTime", "lastUpdatedTime")}


@CHECKS.of("delete files")
def delete_files(sdk: SdkRun, seen: Any) -> None:
    assert seen == [["short/2", "short/3"], [], [False, 400]]


@CHECKS.of("links to assets that are deleted")
def links_to_assets_that_are_deleted(sdk: SdkRun, seen: Any) -> None:
    assert seen == [[True, None], True, [True, True], True, None]


@CHECKS.of("files that lead out of a folder")
def files_that_lead_out_of_a_folder(sdk: SdkRun, seen: Any) -> None:
    assert seen == [[False, {}]] * 3


@CHECKS.of("errors of files")
def errors_of_files(sdk: SdkRun, seen: Any) -> None:
    taken, nobody, labels = (
        duplicated("", {"externalId": "cdframe/path"}),
        {"externalId": "nobody"},
        "Label ids not found",
    )
    ids = {name: row["id"] for name, row in sdk.world.known[FAMILY].items()}
    into_folder = "externalIds: plant/file-21" if sdk.is_2021 else f"ids: {ids['plant/file-21']}"
    expected: Expected = {
        "name taken": taken,
        "name taken in an upload": taken,
        "title empty": refused(CONSTRAINT),
        "title too long": refused(CONSTRAINT),
        "a relative directory": refused(),
        "no asset": missing("Asset ids not found", {"id": 17}, {"id": 18}),
        "no data set": missing("Data set ids not found", {"id": 18}),
        "no label": missing(labels, nobody),
        "metadata key too long": refused(CONSTRAINT),
        "unknown in byids": missing("File", {"id": 17}, nobody),
        "unknown in delete": missing("File", {"id": 17}, nobody),
        "unknown in update": missing("Files ids not found", nobody),
        "name taken in update": duplicated("", {"externalId": "sdk/path"}),
        "no label in update": missing(labels, nobody),
        "no asset in update": missing("Asset ids not found", {"id": 17}),
        "not uploaded": refused("Files not uploaded, externalIds: sdk/created"),
        "not uploaded, by id": refused(f"Files not uploaded, ids: {ids['plant/file-25']}"),
        "not uploaded, into a folder": refused(f"Files not uploaded, {into_folder}"),
        "content of nobody": missing("Files ids not found", nobody),
        "links of nobody": missing("File", {"id": 17}, nobody),
        "a shape that is none": refused(),
    }
    if sdk.name == "sdk8":
        expected["content to nobody"] = missing("Files ids not found", nobody)
    as_it_came = {"name taken", "name taken in an upload", "no asset", "no data set", "no label", "content of nobody"}
    by_the_sdk = {"no path": "FileNotFoundError" if sdk.name == "sdk8" else "ValueError"}
    check_refusals(sdk, seen, expected, by_the_sdk, () if sdk.name == "sdk8" else as_it_came)
