"""The codec against the google protobuf runtime: same bytes in, same content out, both ways."""

import math
import random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from google.protobuf.message import DecodeError as RuntimeDecodeError
from hypothesis import given, settings
from hypothesis import strategies as st

from cdframe.protobuf import (
    DatapointsPage,
    DecodeError,
    InsertionItem,
    decode_insertion_request,
    decode_list_response,
    encode_insertion_columns,
    encode_insertion_request,
    encode_list_response,
    point_reader,
)
from tests.protobuf.comparison import DOUBLES, assert_same_insertion, assert_same_page, bits
from tests.protobuf.runtime import InsertionRequest, ListResponse

int64s = st.integers(-(2**63), 2**63 - 1)
timestamps = st.one_of(
    st.integers(-2_208_988_800_000, 4_102_444_799_999),
    st.integers(1_600_000_000_000, 1_600_000_100_000),
    st.sampled_from([0, 1, 127, 128, 2**56 - 1, 2**56, 2**63 - 1, -1, -(2**63)]),
    int64s,
)
doubles = st.one_of(st.floats(), st.sampled_from([0.0, -0.0, 1.0]))
texts = st.one_of(st.text(max_size=12), st.text(min_size=120, max_size=140), st.sampled_from(["", "OPEN", "\n\n\x08"]))
codes = st.sampled_from([0, 0, 0, 1 << 30, 2 << 30, 2**32 - 1, -5])
names = st.lists(st.sampled_from(DOUBLES), unique=True)


def arrays(values: list[Any], dtype: type) -> Any:
    return np.array(values, dtype)


# Fields as they stand on the wire


def varint(value: int) -> bytes:
    value &= 2**64 - 1
    octets = b""
    while value >= 128:
        octets += bytes([value % 128 + 128])
        value //= 128
    return octets + bytes([value])


def delimited(number: int, content: bytes) -> bytes:
    return varint(number * 8 + 2) + varint(len(content)) + content


varint_fields = st.tuples(st.sampled_from([1, 4, 5, 12, 99, 5000]), st.one_of(timestamps, st.booleans())).map(
    lambda field: varint(field[0] * 8) + varint(field[1])
)
double_fields = st.tuples(st.sampled_from([2, 2, 3, 17, 21, 5000]), doubles).map(
    lambda field: varint(field[0] * 8 + 1) + np.array([field[1]], "<f8").tobytes()
)
float_fields = st.sampled_from([1, 2, 30]).map(lambda number: varint(number * 8 + 5) + b"\x0a\x02\x08\x01")
text_fields = st.tuples(st.sampled_from([2, 2, 30]), texts).map(lambda field: delimited(field[0], field[1].encode()))
statuses = st.lists(st.one_of(varint_fields, text_fields), max_size=3).map(b"".join)
status_fields = st.tuples(st.sampled_from([3, 18, 19]), statuses).map(lambda field: delimited(*field))
plain_fields = st.one_of(varint_fields, double_fields, text_fields, status_fields, float_fields)
many_fields = st.tuples(plain_fields, st.integers(60, 300)).map(lambda field: field[0] * field[1])
records = st.one_of(
    st.lists(plain_fields, max_size=5).map(b"".join),
    st.lists(st.one_of(plain_fields, many_fields), max_size=3).map(b"".join),
    st.tuples(timestamps, doubles).map(
        lambda point: b"\x08" + varint(point[0]) + b"\x11" + np.array([point[1]], "<f8").tobytes()
    ),
)
list_fields = st.one_of(records.map(lambda record: delimited(1, record)), plain_fields)


@st.composite
def lists(draw: st.DrawFn) -> bytes:
    """A list of datapoints: few kinds of records, often many of each."""
    kinds = draw(st.lists(records.map(lambda record: delimited(1, record)), min_size=1, max_size=4))
    if draw(st.booleans()):
        kinds.append(draw(list_fields))
    count = draw(st.sampled_from([0, 1, 2, 5, 100, 150]))
    choose = random.Random(draw(st.integers(0, 2**32)))
    return b"".join(choose.choices(kinds, k=count))


items = st.lists(st.tuples(st.sampled_from([3, 3, 4, 5]), lists()), max_size=4).map(
    lambda parts: b"".join(delimited(*part) for part in parts)
)
bodies = st.lists(items, max_size=4).map(lambda parts: b"".join(delimited(1, part) for part in parts))


def check(body: bytes) -> None:
    """Both decoders do as the runtime does, or refuse."""
    for decode, runtime, assert_same in (
        (decode_list_response, ListResponse, assert_same_page),
        (decode_insertion_request, InsertionRequest, assert_same_insertion),
    ):
        try:
            ours = decode(body)
        except DecodeError:
            continue
        theirs = runtime.FromString(body).items
        assert len(ours) == len(theirs)
        for page, message in zip(ours, theirs, strict=True):
            assert_same(page, message)


def check_whole(body: bytes) -> None:
    """Both decoders do as the runtime does, and refuse what it refuses."""
    for decode, runtime, assert_same in (
        (decode_list_response, ListResponse, assert_same_page),
        (decode_insertion_request, InsertionRequest, assert_same_insertion),
    ):
        try:
            theirs = runtime.FromString(body).items
        except RuntimeDecodeError:  # a field of text in a place where the runtime wants a message
            with pytest.raises(DecodeError):
                decode(body)
            continue
        ours = decode(body)
        assert len(ours) == len(theirs)
        for page, message in zip(ours, theirs, strict=True):
            assert_same(page, message)


@settings(max_examples=80, deadline=None)
@given(bodies)
def test_any_fields_in_any_order_are_read_as_the_runtime_reads_them(body: bytes) -> None:
    check_whole(body)


@settings(max_examples=100, deadline=None)
@given(bodies, st.randoms(use_true_random=False))
def test_damaged_bodies_are_refused_or_read_as_the_runtime_reads_them(body: bytes, choose: random.Random) -> None:
    damaged = bytearray(body)
    for _ in range(choose.randint(1, 3)):
        at = choose.randrange(len(damaged) + 1)
        match choose.randrange(4):
            case 0:
                del damaged[at:]
            case 1:
                damaged[at:at] = choose.randbytes(choose.randint(1, 3))
            case 2:
                del damaged[at : at + choose.randint(1, 3)]
            case _ if at < len(damaged):
                damaged[at] ^= 1 << choose.randrange(8)
    check(bytes(damaged))


@pytest.mark.parametrize("block", [8, 64])
@settings(max_examples=50, deadline=None)
@given(bodies, st.randoms(use_true_random=False))
def test_it_does_not_matter_where_blocks_end(block: int, body: bytes, choose: random.Random) -> None:
    damaged = bytearray(body)
    damaged[choose.randrange(len(damaged) + 1) :] = choose.choice([b"", b"\x0a", b"\x0a\x7f\x08"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(point_reader, "BLOCK", block)
        check(bytes(damaged))
        check_whole(body)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_random_bytes_are_refused_or_read_as_the_runtime_reads_them(body: bytes) -> None:
    check(body)
    check(delimited(1, delimited(3, body)))
    check(delimited(1, delimited(4, delimited(1, body))))


@st.composite
def raw_pages(draw: st.DrawFn, *, insertion: bool) -> Any:
    points = draw(st.lists(st.tuples(timestamps, doubles, texts, codes, st.booleans()), max_size=30))

    with_status, with_nulls, is_string = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())
    nulls = arrays([point[4] for point in points], np.bool_)
    status = arrays([point[3] for point in points], np.int64)
    columns: dict[str, Any] = {
        "timestamps": arrays([point[0] for point in points], np.int64),
        "values": pa.array([point[2] for point in points], pa.large_string())
        if is_string
        else arrays([point[1] for point in points], np.float64),
        "status": status if with_status else None,
        "symbols": pa.array([f"S{code}" if code else None for code in status.tolist()], pa.large_string())
        if with_status and draw(st.booleans())
        else None,
        "null_values": nulls if with_nulls else None,
    }
    if insertion:
        reference = draw(
            st.one_of(
                st.builds(lambda id: {"id": id}, int64s),
                st.builds(lambda text: {"external_id": text}, texts),
                st.builds(lambda *pair: {"instance_id": pair}, texts, texts),
            )
        )
        return InsertionItem(**reference, **columns)
    return DatapointsPage(type="string" if is_string else "numeric", is_string=is_string, **heads(draw), **columns)


def heads(draw: st.DrawFn) -> dict[str, Any]:
    optional_texts = st.one_of(st.none(), texts.filter(bool))
    return {
        "id": draw(int64s),
        "external_id": draw(optional_texts),
        "is_step": draw(st.booleans()),
        "unit": draw(optional_texts),
        "unit_external_id": draw(optional_texts),
        "next_cursor": draw(optional_texts),
        "instance_id": draw(st.one_of(st.none(), st.tuples(texts, texts))),
    }


@st.composite
def aggregate_pages(draw: st.DrawFn) -> DatapointsPage:
    times = draw(st.lists(timestamps, max_size=30))
    columns = st.lists(doubles, min_size=len(times), max_size=len(times)).map(lambda values: arrays(values, np.float64))
    extremes = {
        name: (arrays(draw(st.lists(timestamps, min_size=len(times), max_size=len(times))), np.int64), draw(columns))
        for name in draw(st.sampled_from([[], [], ["maxDatapoint"], ["minDatapoint", "maxDatapoint"]]))
    }
    return DatapointsPage(
        **heads(draw),
        timestamps=arrays(times, np.int64),
        aggregates={name: draw(columns) for name in draw(names)},
        extremes=extremes or None,
    )


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(raw_pages(insertion=False), aggregate_pages()), max_size=4))
def test_the_runtime_reads_the_responses_that_are_written(pages: list[DatapointsPage]) -> None:
    body = encode_list_response(pages)
    messages = ListResponse.FromString(body).items
    assert len(messages) == len(pages)
    for page, message in zip(pages, messages, strict=True):
        kind = "string" if page.type == "string" else "numeric"
        assert (
            message.WhichOneof("datapointType") == f"{'aggregate' if page.aggregates is not None else kind}Datapoints"
        )
        if page.values is not None:
            page.values = without_nulls(page)
            drop_good_symbols(page)
        assert_same_page(page, message)
    for page, message in zip(decode_list_response(body), messages, strict=True):
        assert_same_page(page, message)


@settings(max_examples=100, deadline=None)
@given(st.lists(raw_pages(insertion=True), max_size=4))
def test_insertions_are_written_as_the_runtime_writes_them(items: list[InsertionItem]) -> None:
    body = encode_insertion_request(items)
    messages = InsertionRequest.FromString(body)
    # Only NaN may differ, of which there are many.
    assert len(messages.SerializeToString()) == len(body)
    for item, message in zip(items, messages.items, strict=True):
        item.values = without_nulls(item)
        assert_same_insertion(item, message)
    for item, message in zip(decode_insertion_request(body), messages.items, strict=True):
        assert_same_insertion(item, message)


@settings(max_examples=100, deadline=None)
@given(st.data(), st.booleans(), st.booleans())
def test_columns_of_many_series_are_written_as_their_items(data: st.DataObject, by_id: bool, is_text: bool) -> None:
    values = texts if is_text else doubles
    points = st.lists(st.tuples(timestamps, values), max_size=12)
    drawn = data.draw(st.lists(st.tuples(int64s if by_id else texts, points), min_size=1, max_size=6))
    ahead = data.draw(points)  # what stands before the columns in the arrays that they are parts of

    def column(values: list[Any], is_text: bool) -> Any:
        array = pa.array(values, pa.large_string()) if is_text else arrays(values, np.float64)
        return array[len(ahead) :]

    flat = [*ahead, *(point for _, of_series in drawn for point in of_series)]
    references = [reference for reference, _ in drawn]
    body = encode_insertion_columns(
        arrays(references, np.int64) if by_id else pa.array(["", *references], pa.large_string())[1:],
        np.cumsum([0, *(len(of_series) for _, of_series in drawn)]),
        arrays([time for time, _ in flat], np.int64)[len(ahead) :],
        column([value for _, value in flat], is_text),
    )
    items = [
        InsertionItem(
            **{"id" if by_id else "external_id": reference},
            timestamps=arrays([time for time, _ in of_series], np.int64),
            values=pa.array([value for _, value in of_series], pa.large_string())
            if is_text
            else arrays([value for _, value in of_series], np.float64),
        )
        for reference, of_series in drawn
    ]
    messages = InsertionRequest.FromString(body)
    assert len(messages.SerializeToString()) == len(body)
    for item, message in zip(items, messages.items, strict=True):
        assert_same_insertion(item, message)
    assert body == encode_insertion_request(items)


def without_nulls(page: DatapointsPage | InsertionItem) -> Any:
    """Values where the null flag says that there is none."""
    if page.null_values is None:
        return page.values
    if isinstance(page.values, np.ndarray):
        return np.where(page.null_values, np.nan, page.values)
    pairs = zip(page.null_values.tolist(), page.values.to_pylist(), strict=True)
    return pa.array([None if null else value for null, value in pairs], pa.large_string())


def drop_good_symbols(page: DatapointsPage) -> None:
    if page.symbols is not None and page.status is not None:
        assert all(
            symbol is None for symbol, code in zip(page.symbols.to_pylist(), page.status, strict=True) if not code
        )


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 1.0])
def test_large_pages_of_one_and_two_widths(share: float) -> None:
    """100,000 points with zeros, which the runtime leaves out, among random values, which hold all kinds of bytes."""
    random_values = np.random.default_rng(7)
    values = random_values.normal(size=100_000)
    values[random_values.random(len(values)) < share] = 0
    times = 1_600_000_000_000 + 1000 * np.arange(len(values))
    request = InsertionRequest()
    message = request.items.add(id=1).numericDatapoints
    for time, value in zip(times.tolist(), values.tolist(), strict=True):
        message.datapoints.add(timestamp=time, value=value)
    body = request.SerializeToString()
    (item,) = decode_insertion_request(body)
    np.testing.assert_array_equal(item.timestamps, times)
    np.testing.assert_array_equal(item.values, values)
    assert encode_insertion_request([item]) == body


def test_only_the_aggregates_asked_for_are_decoded() -> None:
    page = DatapointsPage(
        timestamps=np.array([0, 1]),
        aggregates={"average": np.array([1.0, math.nan]), "count": np.array([2.0, 3.0])},
        extremes={"maxDatapoint": (np.array([5, 0]), np.array([9.0, math.nan]))},
    )
    body = encode_list_response([page])
    (all_present,) = decode_list_response(body)
    assert set(all_present.aggregates or {}) == {"average", "count"}
    assert set(all_present.extremes or {}) == {"maxDatapoint"}
    (chosen,) = decode_list_response(body, aggregates=["count", "sum"])
    assert {name: bits(column) for name, column in (chosen.aggregates or {}).items()} == {
        "count": bits([2.0, 3.0]),
        "sum": bits([math.nan, math.nan]),
    }
    assert chosen.extremes is None
    (extreme,) = decode_list_response(body, aggregates=["maxDatapoint", "minDatapoint"])
    assert set(extreme.extremes or {}) == {"maxDatapoint", "minDatapoint"}
    with pytest.raises(ValueError, match="'avg' is unknown"):
        decode_list_response(body, aggregates=["avg"])
