"""The datapoint messages of the wire contract, for the google protobuf runtime."""

import math
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "com.cognite.v1.timeseries.proto"

# message: (number, name, type); a type that ends in [] is repeated, one that ends in ? belongs to the oneof.
FIELDS: dict[str, list[tuple[int, str, str]]] = {
    "Status": [(1, "code", "int64"), (2, "symbol", "string")],
    "InstanceId": [(1, "space", "string"), (2, "externalId", "string")],
    "NumericDatapoint": [
        (1, "timestamp", "int64"),
        (2, "value", "double"),
        (3, "status", "Status"),
        (4, "nullValue", "bool"),
    ],
    "NumericDatapoints": [(1, "datapoints", "NumericDatapoint[]")],
    "StringDatapoint": [
        (1, "timestamp", "int64"),
        (2, "value", "string"),
        (3, "status", "Status"),
        (4, "nullValue", "bool"),
    ],
    "StringDatapoints": [(1, "datapoints", "StringDatapoint[]")],
    "AggregateDatapoint": [
        (1, "timestamp", "int64"),
        (2, "average", "double"),
        (3, "max", "double"),
        (4, "min", "double"),
        (5, "count", "double"),
        (6, "sum", "double"),
        (7, "interpolation", "double"),
        (8, "stepInterpolation", "double"),
        (9, "continuousVariance", "double"),
        (10, "discreteVariance", "double"),
        (11, "totalVariation", "double"),
        (12, "countGood", "double"),
        (13, "countUncertain", "double"),
        (14, "countBad", "double"),
        (15, "durationGood", "double"),
        (16, "durationUncertain", "double"),
        (17, "durationBad", "double"),
        (18, "maxDatapoint", "NumericDatapoint"),
        (19, "minDatapoint", "NumericDatapoint"),
    ],
    "AggregateDatapoints": [(1, "datapoints", "AggregateDatapoint[]")],
    "DataPointListItem": [
        (1, "id", "int64"),
        (2, "externalId", "string"),
        (3, "numericDatapoints", "NumericDatapoints?"),
        (4, "stringDatapoints", "StringDatapoints?"),
        (5, "aggregateDatapoints", "AggregateDatapoints?"),
        (6, "isString", "bool"),
        (7, "isStep", "bool"),
        (8, "unit", "string"),
        (9, "nextCursor", "string"),
        (10, "unitExternalId", "string"),
        (11, "instanceId", "InstanceId"),
        (12, "type", "int64"),  # an enum; both are varints
    ],
    "DataPointListResponse": [(1, "items", "DataPointListItem[]")],
    "DataPointInsertionItem": [
        (1, "id", "int64"),
        (2, "externalId", "string"),
        (3, "numericDatapoints", "NumericDatapoints?"),
        (4, "stringDatapoints", "StringDatapoints?"),
    ],
    "DataPointInsertionRequest": [(1, "items", "DataPointInsertionItem[]")],
}
ONEOF = "datapointType"
TYPES = {1: "numeric", 2: "string"}


def _build() -> dict[str, Any]:
    field_type = descriptor_pb2.FieldDescriptorProto
    scalars = {
        "int64": field_type.TYPE_INT64,
        "double": field_type.TYPE_DOUBLE,
        "string": field_type.TYPE_STRING,
        "bool": field_type.TYPE_BOOL,
    }
    file = descriptor_pb2.FileDescriptorProto(name="datapoints.proto", package=PACKAGE, syntax="proto3")
    for name, fields in FIELDS.items():
        message = file.message_type.add(name=name)
        for number, field_name, kind in fields:
            field = message.field.add(name=field_name, number=number, label=field_type.LABEL_OPTIONAL)
            if kind.endswith("[]"):
                field.label = field_type.LABEL_REPEATED
            if kind.endswith("?"):
                field.oneof_index = 0
            kind = kind.rstrip("[]?")
            if kind in scalars:
                field.type = scalars[kind]
            else:
                field.type = field_type.TYPE_MESSAGE
                field.type_name = f".{PACKAGE}.{kind}"
        if any(kind.endswith("?") for _, _, kind in fields):
            message.oneof_decl.add(name=ONEOF)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    names = [f"{PACKAGE}.{name}" for name in FIELDS]
    return {
        name.rpartition(".")[2]: message_factory.GetMessageClass(pool.FindMessageTypeByName(name)) for name in names
    }


MESSAGES = _build()


def read_list_response(body: bytes) -> dict[str, Any]:
    """A protobuf answer as the JSON answer would have been, so that the two can be compared."""
    response = MESSAGES["DataPointListResponse"].FromString(body)
    return {"items": [_json_item(item) for item in response.items]}


def _json_item(message: Any) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": message.id,
        "isString": message.isString,
        "isStep": message.isStep,
        "type": TYPES[message.type],
    }
    for name in ("externalId", "unit", "unitExternalId", "nextCursor"):
        if getattr(message, name):
            item[name] = getattr(message, name)
    kind = message.WhichOneof(ONEOF)
    points = getattr(message, kind).datapoints
    read = _json_aggregate if kind == "aggregateDatapoints" else _json_point
    item["datapoints"] = [read(point) for point in points]
    return item


def _json_point(message: Any) -> dict[str, Any]:
    point = {"timestamp": message.timestamp}
    if not message.nullValue:
        point["value"] = message.value
    if message.HasField("status"):
        point["status"] = {"code": message.status.code, "symbol": message.status.symbol}
    return point


def _json_aggregate(message: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"timestamp": message.timestamp}
    for _, name, kind in FIELDS["AggregateDatapoint"]:
        if kind == "double" and not math.isnan(getattr(message, name)):
            value = getattr(message, name)
            row[name] = int(value) if name.startswith(("count", "duration")) else value
        elif kind == "NumericDatapoint" and message.HasField(name):
            row[name] = _json_point(getattr(message, name))
    return row


def write_insertion_request(items: list[dict[str, Any]]) -> bytes:
    """The protobuf body for the items of a JSON insertion request."""
    request = MESSAGES["DataPointInsertionRequest"]()
    for item in items:
        message = request.items.add()
        for name in ("id", "externalId"):
            if name in item:
                setattr(message, name, item[name])
        is_string = any(isinstance(point["value"], str) for point in item["datapoints"])
        points = message.stringDatapoints if is_string else message.numericDatapoints
        points.SetInParent()
        for point in item["datapoints"]:
            points.datapoints.add(timestamp=point["timestamp"], value=point["value"])
    return request.SerializeToString()
