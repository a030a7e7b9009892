"""cdframe and the HTTP API see the contents of files that cdframe and an SDK wrote."""

from pathlib import Path

import httpx
import pytest

import cdframe
from tests.conformance import scenario_of_files as scenario
from tests.conformance.raw import RawClient

BY_NAME = {row["external_id"]: row for row in scenario.ROWS}


def check_files(client: cdframe.CogniteClient, raw: RawClient, folder: Path, subtests: pytest.Subtests) -> None:
    with subtests.test("HTTP: contents of files"):
        items = [{"externalId": name} for name in scenario.CONTENTS]
        links = raw.post("/files/downloadlink", {"items": items})["items"]
        assert [link["externalId"] for link in links] == list(scenario.CONTENTS)
        for link in links:
            answer = httpx.get(link["downloadUrl"])
            row = BY_NAME[link["externalId"]]
            assert (answer.status_code, answer.content == scenario.CONTENTS[row["external_id"]]) == (200, True)
            assert answer.headers["content-type"] == row.get("mime_type", "application/octet-stream")
    with subtests.test("cdframe: contents of files"):
        for name, content in scenario.CONTENTS.items():
            assert (name, client.files.download_bytes(external_id=name) == content) == (name, True)
    with subtests.test("cdframe: downloads of files"):
        names = ["sdk/large", "sdk/text", "cdframe/path", "sdk/empty path"]
        client.files.download(folder, external_id=names)
        found = {path.name: path.read_bytes() for path in folder.iterdir()}
        assert found == {BY_NAME[name]["name"]: scenario.CONTENTS[name] for name in names}
    with subtests.test("cdframe: contents that did not come"), pytest.raises(cdframe.CogniteAPIError) as caught:
        client.files.download_bytes(external_id="sdk/created")
    with subtests.test("cdframe: the error of contents that did not come"):
        assert (caught.value.code, caught.value.message) == (400, "Files not uploaded, externalIds: sdk/created")
