"""The official Python SDKs 2.x, 7.x and 8.x, asked in one way: what their generations call differently is here.

Imported in the environment of one of them.
"""

import warnings
from collections.abc import Iterable
from typing import Any

from tests.conformance import sdk2_removed  # noqa: F401  (before the SDK)
from tests.conformance.scenario import Report, arguments
from tests.conformance.words import IDENTIFIERS, Known, Row, as_list, resolved, wire_row

# isort: split
import cognite.client as sdk
from cognite.client import CogniteClient, data_classes
from cognite.client.data_classes import LabelFilter
from cognite.client.data_classes.events import EndTimeFilter

IS_2, IS_7 = (sdk.__version__.startswith(f"{number}.") for number in (2, 7))
"""Which generation is here; 8.x is neither."""

given = arguments()
report = Report()
section = report.section

NAMES = {
    "assets": "Asset",
    "events": "Event",
    "labels": "LabelDefinition",
    "data_sets": "DataSet",
    "relationships": "Relationship",
    "time_series": "TimeSeries",
    "sequences": "Sequence",
    "files": "FileMetadata",
    "extraction_pipelines": "ExtractionPipeline",
}


def connect() -> CogniteClient:
    if IS_2:
        warnings.simplefilter("ignore")  # that client is of 2022 and deprecates what it is
        return CogniteClient(
            api_key=given["api_key"],
            project=given["project"],
            base_url=given["base_url"],
            client_name="conformance",
            max_workers=4,
            disable_pypi_version_check=True,
        )
    sdk.global_config.disable_pypi_version_check = True
    sdk.global_config.max_retries = 0
    from cognite.client.credentials import Token

    config = sdk.ClientConfig("conformance", given["project"], Token(given["api_key"]), base_url=given["base_url"])
    return CogniteClient(config)


client = connect()
known: Known = {}


def api(family: str) -> Any:
    return getattr(client, family)


def class_of(family: str, suffix: str = "") -> Any:
    return getattr(data_classes, NAMES[family] + suffix)


def to_write(family: str, row: Row) -> Any:
    """A row as the object that creates it."""
    return class_of(family, "" if IS_2 else "Write")(**fields_of(family, row))


def fields_of(family: str, row: Row) -> Row:
    """What is given to create a row."""
    fields = resolved(family, row, known)
    fields.pop("uploaded", None)
    if "geo_location" in fields:
        fields["geo_location"] = geo_location(fields["geo_location"])
    if "columns" in fields:
        fields["columns"] = [column_to_write(column) for column in fields["columns"]]
    if "contacts" in fields:
        fields["contacts"] = [contact_to_write(contact) for contact in fields["contacts"]]
    if "raw_tables" in fields:  # which SDKs have in the words of HTTP
        fields["raw_tables"] = [wire_row(table) for table in fields["raw_tables"]]
    return fields


def column_to_write(column: Row) -> Any:
    """A column of a sequence."""
    return {**column} if IS_2 else data_classes.SequenceColumnWrite(**column)


def contact_to_write(contact: Row) -> Any:
    """A contact of an extraction pipeline."""
    from cognite.client.data_classes import ExtractionPipelineContact

    return ExtractionPipelineContact(**contact)


def all_to_write(family: str, rows: Iterable[Row]) -> list[Any]:
    return [to_write(family, row) for row in rows]


def geo_location(feature: Row) -> Any:
    from cognite.client.data_classes import GeoLocation, Geometry

    return GeoLocation(feature["type"], Geometry(**feature["geometry"]), feature.get("properties"))


def change(family: str, **identity: Any) -> Any:
    """The object that changes a row."""
    return class_of(family, "Update")(**identity)


def learn(family: str, rows: Iterable[Row]) -> None:
    """Remember the rows of the scenario as the SDK sees them, and report them."""
    names = [row["external_id"] for row in rows]
    if family == "labels":  # which older clients cannot retrieve
        found = [label for label in client.labels.list(limit=None) if label.external_id in names]
    else:
        found = api(family).retrieve_multiple(external_ids=names)
    known[family] = {row.external_id: dumped(row) for row in found}
    section(f"rows of {family}")(lambda: known[family])


def created_again(family: str, name: str) -> Row:
    """A row that is read, given another name, and created from that very object; then it is deleted."""
    read = api(family).retrieve(external_id=name)
    read.external_id = "again"
    created = dumped(api(family).create(read))
    api(family).delete(external_id="again")
    return created


def dumped(found: Any) -> Any:
    return found.dump(camel_case=True)


def all_dumped(found: Iterable[Any]) -> list[Any]:
    return [dumped(one) for one in found]


def names_of(found: Iterable[Any]) -> list[str]:
    return [row.external_id for row in found]


def arguments_of(family: str, filters: Row) -> Row:
    """Filters as arguments of a list."""
    found = resolved(family, filters, known)
    if "labels" in found:
        found["labels"] = LabelFilter(**found["labels"])
    if "geo_location" in found:
        relation, shape = found["geo_location"]["relation"], found["geo_location"]["shape"]
        found["geo_location"] = data_classes.GeoLocationFilter(relation, data_classes.GeometryFilter(**shape))
    if "is_null" in found.get("end_time", {}):
        found["end_time"] = EndTimeFilter(**found["end_time"])
    return found


def filter_of(family: str, filters: Row) -> Any:
    """Filters as the object that searches and aggregates take."""
    found: Row = {}
    for name, value in arguments_of(family, filters).items():
        if name in IDENTIFIERS:
            name, kind = IDENTIFIERS[name]
            found.setdefault(name, []).extend({kind: one} for one in as_list(value))
        else:
            found[name] = value
    return class_of(family, "Filter")(**found)


def is_known_here(filters: Row) -> bool:
    """Whether lists have these filters; some have been left behind with 2.x."""
    return IS_2 or not any(name.startswith("root_") for name in filters)


def ask(family: str, questions: dict[str, Row]) -> None:
    """Ask for lists, and how many rows match, one section a question."""
    for name, question in questions.items():
        if not is_known_here(question["filters"]):
            continue
        others = {key: value for key, value in question.items() if key != "filters"}

        @section(f"list {family}: {name}")
        def _(filters: Row = question["filters"], others: Row = others) -> Any:
            found = names_of(api(family).list(**arguments_of(family, filters), **others))
            return {"names": found, "count": count(family, filters)}


def count(family: str, filters: Row) -> int | None:
    """How many rows match, where that can be asked for."""
    if family in ("labels", "relationships", "extraction_pipelines"):
        return None
    chosen = filter_of(family, filters)
    if IS_2 or (IS_7 and family in ("data_sets", "files")):
        return int(api(family).aggregate(filter=chosen)[0].count)
    return int(api(family).aggregate_count(filter=chosen))


def seek(family: str, searches: dict[str, Row]) -> None:
    """Search, one section a search."""
    for name, wanted in searches.items():
        options = {key: value for key, value in wanted.items() if key not in ("filters", "first")}
        if "filters" in wanted:
            options["filter"] = filter_of(family, wanted["filters"])

        @section(f"search {family}: {name}")
        def _(options: Row = options) -> Any:
            return names_of(api(family).search(**options))
