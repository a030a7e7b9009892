"""The datapoints protocol (application/protobuf), decoded into and encoded from columns, with no object per point."""

from cdframe.protobuf.column_memory import ColumnMemory
from cdframe.protobuf.decode import decode_insertion_request, decode_list_response
from cdframe.protobuf.encode import encode_insertion_columns, encode_insertion_request, encode_list_response
from cdframe.protobuf.messages import DatapointsPage, DecodeError, InsertionItem

__all__ = [
    "ColumnMemory",
    "DatapointsPage",
    "DecodeError",
    "InsertionItem",
    "decode_insertion_request",
    "decode_list_response",
    "encode_insertion_columns",
    "encode_insertion_request",
    "encode_list_response",
]
