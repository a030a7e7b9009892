"""Ratios, targets and checks of results, and the texts and the chart that are made of them."""

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks import page
from benchmarks.chart import draw
from benchmarks.results import Results, Row, check
from benchmarks.scenarios import SCENARIOS, SIDES

ABOUT = {"machine": "a machine", "cores": "2", "versions, sdk": "Python 3.11.7, cognite-sdk 8.22.0, pandas 3.1.1"}


def run(**changes: Any) -> dict[str, Any]:
    measured = {"seconds": 1.0, "cpu_seconds": 0.5, "memory": 3 * 2**20, "result": 2 * 2**20, "requests": 52}
    return {**measured, "server_cpu_seconds": 0.1, "count": 5_000_000, "total": 7.0, **changes}


def results_of_all() -> Results:
    """A run in which the SDK takes three times as long in every scenario."""
    rows = []
    for server, scenarios in SCENARIOS.items():
        for name, scenario in scenarios.items():
            found = {"count": scenario.expected, "requests": None if server == "local" else scenario.least}
            runs = {side: [run(**found, seconds=3.0 if side == "sdk" else 1.0)] * 5 for side in scenario.sides}
            rows.append(Row(server, name, runs))
    return Results(ABOUT, rows)


def test_medians_and_ratios() -> None:
    row = Row("replay", "dense", {"cdframe": [run(seconds=s) for s in (1, 9, 2)], "sdk": [run(seconds=8.0)]})
    assert row.median("cdframe", "seconds") == 2
    assert row.spread("cdframe") == (1, 9)
    assert row.ratio("seconds") == 4
    assert row.overhead("cdframe") == 1.5
    assert row.rounds == 1


def test_targets_are_evaluated() -> None:
    runs = {"cdframe": [run(seconds=0.5)], "sdk": [run(seconds=3.0)], "discard": [run(seconds=0.1)]}
    zeros = Row("replay", "zeros", {"cdframe": [run(seconds=2.0)], "sdk": [run(seconds=3.0)]})
    slow = Row("slow", "dense", {"cdframe": [run(seconds=1.25)], "sdk": [run()]})
    dense = Row("replay", "dense", runs)
    large = Row("local", "download_large", {"cdframe": [run(memory=25e6, result=None)], "sdk": [run()]})
    results = Results(ABOUT, [dense, zeros, slow, large])
    reached = {
        (row.server, row.name, target.quantity): (results.reached(row, target), results.share(row, target))
        for row in results.rows
        for target in row.scenario.all_targets
    }
    assert reached["replay", "dense", "speed-up"] == (6, 0.5)
    assert reached["replay", "dense", "of discard"] == (0.2, pytest.approx(1 / 3))
    assert reached["replay", "dense", "peak"] == (1.5, 1)
    assert reached["replay", "dense", "requests"] == (1.04, pytest.approx(1.15 / 1.04))
    assert reached["replay", "zeros", "rate of dense"] == (0.25, 0.5)
    assert reached["slow", "dense", "of schedule"] == (1.25, 1)
    assert reached["local", "download_large", "memory"] == (25, 2)


@pytest.mark.parametrize("changes", [{"count": 4_999_999}, {"total": 7.1}])
def test_sides_must_find_the_same(changes: dict[str, float]) -> None:
    check([Row("replay", "dense", {"cdframe": [run()], "sdk": [run(), run()]})])
    with pytest.raises(SystemExit, match="dense"):
        check([Row("replay", "dense", {"cdframe": [run()], "sdk": [run(), run(**changes)]})])


def test_every_scenario_stands_in_the_tables() -> None:
    text = page.page(results_of_all())
    for scenarios in SCENARIOS.values():
        for scenario in scenarios.values():
            assert scenario.title in text
            assert all(target.text in text for target in scenario.targets)
    assert text.count("**3.0**") == sum(map(len, SCENARIOS.values()))


def test_losses_are_told() -> None:
    lost = [Row("replay", "dense", {side: [run(seconds=s)] for side, s in zip(SIDES, (4.0, 2.0, 1.0), strict=True)})]
    _, losses = page.page(Results(ABOUT, lost)).split("## Where cdframe loses")
    assert "- 1 series × 5,000,000 points (replay): time 2.0 × that of the SDK" in losses


def test_results_survive_their_file(tmp_path: Path) -> None:
    results = results_of_all()
    (tmp_path / "results.json").write_text(results.to_json())
    assert Results.from_file(tmp_path / "results.json") == results


def test_the_chart_shows_every_scenario(tmp_path: Path) -> None:
    draw(results_of_all(), tmp_path / "chart.svg")
    again = (tmp_path / "chart.svg").read_text()
    draw(results_of_all(), tmp_path / "chart.svg")
    assert (tmp_path / "chart.svg").read_text() == again
    ElementTree.fromstring(again)
    for scenario in SCENARIOS["replay"].values():
        assert f"<!-- {scenario.title} -->" in again
    assert again.count("<!-- 3.0 × -->") == sum(map(len, SCENARIOS.values()))


def test_page_chart_and_readme_are_of_the_data() -> None:
    results = Results.from_file(page.DATA)
    assert page.PAGE.read_text() == page.page(results)
    [paragraph] = page.PARAGRAPH.findall(page.README.read_text())
    assert paragraph == page.paragraph(results)
    drawn = page.CHART.read_text()
    for row in results.rows:
        assert f"<!-- {row.scenario.title} -->" in drawn


def test_nothing_is_told_of_who_owns_the_machine() -> None:
    about = json.loads(page.DATA.read_text())["about"]
    assert not re.search(r"/\w|@|\.local\b", json.dumps({k: v for k, v in about.items() if k != "time"}))
