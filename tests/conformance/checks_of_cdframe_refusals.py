"""How cdframe tells what is refused about files, sequences, raw tables and extraction pipelines."""

from collections.abc import Iterator

import pytest

import cdframe
from tests.conformance.checks_of_cdframe_resources import Error, Refusal, check_refusal, duplicated, missing, refused


def check_refusals(client: cdframe.CogniteClient, subtests: pytest.Subtests) -> None:
    for family, error, call in refusals(client):
        with subtests.test(f"cdframe: errors of {family}: {error}"):
            check_refusal(error, call)


def unknown_name(kind: str) -> Error:
    """Raw says 404 where others say 400."""
    return cdframe.CogniteNotFoundError, 404, [{"name": "nobody"}], f"Following {kind} not found: nobody"


def refusals(client: cdframe.CogniteClient) -> Iterator[Refusal]:
    files, sequences, rows = client.files, client.sequences, client.raw.rows
    pipelines, runs = client.extraction_pipelines, client.extraction_pipeline_runs
    nobody, data = {"externalId": "nobody"}, sequences.data
    unknown = missing("Sequences not found", nobody)
    columns = [{"external_id": "only"}]
    yield (
        "files",
        duplicated({"externalId": "sdk/text"}),
        lambda: files.create({"name": "n", "external_id": "sdk/text"}),
    )
    yield "files", missing("Asset ids not found", {"id": 17}), lambda: files.create({"name": "n", "asset_ids": [17]})
    yield "files", missing("Files ids not found", nobody), lambda: files.download_bytes(external_id="nobody")
    yield "files", missing("", {"id": 17}, nobody), lambda: files.delete(id=17, external_id=["nobody", "sdk/text"])
    yield (
        "sequences",
        duplicated({"externalId": "sdk/odd"}),
        lambda: sequences.create({"external_id": "sdk/odd", "columns": columns}),
    )
    yield "sequences", unknown, lambda: data.retrieve(0, None, external_id="nobody")
    yield "sequences", unknown, lambda: data.insert({1: [1]}, ["long"], external_id="nobody")
    yield "sequences", unknown, lambda: data.delete([1], external_id="nobody")
    yield (
        "sequences",
        missing("", nobody),
        lambda: sequences.update({"external_id": "sdk/odd", "columns.remove": ["nobody"]}),
    )
    yield "raw", unknown_name("databases"), lambda: client.raw.tables.list("nobody")
    yield "raw", unknown_name("databases"), lambda: rows.insert("nobody", "t", {"a": {}})
    yield "raw", unknown_name("tables"), lambda: rows.list("d b", "nobody", limit=None)
    yield "raw", unknown_name("tables"), lambda: client.raw.tables.delete("d b", ["nobody", "t/t"])
    yield "raw", duplicated({"name": "t/t"}), lambda: client.raw.tables.create("d b", ["free", "t/t"])
    yield "raw", refused("Only empty databases can be deleted"), lambda: client.raw.databases.delete("d b")
    yield "extraction pipelines", missing("Extraction pipelines not found", nobody), lambda: runs.list("nobody")
    yield (
        "extraction pipelines",
        missing("Extraction pipelines not found", nobody),
        lambda: runs.create({"external_id": "nobody", "status": "seen"}),
    )
    yield (
        "extraction pipelines",
        missing("Data set ids not found", {"id": 18}),
        lambda: pipelines.create({"external_id": "x", "name": "n", "data_set_id": 18}),
    )
