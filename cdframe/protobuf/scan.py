"""One message field by field, for the few messages around the datapoints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cdframe.protobuf.messages import FIXED32, FIXED64, LENGTH, VARINT, DecodeError

_WIDTHS = {FIXED64: 8, FIXED32: 4}


class ScannedField(NamedTuple):
    """A field: its number and wire type, the value of a varint, and where the field, its content and both end."""

    number: int
    wire: int
    value: int
    begin: int
    start: int
    stop: int


def scan_fields(body: memoryview, start: int, end: int) -> Iterator[ScannedField]:
    """The fields of the message from `start` to `end`, in order; DecodeError where one is malformed."""
    at = start
    while at < end:
        tag, content = (body[at], at + 1) if body[at] < 0x80 else scan_varint(body, at, end)
        number, wire, value = tag >> 3, tag & 7, 0
        if number == 0 or tag >> 32 or content - at > 5:
            raise DecodeError(f"malformed protobuf: {tag} at byte {at} is not a field tag")
        if wire == VARINT:
            value, stop = scan_varint(body, content, end)
        elif wire == LENGTH:
            length, content = scan_varint(body, content, end)
            stop = content + length
        elif wire in _WIDTHS:
            stop = content + _WIDTHS[wire]
        else:
            raise DecodeError(f"malformed protobuf: wire type {wire} at byte {at} is not accepted (0, 1, 2 and 5 are)")
        if stop > end:
            raise DecodeError(
                f"malformed protobuf: field {number} at byte {at} ends at byte {stop}, its message at byte {end}"
            )
        yield ScannedField(number, wire, value, at, content, stop)
        at = stop


def scan_varint(body: memoryview, at: int, end: int) -> tuple[int, int]:
    """The unsigned number at a position, and the position behind it."""
    if at < end and body[at] < 0x80:
        return body[at], at + 1
    value = 0
    for shift in range(0, 70, 7):
        if at >= end:
            raise DecodeError(f"malformed protobuf: a number runs past the end of its message at byte {end}")
        byte = body[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >> 64:
                break
            return value, at
    raise DecodeError(f"malformed protobuf: a number before byte {at} has more than 64 bits")


def signed(value: int) -> int:
    """The int64 that an unsigned varint stands for."""
    return value - (1 << 64) if value >> 63 else value


def scan_text(body: memoryview, field: ScannedField) -> str:
    try:
        return str(body[field.start : field.stop], "utf-8")
    except UnicodeDecodeError as error:
        raise DecodeError(f"malformed protobuf: the text at byte {field.start} is not UTF-8: {error}") from error
