"""Sections on extraction pipelines, their runs and their configurations."""

from collections.abc import Iterable
from typing import Any

from tests.conformance import scenario_of_pipelines as scenario
from tests.conformance.scenario import error_seen
from tests.conformance.sdk_dialect import (
    IS_2,
    all_to_write,
    ask,
    change,
    client,
    contact_to_write,
    created_again,
    data_classes,
    dumped,
    fields_of,
    known,
    learn,
    names_of,
    section,
    to_write,
)
from tests.conformance.words import Row

FAMILY = "extraction_pipelines"
pipelines = client.extraction_pipelines
runs = client.extraction_pipeline_runs if IS_2 else pipelines.runs


def run_to_write(name: str, fields: Row) -> Any:
    if IS_2:
        return data_classes.ExtractionPipelineRun(external_id=name, **fields)
    return data_classes.ExtractionPipelineRunWrite(extpipe_external_id=name, **fields)


def summary(found: Iterable[Any]) -> list[Any]:
    return [[run.status, run.message, run.created_time] for run in found]


@section("create extraction pipelines")
def _() -> Any:
    one, *others = all_to_write(FAMILY, scenario.BY_SDK)
    return [dumped(pipeline) for pipeline in [pipelines.create(one), *pipelines.create(others)]]


@section("create runs")
def _() -> Any:
    seen = {}
    for name, (one, *others) in scenario.RUNS_BY_SDK.items():
        created = [runs.create(run_to_write(name, one))]
        for several in (others[:20], others[20:]):
            created += runs.create([run_to_write(name, fields) for fields in several]) if several else []
        seen[name] = summary(created)
    return seen


learn(FAMILY, scenario.ROWS)
ask(FAMILY, scenario.QUESTIONS)


@section("retrieve extraction pipelines")
def _() -> Any:
    one = pipelines.retrieve(external_id="plant/pipeline-01")
    several = pipelines.retrieve_multiple(ids=[one.id], external_ids=["SDK/ø ⛵", "plant/pipeline-07"])
    some = pipelines.retrieve_multiple(ids=[17], external_ids=["nobody", "sdk/logged"], ignore_unknown_ids=True)
    nobody = pipelines.retrieve(external_id="nobody"), pipelines.retrieve(id=17)
    contacts = [contact if isinstance(contact, dict) else contact.dump() for contact in one.contacts]
    return [dumped(one), dumped(several), dumped(some), nobody, contacts[0]["email"]]


@section("lists of runs")
def _() -> Any:
    return {
        name: {
            key: summary(runs.list(external_id=name, **question)) for key, question in scenario.RUN_QUESTIONS.items()
        }
        for name in (*scenario.RUNS, "sdk/least")
    }


@section("runs of now")
def _() -> Any:
    pipelines.create(to_write(FAMILY, {"external_id": "now", "name": "Now", "data_set_id": "sets/north"}))
    seen, states = [], ("seen", "failure", "success")
    for status in states:
        created = runs.create(run_to_write("now", {"status": status, "message": f"A {status}"}))
        pipeline = pipelines.retrieve(external_id="now")
        last = {state: getattr(pipeline, f"last_{state}") for state in states}
        seen.append([created.created_time == last[status], last[status] >= pipeline.created_time])
        seen.append([state for state in states if last[state]] + [pipeline.last_message])
    changed = pipelines.update(change(FAMILY, external_id="now").external_id.set("renamed"))
    seen.append([run.status for run in runs.list(external_id="renamed")])
    pipelines.delete(id=changed.id)
    pipelines.create(to_write(FAMILY, {"external_id": "renamed", "name": "Now", "data_set_id": "sets/north"}))
    seen.append([run.status for run in runs.list(external_id="renamed")])
    pipelines.delete(external_id="renamed")
    return seen


@section("update extraction pipelines")
def _() -> Any:
    south = known["data_sets"]["sets/south"]["id"]
    row = {
        "external_id": "changing",
        "name": "n",
        "description": "d",
        "data_set_id": "sets/north",
        "raw_tables": scenario.TABLES,
        "schedule": "Continuous",
        "contacts": scenario.CONTACTS,
        "metadata": {"a": "1", "b": "2"},
        "source": "s",
        "documentation": "D",
        "created_by": "c",
    }
    written = fields_of(FAMILY, row)
    created = pipelines.create(to_write(FAMILY, row))
    tables = written["raw_tables"]
    contacts = [contact_to_write(contact).dump(camel_case=True) for contact in scenario.CONTACTS]
    seen = []
    for update in (
        change(FAMILY, external_id="changing").name.set("new").description.set(None).schedule.set("On trigger"),
        change(FAMILY, id=created.id).source.set(None).documentation.set(None).data_set_id.set(south),
        change(FAMILY, id=created.id).metadata.add({"b": "3", "c": "4"}).raw_tables.remove(tables[:1]),
        change(FAMILY, id=created.id).metadata.remove(["a", "absent"]).contacts.remove(contacts[:1]),
        change(FAMILY, id=created.id).raw_tables.add([*tables]).contacts.add(contacts[:1]).schedule.set(None),
        change(FAMILY, id=created.id).metadata.set({"only": "this"}).raw_tables.set(tables[:1]).contacts.set([]),
        change(FAMILY, id=created.id).metadata.set({}).raw_tables.set([]).external_id.set("changed"),
    ):
        seen.append(dumped(pipelines.update(update)))
    whole = pipelines.retrieve(external_id="changed")
    whole.description, whole.metadata, whole.raw_tables = "whole", {"new": "pair"}, tables
    whole.contacts = [contact_to_write(contact) for contact in scenario.CONTACTS]
    seen.append(dumped(pipelines.update(whole)))
    seen.append(dumped(pipelines.update([change(FAMILY, id=created.id).name.set("last")])[0]))
    pipelines.delete(id=created.id)
    return seen


@section("an extraction pipeline created again")
def _() -> Any:
    return created_again(FAMILY, "plant/pipeline-02")


def short_ones() -> list[str]:
    return sorted(name for name in names_of(pipelines.list(limit=None)) if name.startswith("short/"))


@section("delete extraction pipelines")
def _() -> Any:
    rows = [{"external_id": f"short/{k}", "name": "Short", "data_set_id": "sets/north"} for k in range(4)]
    created = pipelines.create(all_to_write(FAMILY, rows))
    pipelines.delete(id=created[0].id, external_id="short/1")
    seen = [short_ones()]
    pipelines.delete(external_id=["short/2", "short/3"])
    return [*seen, short_ones()]


if not IS_2:

    @section("iterate over extraction pipelines")
    def _() -> Any:
        return {
            "chunks": [names_of(chunk) for chunk in pipelines(chunk_size=9)],
            "one by one": names_of(pipelines(limit=11)),
        }

    @section("notifications of extraction pipelines")
    def _() -> Any:
        kind = data_classes.extractionpipelines.ExtractionPipelineNotificationConfiguration
        row = {"external_id": "notifying", "name": "Notifying", "data_set_id": "sets/north"}
        written = to_write(FAMILY, row)
        written.notification_config = kind(allowed_not_seen_range_in_minutes=10)
        created = pipelines.create(written)
        longer = kind(allowed_not_seen_range_in_minutes=20).dump()
        changed = pipelines.update(change(FAMILY, external_id="notifying").notification_config.set(longer))
        cleared = pipelines.update(change(FAMILY, external_id="notifying").notification_config.set(None))
        pipelines.delete(id=created.id)
        return [dumped(one).get("notificationConfig") for one in (created, changed, cleared)]

    @section("configurations of extraction pipelines")
    def _() -> Any:
        name, configs = "sdk/least", pipelines.config
        write = data_classes.ExtractionPipelineConfigWrite
        seen = []
        for number, text in enumerate(("host: a\n", "", "host: ⛵\n" * 1_000)):
            created = configs.create(write(external_id=name, config=text, description=f"Number {number}"))
            seen.append([created.revision, created.config == text, created.description])
        latest, first = configs.retrieve(name), configs.retrieve(name, revision=1)
        seen.append([latest.revision, len(latest.config), first.revision, first.config])
        seen.append([one.revision for one in configs.list(name)])
        again = configs.revert(name, revision=1)
        seen.append([again.revision, again.config, configs.retrieve(name).revision])
        seen.append(configs.retrieve("plant/pipeline-03").config)
        return seen


@section("errors of extraction pipelines")
def _() -> Any:
    plain = {"name": "n", "data_set_id": "sets/north"}

    def create(*rows: Row) -> Any:
        return lambda: pipelines.create(all_to_write(FAMILY, [{**plain, **row} for row in rows]))

    def tell(name: str, **fields: Any) -> Any:
        return lambda: runs.create(run_to_write(name, fields))

    one = {"external_id": "plant/pipeline-01"}
    calls = {
        "name taken": create({"external_id": "free"}, one),
        "name twice": create({"external_id": "twice"}, {"external_id": "twice"}),
        "no data set": create({"external_id": "x", "data_set_id": 18}),
        "title too long": create({"external_id": "x", "name": "x" * 141}),
        "description too long": create({"external_id": "x", "description": "x" * 501}),
        "documentation too long": create({"external_id": "x", "documentation": "x" * 10_001}),
        "unknown in byids": lambda: pipelines.retrieve_multiple(ids=[17], external_ids=["nobody", "sdk/logged"]),
        "unknown in delete": lambda: pipelines.delete(id=17, external_id=["nobody", "sdk/logged"]),
        "unknown in update": lambda: pipelines.update(change(FAMILY, external_id="nobody").name.set("x")),
        "name taken in update": lambda: pipelines.update(change(FAMILY, **one).external_id.set("sdk/logged")),
        "no data set in update": lambda: pipelines.update(change(FAMILY, **one).data_set_id.set(18)),
        "title cleared": lambda: pipelines.update(change(FAMILY, **one).name.set(None)),
        "run of nobody": tell("nobody", status="success"),
        "run of no status": tell("sdk/logged", status="done"),
        "run of too many words": tell("sdk/logged", status="failure", message="x" * 1001),
        "runs of nobody": lambda: runs.list(external_id="nobody"),
        "failures of nobody": lambda: runs.list(external_id="nobody", statuses=["failure"]),
    }
    return {name: error_seen(call) for name, call in calls.items()}
