"""Bytes that the wire contract fixes, and bytes that must be refused."""

import time

import numpy as np
import pyarrow as pa
import pytest

from cdframe.protobuf import (
    DatapointsPage,
    DecodeError,
    InsertionItem,
    decode_insertion_request,
    decode_list_response,
    encode_insertion_request,
    encode_list_response,
)

LIST_BODY = "0a2408071201781a160a1408ffffffffffffffffff0111000000000000f83f38014a01636001"
INSERTION_BODY = "0a0d12016122080a06080512026869"


def test_list_response_has_the_bytes_of_the_contract() -> None:
    page = DatapointsPage(
        id=7,
        external_id="x",
        is_step=True,
        next_cursor="c",
        timestamps=np.array([-1]),
        values=np.array([1.5]),
    )
    assert encode_list_response([page]).hex() == LIST_BODY
    (read,) = decode_list_response(bytes.fromhex(LIST_BODY))
    assert (read.id, read.external_id, read.is_step, read.next_cursor) == (7, "x", True, "c")
    assert (read.timestamps.tolist(), read.values.tolist(), read.type) == ([-1], [1.5], "numeric")


def test_insertion_has_the_bytes_of_the_contract() -> None:
    item = InsertionItem(external_id="a", timestamps=np.array([5]), values=pa.array(["hi"]))
    assert encode_insertion_request([item]).hex() == INSERTION_BODY
    (read,) = decode_insertion_request(bytes.fromhex(INSERTION_BODY))
    assert (read.external_id, read.timestamps.tolist(), read.values.to_pylist()) == ("a", [5], ["hi"])


def test_pages_without_points_still_say_their_kind() -> None:
    pages = [
        DatapointsPage(values=np.empty(0)),
        DatapointsPage(is_string=True, type="string", values=pa.array([], pa.large_string())),
        DatapointsPage(aggregates={}),
    ]
    assert encode_list_response(pages).hex() == "0a041a0060010a06220030016002" + "0a042a006001"
    numeric, string, aggregate = decode_list_response(encode_list_response(pages))
    assert numeric.values.dtype == np.float64
    assert string.values.type == pa.large_string()
    assert aggregate.aggregates == {}


def test_good_statuses_are_not_written() -> None:
    page = DatapointsPage(
        timestamps=np.array([1, 2]),
        values=np.array([1.0, np.nan]),
        status=np.array([0, 2 << 30]),
        symbols=pa.array(["Good", "Bad"]),
        null_values=np.array([False, True]),
    )
    (read,) = decode_list_response(encode_list_response([page]))
    assert read.status.tolist() == [0, 2 << 30]
    assert read.symbols.to_pylist() == [None, "Bad"]
    assert read.null_values.tolist() == [False, True]
    assert encode_list_response([page]).hex().count("476f6f64") == 0


POINT = bytes.fromhex("0a100890f7c59fa93311000000000000f83f")


def response(points: bytes, field: int = 3) -> bytes:
    item = bytes([field << 3 | 2]) + _length(len(points)) + points
    return b"\x0a" + _length(len(item)) + item


def _length(value: int) -> bytes:
    return bytes([value]) if value < 128 else bytes([value & 0x7F | 0x80]) + _length(value >> 7)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"\x0a", "runs past the end"),
        (b"\x0a\x05\x08\x01", "ends at byte 7"),
        (b"\x0f\x00", "wire type 7"),
        (b"\x0b\x0c", "wire type 3"),
        (b"\x02\x00", "not a field tag"),
        (b"\x08" + b"\xff" * 10 + b"\x01", "more than 64 bits"),
        (response(POINT[:-1]), "no whole field"),
        (response(POINT * 200 + POINT[:5]), "no whole field"),
        (response(b"\x0a\x7f" + POINT), "no whole field"),
        (response(b"\x0a\xff\xff\xff\xff\xff\x7f" + POINT), "no whole field"),
        (response(b"\x0a\x03\x08\xff\xff"), "no whole field|runs past the end"),
        (response(b"\x0a\x0c\x08" + b"\xff" * 11), "no whole field|more than 64 bits"),
        (response(b"\x0a\x02\x0f\x00"), "no whole field|wire type 7"),
        (response(b"\x0a\x04\x12\x02\xff\xfe", field=4), "not UTF-8"),
        (response(b"\x0a\x00", field=13), "state time series"),
        (b"\x0a\x03\x12\x01\xff", "not UTF-8"),
    ],
)
def test_malformed_bytes_are_named(body: bytes, fault: str) -> None:
    with pytest.raises(DecodeError, match=fault):
        decode_list_response(body)


def test_a_point_must_not_run_from_one_series_into_the_next() -> None:
    """The points of both series together would be well formed."""
    with pytest.raises(DecodeError):
        decode_list_response(response(POINT + POINT[:7]) + response(POINT[7:] + POINT))


@pytest.mark.parametrize(
    ("item", "fault"),
    [
        (InsertionItem(values=np.empty(0)), "exactly one"),
        (InsertionItem(id=1, external_id="a"), "exactly one"),
        (InsertionItem(external_id="a", timestamps=np.array([1, 2]), values=np.array([1.0])), "'?a'? has 2 timestamps"),
        (InsertionItem(external_id="a", timestamps=np.array([1]), values=pa.array(["x", "y"])), "2 strings"),
        (InsertionItem(external_id="a", timestamps=np.array([1])), "no values"),
    ],
)
def test_columns_that_do_not_fit_are_refused(item: InsertionItem, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        encode_insertion_request([item])


@pytest.mark.parametrize(
    "points",
    [
        b"\x0a" * 1_000_000,  # each may begin a record
        b"\x0a\x02\x08\x0a" * 250_000,
        b"\x0a\x00" * 500_000,
        b"\x28\x0a" * 500_000,  # unknown fields that look like records
        b"\x0a\x06\x12\x04\x0a\x02\x0a\x00" * 125_000,
        b"\x0a\xfe\xff\x3f" + b"\x28\x01" * 524_287,  # one point of half a million unknown fields
    ],
)
def test_bytes_that_mislead_cost_seconds_at_most(points: bytes) -> None:
    began = time.perf_counter()
    for body in (response(points), response(points, field=4)):
        try:
            decode_list_response(body)
        except DecodeError:
            continue
    assert time.perf_counter() - began < 20
