"""Extraction pipelines and their runs that cdframe and the SDKs write, and what all are asked about them."""

from typing import Any

from tests.conformance.scenario import BEGIN, DAY, HOUR
from tests.conformance.scenario_of_assets import drop_unset

Row = dict[str, Any]

# Names of databases and tables, which need not exist.
TABLES = [{"db_name": "plant", "table_name": "pumps"}, {"db_name": "nobody", "table_name": "kæ/1"}]
CONTACTS = [
    {"name": "Åse ⛵", "email": "ase@example.com", "role": "Owner", "send_notification": True},
    {"name": "Bo", "email": "bo@example.com", "role": "Maintainer", "send_notification": False},
]
SCHEDULES = (None, "On trigger", "Continuous", "0 0 9 1/1 * ?")


def of_the_plant() -> list[Row]:
    rows = []
    for number in range(28):
        row = {
            "external_id": f"plant/pipeline-{number:02d}",
            "name": f"Pipeline {number % 5}",
            "description": (None, "Brings pumps", "")[number % 3],
            "data_set_id": ("sets/north", "sets/south")[number % 2],
            "raw_tables": (None, TABLES[:1], TABLES)[number % 3],
            "schedule": SCHEDULES[number % 4],
            "contacts": (None, CONTACTS, CONTACTS[1:])[number % 3],
            "metadata": (None, {"kind": "extractor", "of": "SAP"})[number % 2],
            "source": (None, "SAP")[number % 2],
            "documentation": (None, "# Pumps\n\n*all* of them ⛵")[number % 2],
            "created_by": (None, "ase@example.com")[number % 2],
        }
        rows.append(drop_unset(row))
    return rows


BY_CDFRAME = of_the_plant()
BY_SDK: list[Row] = [
    {"external_id": "sdk/least", "name": "n", "data_set_id": "sets/empty"},
    {
        "external_id": "SDK/ø ⛵",
        "name": "n" * 140,
        "description": "d" * 500,
        "data_set_id": "sets/locked",
        "raw_tables": TABLES,
        "schedule": "On trigger",
        "contacts": CONTACTS,
        "metadata": {"q": 'a"\\', "": "no key"},
        "source": "s" * 255,
        "documentation": "D" * 10_000,
        "created_by": "c" * 255,
    },
    {"external_id": "sdk/logged", "name": "Logged", "data_set_id": "sets/north", "schedule": "Continuous"},
]
ROWS = [*BY_CDFRAME, *BY_SDK]

QUESTIONS: dict[str, Row] = {
    "as many as is usual": {"filters": {}},
    "some": {"filters": {}, "limit": 7},
    "all": {"filters": {}, "limit": None},
}


def run(status: str, time: int, message: str | None = None) -> Row:
    return drop_unset({"status": status, "message": message, "created_time": time})


def many_runs() -> list[Row]:
    """Runs in an order that is not that of their times, some of which are equal."""
    statuses = ("success", "failure", "seen", "seen")
    return [
        run(statuses[k % 4], BEGIN + k * 7 % 40 // 2 * HOUR, (None, f"Message {k}", "Lost the DATABASE ⛵")[k % 3])
        for k in range(40)
    ]


# Runs of pipelines, in the order in which they are told.
RUNS_BY_CDFRAME: dict[str, list[Row]] = {
    "plant/pipeline-00": many_runs(),
    "plant/pipeline-01": [run("success", BEGIN)],
    "plant/pipeline-02": [run("failure", BEGIN, "It failed"), run("failure", BEGIN + 5), run("success", BEGIN + DAY)],
}
RUNS_BY_SDK: dict[str, list[Row]] = {
    "sdk/logged": many_runs(),
    "SDK/ø ⛵": [run("seen", 0, "m" * 1000)],
    "plant/pipeline-01": [run("failure", BEGIN + HOUR, "From the SDK"), run("failure", BEGIN - HOUR, "Earlier")],
}
RUNS = {name: RUNS_BY_CDFRAME.get(name, []) + RUNS_BY_SDK.get(name, []) for name in (*RUNS_BY_CDFRAME, *RUNS_BY_SDK)}
RUN_QUESTIONS: dict[str, Row] = {
    "as many as is usual": {},
    "all": {"limit": None},
    "some": {"limit": 11},
    "a status": {"statuses": ["failure"]},
    "statuses": {"statuses": ["success", "seen"], "limit": None},
    "a message": {"message_substring": "database ⛵"},
    "no message": {"message_substring": "nobody"},
    "between": {"created_time": {"min": BEGIN + 2 * HOUR, "max": BEGIN + 5 * HOUR}},
    "since": {"created_time": {"min": BEGIN + 12 * HOUR}, "limit": -1},
    "all of it": {
        "statuses": ["seen", "failure"],
        "message_substring": "MESSAGE",
        "created_time": {"max": BEGIN + 15 * HOUR},
        "limit": 5,
    },
}
USUAL_LIMIT = 25


def latest_first(runs: list[Row]) -> list[Row]:
    """Runs in the order of lists: of those at the same time, the one told last is first."""
    numbered = sorted(enumerate(runs), key=lambda pair: (pair[1]["created_time"], pair[0]), reverse=True)
    return [one for _, one in numbered]


def asked(name: str, question: Row) -> list[Row]:
    """The runs of a pipeline that a question is about."""
    times = question.get("created_time", {})
    found = [
        one
        for one in latest_first(RUNS.get(name, []))
        if one["status"] in question.get("statuses", [one["status"]])
        and question.get("message_substring", "").casefold() in one.get("message", "").casefold()
        and times.get("min", 0) <= one["created_time"] <= times.get("max", one["created_time"])
    ]
    limit = question.get("limit", USUAL_LIMIT)
    return found if limit in (None, -1) else found[:limit]


def told_by_runs(name: str) -> Row:
    """What a pipeline shows of its runs, in the words of HTTP."""
    runs = latest_first(RUNS.get(name, []))
    found: Row = {}
    for status in ("success", "failure", "seen"):
        times = [one["created_time"] for one in runs if one["status"] == status]
        found[f"last{status.title()}"] = max(times, default=0)
    messages = [one["message"] for one in runs if one["status"] == "failure" and "message" in one]
    return found | ({"lastMessage": messages[0]} if messages else {})
