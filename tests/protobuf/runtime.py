"""The messages of the datapoints protocol for the google protobuf runtime, declared at run time."""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

SCHEMA = """
message Status { int64 code = 1; string symbol = 2; }
message InstanceId { string space = 1; string externalId = 2; }
message NumericDatapoint { int64 timestamp = 1; double value = 2; Status status = 3; bool nullValue = 4; }
message NumericDatapoints { repeated NumericDatapoint datapoints = 1; }
message StringDatapoint { int64 timestamp = 1; string value = 2; Status status = 3; bool nullValue = 4; }
message StringDatapoints { repeated StringDatapoint datapoints = 1; }
message AggregateDatapoint { int64 timestamp = 1; double average = 2; double max = 3; double min = 4;
    double count = 5; double sum = 6; double interpolation = 7; double stepInterpolation = 8;
    double continuousVariance = 9; double discreteVariance = 10; double totalVariation = 11;
    double countGood = 12; double countUncertain = 13; double countBad = 14; double durationGood = 15;
    double durationUncertain = 16; double durationBad = 17;
    NumericDatapoint maxDatapoint = 18; NumericDatapoint minDatapoint = 19; }
message AggregateDatapoints { repeated AggregateDatapoint datapoints = 1; }
message DataPointListItem { int64 id = 1; string externalId = 2;
    oneof NumericDatapoints numericDatapoints = 3; oneof StringDatapoints stringDatapoints = 4;
    oneof AggregateDatapoints aggregateDatapoints = 5; bool isString = 6; bool isStep = 7; string unit = 8;
    string nextCursor = 9; string unitExternalId = 10; InstanceId instanceId = 11; int64 type = 12; }
message DataPointListResponse { repeated DataPointListItem items = 1; }
message DataPointInsertionItem { oneof2 int64 id = 1; oneof2 string externalId = 2;
    oneof2 InstanceId instanceId = 5; oneof NumericDatapoints numericDatapoints = 3;
    oneof StringDatapoints stringDatapoints = 4; }
message DataPointInsertionRequest { repeated DataPointInsertionItem items = 1; }
"""
PACKAGE = "com.cognite.v1.timeseries.proto"
ONEOFS = {"oneof": "datapointType", "oneof2": "timeSeriesReference"}


def _messages() -> dict[str, Any]:
    kinds = descriptor_pb2.FieldDescriptorProto
    scalars = {
        "int64": kinds.TYPE_INT64,
        "double": kinds.TYPE_DOUBLE,
        "string": kinds.TYPE_STRING,
        "bool": kinds.TYPE_BOOL,
    }
    file = descriptor_pb2.FileDescriptorProto(name="oracle.proto", package=PACKAGE, syntax="proto3")
    for declaration in SCHEMA.split("message ")[1:]:
        name, _, body = declaration.partition("{")
        message = file.message_type.add(name=name.strip())
        declared = [field.split() for field in body.strip().removesuffix("}").split(";") if field.strip()]
        oneofs = [word for word in ONEOFS if any(words[0] == word for words in declared)]
        message.oneof_decl.extend(descriptor_pb2.OneofDescriptorProto(name=ONEOFS[word]) for word in oneofs)
        for *label, kind, field_name, _, number in declared:
            field = message.field.add(name=field_name, number=int(number), label=kinds.LABEL_OPTIONAL)
            if label == ["repeated"]:
                field.label = kinds.LABEL_REPEATED
            elif label:
                field.oneof_index = oneofs.index(label[0])
            if kind in scalars:
                field.type = scalars[kind]
            else:
                field.type, field.type_name = kinds.TYPE_MESSAGE, f".{PACKAGE}.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        message.name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{message.name}"))
        for message in file.message_type
    }


MESSAGES = _messages()
ListResponse = MESSAGES["DataPointListResponse"]
InsertionRequest = MESSAGES["DataPointInsertionRequest"]
