"""Frames of any library in, frames of the asked-for library out."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdframe.frames import FRAME_KINDS, from_arrow, kind_of, to_arrow
from cdframe.resources.time_series import SCHEMA
from cdframe.types import FrameKind

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.none() | st.integers(1, 2**53 - 1),
            "external_id": st.none() | TEXT,
            "is_string": st.none() | st.booleans(),
            "metadata": st.none() | st.dictionaries(TEXT, TEXT, max_size=3).map(lambda pairs: list(pairs.items())),
            "security_categories": st.none() | st.lists(st.integers(1, 9), max_size=3),
            "created_time": st.none()
            | st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2099, 1, 1)).map(
                lambda moment: moment.replace(microsecond=0, tzinfo=dt.UTC)
            ),
        }
    ),
    max_size=5,
)


@pytest.mark.parametrize("kind", FRAME_KINDS)
@given(rows=ROWS)
def test_rows_and_types_survive_the_way_out_and_in(kind: FrameKind, rows: list[dict[str, Any]]) -> None:
    table = pa.Table.from_pylist(rows, SCHEMA.arrow)
    back = to_arrow(from_arrow(table, kind))
    assert back.column_names == table.column_names
    assert back.cast(table.schema).to_pylist() == table.to_pylist()


@pytest.mark.parametrize("kind", FRAME_KINDS)
def test_an_empty_frame_has_the_dtypes_of_a_full_one(kind: FrameKind) -> None:
    full = from_arrow(pa.Table.from_pylist([{"id": 1, "metadata": [("a", "b")]}], SCHEMA.arrow), kind)
    empty = from_arrow(SCHEMA.empty(), kind)
    dtypes = {"polars": lambda f: f.schema, "pandas": lambda f: dict(f.dtypes), "pyarrow": lambda f: f.schema}[kind]
    assert dtypes(empty) == dtypes(full)
    assert len(empty) == 0


def test_kinds_are_told_apart() -> None:
    assert kind_of(pl.DataFrame()) == kind_of(pl.LazyFrame()) == "polars"
    assert kind_of(pd.DataFrame()) == "pandas"
    assert kind_of(pa.table({})) == "pyarrow"
    assert kind_of({}) is None


def test_any_arrow_stream_comes_in() -> None:
    class Foreign:
        def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
            return pa.table({"a": [1]}).__arrow_c_stream__(requested_schema)

    assert to_arrow(Foreign()).to_pylist() == [{"a": 1}]


def test_lazy_frames_are_collected() -> None:
    assert to_arrow(pl.LazyFrame({"a": [1]})).to_pylist() == [{"a": 1}]


def test_a_dict_is_one_row_and_a_list_of_dicts_are_rows() -> None:
    assert to_arrow({"a": 1, "b": "x"}).to_pylist() == [{"a": 1, "b": "x"}]
    assert to_arrow([{"a": 1}, {"b": "x"}]).to_pylist() == [{"a": 1, "b": None}, {"a": None, "b": "x"}]
    assert to_arrow([]).num_rows == 0


def test_dicts_of_texts_are_maps_with_their_own_keys() -> None:
    rows = to_arrow([{"metadata": {"a": "1"}}, {"metadata": {"b": "2"}}, {"metadata": None}])
    assert rows.to_pylist() == [{"metadata": [("a", "1")]}, {"metadata": [("b", "2")]}, {"metadata": None}]


def test_a_pandas_index_is_the_first_column_when_it_is_the_key() -> None:
    frame = pd.DataFrame({7: [1.0, np.nan]}, index=pd.DatetimeIndex(["2020-01-01", "2020-01-02"], tz="UTC"))
    table = to_arrow(frame, index="timestamp")
    assert table.column_names == ["timestamp", "7"]
    assert pa.types.is_timestamp(table.schema.field("timestamp").type)
    assert table.column("7").to_pylist() == [1.0, None]


def test_a_time_index_of_pandas_is_in_utc() -> None:
    table = pa.table({"timestamp": pa.array([0, 1000], pa.timestamp("ms", "UTC")), "a": [1.0, None]})
    frame = from_arrow(table, "pandas", index="timestamp")
    assert frame.index.equals(pd.DatetimeIndex(["1970-01-01T00:00:00", "1970-01-01T00:00:01"], tz="UTC"))
    assert frame.index.name == "timestamp"
    assert str(frame["a"].dtype) == "double[pyarrow]"


@pytest.mark.parametrize(
    ("data", "error", "match"),
    [
        (5, TypeError, "must be a frame"),
        ("text", TypeError, "must be a frame"),
        ([1], TypeError, r"data\[0\] must be a dict, got int"),
        ([{1: 2}], TypeError, "keys must be texts"),
        ([{"a": 1}, {"a": "x"}], TypeError, "mixes types"),
        (pd.DataFrame({"a": [1, "x"]}), TypeError, "mixes types"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), ValueError, "several columns of one name"),
    ],
)
def test_what_is_no_frame_is_refused(data: object, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        to_arrow(data)


def run(code: str) -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60)


def test_importing_cdframe_imports_nothing_optional_and_pandas_gets_its_accessor_later() -> None:
    run(
        "import sys, cdframe\n"
        "unwanted = {'pandas', 'matplotlib', 'sympy', 'tqdm', 'cdframe.local'} & sys.modules.keys()\n"
        "assert not unwanted, unwanted\n"
        "import pandas as pd\n"
        "assert hasattr(pd.DataFrame({'a': [1]}), 'cdf')\n"
    )


def test_polars_and_pyarrow_users_need_nothing_optional() -> None:
    run(
        "import sys\n"
        "class NotInstalled:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name in ('pandas', 'matplotlib', 'sympy', 'tqdm'):\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, NotInstalled())\n"
        "import cdframe, polars as pl\n"
        "client = cdframe.CogniteClient.local()\n"
        "client.time_series.create(pl.DataFrame({'external_id': ['a']}))\n"
        "client.datapoints.insert([(1, 2.5)], external_id='a')\n"
        "frame = client.datapoints.retrieve_dataframe(0, 'now', ['average'], '1s', external_id='a')\n"
        "assert frame.rows()[0][1] == 2.5, frame\n"
        "frame.cdf.to_long()\n"
        "for call in (lambda: client.with_frame('pandas'), lambda: frame.cdf.plot()):\n"
        "    try:\n"
        "        call()\n"
        "    except cdframe.CogniteImportError as error:\n"
        "        assert 'pip install' in str(error)\n"
        "    else:\n"
        "        raise AssertionError\n"
        "client.close()\n"
    )
