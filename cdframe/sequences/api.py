"""`client.sequences.data`: the rows of sequences, as frames."""

from __future__ import annotations

from typing import Any

import polars as pl

from cdframe.frames import from_arrow, is_frame
from cdframe.identifiers import as_list, check_external_id, identifiers, one_identifier
from cdframe.progress import progress_callback
from cdframe.resources.rows import API, check_limit
from cdframe.sequences import writing
from cdframe.sequences.pages import ROW_NUMBER
from cdframe.sequences.reading import Range, read_sequences, side_by_side
from cdframe.types import Frame, IntoFrame, ProgressOption
from cdframe.writes import Write


class SequencesDataAPI(API):
    """`client.sequences.data`: read, write and delete the rows of sequences.

    Frames have `row_number` (int64; in pandas the index), then the columns by their types: `LONG` as int64, `DOUBLE` as
    float64 and `STRING` as text; cells without a value are null.

    Examples:
        >>> columns = [{"external_id": "user", "value_type": "STRING"}, {"external_id": "amount"}]
        >>> bills = client.sequences.create({"external_id": "bills", "columns": columns})
        >>> rows = pl.DataFrame({"row_number": [1, 2], "user": ["a", None], "amount": [0.5, 2.0]})
        >>> client.sequences.data.insert_dataframe(rows, external_id="bills")
        >>> client.sequences.data.retrieve(start=0, end=None, external_id="bills").rows()
        [(1, 'a', 0.5), (2, None, 2.0)]
    """

    def retrieve(
        self,
        start: int,
        end: int | None,
        column_external_ids: Any = None,
        external_id: Any = None,
        id: Any = None,
        limit: float | None = None,
    ) -> Frame:
        """Read rows of one sequence, or of several side by side.

        Args:
            start: the first row number.
            end: the row number behind the last; None or -1 for all.
            column_external_ids: which columns, in this order; by default all.
            external_id, id: of the sequences (single, lists, arrays or columns).
            limit: the most rows of each sequence.

        Returns:
            A frame of `row_number` and the columns of the sequence; of several, with the columns of all of them as
            ``<external id>|<column>`` and a null where a sequence has no such row.

        Raises:
            CogniteNotFoundError: a sequence does not exist.
            CogniteAPIError: a column does not exist.
            ValueError, TypeError: an argument that cannot be right.
        """
        return self.retrieve_dataframe(start, end, column_external_ids, external_id, None, id, limit)

    def retrieve_dataframe(
        self,
        start: int,
        end: int | None,
        column_external_ids: Any = None,
        external_id: Any = None,
        column_names: str | None = None,
        id: Any = None,
        limit: float | None = None,
    ) -> Frame:
        """Read rows like `retrieve`, with a choice of headers.

        Args:
            start, end, column_external_ids, external_id, id, limit: as for `retrieve`.
            column_names: what is in the headers: ``"externalId"``, ``"id"``, ``"columnExternalId"`` (the default for
                one sequence), ``"id|columnExternalId"`` or ``"externalId|columnExternalId"`` (that for several).

        Raises:
            ValueError: the headers would not be distinct, or another argument cannot be right.

        Examples:
            >>> columns = [{"external_id": "amount"}]
            >>> bills = client.sequences.create({"external_id": "bills", "columns": columns})
            >>> client.sequences.data.retrieve_dataframe(0, None, external_id=["bills"]).columns
            ['row_number', 'amount']
        """
        wanted = identifiers(id, external_id).to_pylist()
        if not wanted:
            raise ValueError("One of id and external_id must be given.")
        columns = None if column_external_ids is None else [_column_name(one) for one in as_list(column_external_ids)]
        rows = Range(_row_number("start", start), _end(end), columns, check_limit(limit))
        sequences = read_sequences(self._session, [_identity(one) for one in wanted], rows)
        default = "columnExternalId" if len(wanted) == 1 else "externalId|columnExternalId"
        joined = side_by_side(sequences, default if column_names is None else column_names)
        return from_arrow(joined.to_arrow(compat_level=pl.CompatLevel.oldest()), self._frame, index=ROW_NUMBER)

    def insert(
        self,
        rows: Any,
        column_external_ids: Any,
        id: int | None = None,
        external_id: str | None = None,
        *,
        progress: ProgressOption = "auto",
    ) -> None:
        """Write rows; what they have no columns for stays as it is.

        Args:
            rows: ``{row number: values}``, a list of ``(row number, values)``, a list of ``{"rowNumber": ...,
                "values": ...}``, or a frame (see `insert_dataframe`).
            column_external_ids: the columns of the values; None for all of the sequence in its order, or for those of
                a frame.
            id, external_id: of the sequence.
            progress: "auto", True, False or a callback ``(done, total)``.

        Raises:
            ValueError, TypeError: rows that cannot be right, or numbers that are there twice; before anything is sent.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the rows.

        Examples:
            >>> columns = [{"external_id": "user", "value_type": "STRING"}, {"external_id": "amount"}]
            >>> bills = client.sequences.create({"external_id": "bills", "columns": columns})
            >>> rows = [(1, ["pi", 3.14]), (2, ["e", 2.72])]
            >>> client.sequences.data.insert(rows, ["user", "amount"], external_id="bills")
            >>> client.sequences.data.retrieve(0, None, external_id="bills")["user"].to_list()
            ['pi', 'e']
        """
        names = None if column_external_ids is None else [_column_name(one) for one in as_list(column_external_ids)]
        identity = _identity(one_identifier(id, external_id).to_pylist()[0])
        if is_frame(rows):
            frame = writing.rows_of_frame(rows, "rows")
            if names is not None:
                frame = frame.select(ROW_NUMBER, *_known(names, frame))
            writes = writing.plan_inserts(self._session, identity, frame)
        else:
            given = writing.documented_rows(rows)
            writes = writing.plan_documented_inserts(self._session, identity, given, names) if given else []
        self._write(writes, "Inserting rows", progress)

    def insert_dataframe(
        self,
        dataframe: IntoFrame,
        external_id_headers: bool = True,
        id: int | None = None,
        external_id: str | None = None,
        *,
        progress: ProgressOption = "auto",
    ) -> None:
        """Write rows from a frame: `row_number` (in pandas the index), and columns named by their external ids.

        The sequence and its columns must exist. Nulls and NaN write "no value"; columns that the frame does not have
        stay as they are.

        Args:
            dataframe: the rows.
            external_id_headers: has no effect; kept for callers of old.
            id, external_id: of the sequence.
            progress: "auto", True, False or a callback ``(done, total)``.

        Raises:
            ValueError: row numbers or values that sequences cannot hold; before anything is sent.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the rows.

        Examples:
            >>> bills = client.sequences.create({"external_id": "bills", "columns": [{"external_id": "amount"}]})
            >>> rows = pl.DataFrame({"row_number": [1, 2], "amount": [0.5, None]})
            >>> client.sequences.data.insert_dataframe(rows, external_id="bills")
            >>> client.sequences.data.retrieve(0, None, external_id="bills")["amount"].to_list()
            [0.5, None]
        """
        identity = _identity(one_identifier(id, external_id).to_pylist()[0])
        frame = writing.rows_of_frame(dataframe, "dataframe")
        self._write(writing.plan_inserts(self._session, identity, frame), "Inserting rows", progress)

    def delete(self, rows: Any, id: int | None = None, external_id: str | None = None) -> None:
        """Delete rows by their numbers (a list, an array or a column); numbers without a row are passed over.

        Raises:
            CogniteNotFoundError: the sequence does not exist.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the row numbers.

        Examples:
            >>> bills = client.sequences.create({"external_id": "bills", "columns": [{"external_id": "amount"}]})
            >>> client.sequences.data.delete(rows=[1, 2, 42], external_id="bills")
        """
        identity = _identity(one_identifier(id, external_id).to_pylist()[0])
        numbers = [_row_number("rows", one) for one in dict.fromkeys(as_list(rows))]
        self._write(writing.plan_deletes(self._session, identity, numbers), "Deleting rows", False)

    def delete_range(self, start: int, end: int | None, id: int | None = None, external_id: str | None = None) -> None:
        """Delete the rows from `start` to before `end` (None or -1: to the last).

        The numbers of the rows are read first; what is written meanwhile may stay.

        Raises:
            CogniteNotFoundError: the sequence does not exist.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the row numbers.

        Examples:
            >>> bills = client.sequences.create({"external_id": "bills", "columns": [{"external_id": "amount"}]})
            >>> client.sequences.data.delete_range(0, None, external_id="bills")
        """
        identity = _identity(one_identifier(id, external_id).to_pylist()[0])
        first, last = _row_number("start", start), _end(end)
        (probe,) = read_sequences(self._session, [identity], Range(first, last, limit=1))
        if probe.rows.height:
            column = probe.rows.columns[1:2]
            (found,) = read_sequences(self._session, [identity], Range(first, last, column))
            numbers = found.rows[ROW_NUMBER].to_list()
            self._write(writing.plan_deletes(self._session, identity, numbers), "Deleting rows", False)

    def _write(self, writes: list[Write[None]], doing: str, progress: ProgressOption) -> None:
        if writes:
            with progress_callback(progress, doing, "requests") as callback:
                self._session.write(writes, self._frame, callback)


def _identity(identifier: dict[str, Any]) -> dict[str, Any]:
    id, external_id = identifier["id"], identifier["external_id"]
    return {"externalId": external_id} if id is None else {"id": id}


def _column_name(value: Any) -> str:
    return check_external_id(value, "column_external_ids")


def _known(names: list[str], frame: pl.DataFrame) -> list[str]:
    for name in names:
        if name not in frame.columns[1:]:
            raise ValueError(f"column_external_ids has {name!r}, which is not a column of rows.")
    return names


def _row_number(name: str, value: Any) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be a row number, an int, got {type(value).__name__}.")
    number = int(value)
    if number < 0:
        raise ValueError(f"{name}={number} must be 0 or more.")
    return number


def _end(end: Any) -> int | None:
    return None if end is None or end == -1 else _row_number("end", end)
