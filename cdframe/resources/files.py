"""Files: what is known of them, and their contents."""

from __future__ import annotations

import io
import json
import os
import tempfile
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from cdframe.files import tables
from cdframe.files.contents import Content, FileContent, content_of
from cdframe.files.moves import download_files, download_link, enter, upload_files
from cdframe.files.targets import existing_folder, target_in
from cdframe.files.transfers import Gauge, download
from cdframe.frames import from_arrow, to_arrow
from cdframe.identifiers import identifiers, one_identifier
from cdframe.json_rows import read_row
from cdframe.resources.base import ResourceAPI
from cdframe.resources.listing import BY_ID
from cdframe.resources.rows import Resource, check_flag
from cdframe.schemas import ID_LIST, METADATA, TEXT_LIST, TIMESTAMP, Column, Schema
from cdframe.types import Frame, IntoFrame, ProgressOption

SCHEMA = Schema(
    "files",
    (
        Column("id", pa.int64(), create=False),
        Column("external_id", pa.string(), update="set_null"),
        Column("name", pa.string()),
        Column("source", pa.string(), update="set_null"),
        Column("mime_type", pa.string(), update="set_null"),
        Column("metadata", METADATA, update="object"),
        Column("directory", pa.string(), update="set_null"),
        Column("asset_ids", ID_LIST, update="array"),
        Column("data_set_id", pa.int64(), update="set_null"),
        Column("labels", TEXT_LIST, update="array", form="external_ids"),
        Column("geo_location", pa.string(), update="set_null", form="json"),
        Column("source_created_time", TIMESTAMP, update="set_null"),
        Column("source_modified_time", TIMESTAMP, update="set_null"),
        Column("security_categories", ID_LIST, update="array"),
        Column("uploaded", pa.bool_(), create=False),
        Column("uploaded_time", TIMESTAMP, create=False),
        Column("created_time", TIMESTAMP, create=False),
        Column("last_updated_time", TIMESTAMP, create=False),
    ),
)

RELATIONS = ("INTERSECTS", "DISJOINT", "WITHIN")


def _geo_location(name: str, value: Any) -> dict[str, Any]:
    """Check ``{"shape": {"type", "coordinates"}, "relation"}``."""
    if not isinstance(value, Mapping) or value.keys() != {"shape", "relation"}:
        raise ValueError(f"{name}={value!r} must be a dict with 'shape' and 'relation'.")
    shape, relation = value["shape"], str(value["relation"]).upper()
    if not isinstance(shape, Mapping) or shape.keys() != {"type", "coordinates"}:
        raise ValueError(f"{name}['shape'] must be a dict with 'type' and 'coordinates'.")
    if relation not in RELATIONS:
        raise ValueError(f"{name}['relation']={value['relation']!r}; accepted are {', '.join(RELATIONS)}.")
    return {"shape": dict(shape), "relation": relation}


RESOURCE = Resource(
    path="/files",
    schema=SCHEMA,
    filters={
        "name": "text",
        "mime_type": "text",
        "metadata": "metadata",
        "asset_ids": "ids",
        "asset_external_ids": "texts",
        "root_asset_ids": "identifiers",
        "root_asset_external_ids": "identifiers",
        "asset_subtree_ids": "identifiers",
        "asset_subtree_external_ids": "identifiers",
        "data_set_ids": "identifiers",
        "data_set_external_ids": "identifiers",
        "labels": "labels",
        "geo_location": _geo_location,
        "source": "text",
        "created_time": "range",
        "last_updated_time": "range",
        "source_created_time": "range",
        "source_modified_time": "range",
        "uploaded_time": "range",
        "external_id_prefix": "text",
        "directory_prefix": "text",
        "uploaded": "flag",
    },
    order=BY_ID,
)


class FilesAPI(ResourceAPI):
    """`client.files`: find, upload, download, change and delete files.

    Frames have the columns `id` (int64), `external_id`, `name`, `source`, `mime_type` (texts), `metadata` (map of
    texts), `directory` (text), `asset_ids` (list of int64), `data_set_id` (int64), `labels` (list of external ids),
    `geo_location` (text of GeoJSON), `source_created_time`, `source_modified_time` (ms, UTC), `security_categories`
    (list of int64), `uploaded` (bool), `uploaded_time`, `created_time` and `last_updated_time` (ms, UTC).

    Contents go piece by piece, a megabyte at a time for each file.

    Examples:
        >>> client.files.upload_bytes(b"some content", name="my_file").shape
        (1, 18)
        >>> [row["name"] for row in client.files]
        ['my_file']
    """

    resource = RESOURCE

    def retrieve_multiple(  # type: ignore[override]  # documented without the third argument
        self, ids: Any = None, external_ids: Any = None, *, ignore_unknown_ids: bool = False
    ) -> Frame:
        """Fetch what is known of files by ids and external ids (lists, arrays or columns).

        Returns:
            A frame with a row for each, ids first, in the order given.

        Raises:
            CogniteNotFoundError: some do not exist and `ignore_unknown_ids` is False; names all of them.

        Examples:
            >>> client.files.retrieve_multiple(external_ids=["abc", "def"], ignore_unknown_ids=True).height
            0
        """
        return super().retrieve_multiple(ids, external_ids, ignore_unknown_ids)

    def list(
        self,
        name: str | None = None,
        mime_type: str | None = None,
        metadata: Mapping[str, str] | None = None,
        asset_ids: Any = None,
        asset_external_ids: Any = None,
        root_asset_ids: Any = None,
        root_asset_external_ids: Any = None,
        asset_subtree_ids: Any = None,
        asset_subtree_external_ids: Any = None,
        data_set_ids: Any = None,
        data_set_external_ids: Any = None,
        labels: Any = None,
        geo_location: Mapping[str, Any] | None = None,
        source: str | None = None,
        created_time: Mapping[str, Any] | None = None,
        last_updated_time: Mapping[str, Any] | None = None,
        source_created_time: Mapping[str, Any] | None = None,
        source_modified_time: Mapping[str, Any] | None = None,
        uploaded_time: Mapping[str, Any] | None = None,
        external_id_prefix: str | None = None,
        directory_prefix: str | None = None,
        uploaded: bool | None = None,
        limit: float | None = 25,
        *,
        partitions: int | None = None,
        progress: ProgressOption = "auto",
    ) -> Frame:
        """List files that match all given filters, in the order of their ids.

        Args:
            name, mime_type, source: equal to.
            metadata: having all these key-value pairs.
            asset_ids, asset_external_ids: of any of these assets.
            root_asset_ids, root_asset_external_ids: of an asset under any of these root assets.
            asset_subtree_ids, asset_subtree_external_ids: of an asset in any of these subtrees.
            data_set_ids, data_set_external_ids: in any of these data sets.
            labels: carrying any of these labels (external ids), or a dict of `contains_any` and `contains_all`.
            geo_location: ``{"shape": {"type": ..., "coordinates": ...}, "relation": ...}``; relations are `intersects`,
                `disjoint` and `within`.
            created_time, last_updated_time, source_created_time, source_modified_time, uploaded_time: ranges ``{"min":
                ..., "max": ...}``, both ends included; times as ms, texts such as ``"2w-ago"``, or datetimes.
            external_id_prefix, directory_prefix: external ids, or directories, that begin so (case-sensitive).
            uploaded: having a content, or not.
            limit: the most rows; None, -1 or inf for all.
            partitions: fetch in so many parallel streams; needs ``limit=None``. Without it, a list of many pages is
                fetched in parallel, too, once its first page is there.
            progress: "auto", True, False or a callback ``(done, total)``, for what is fetched in parallel: its parts.

        Raises:
            ValueError, TypeError: an argument that cannot be right.

        Examples:
            >>> client.files.list(limit=5, external_id_prefix="prefix").height
            0
        """
        return self._list(self._chosen(locals()), limit, partitions, progress)

    def search(self, name: str | None = None, filter: Mapping[str, Any] | None = None, limit: int = 100) -> Frame:
        """Search for files, best matches first. Meant for people: for exact matches use `list`.

        Args:
            name: prefix and fuzzy search on the name.
            filter: a dict of the filters of `list`, by the same names; these match exactly.
            limit: the most rows, up to 1000.

        Examples:
            >>> file = client.files.upload_bytes("...", name="pump_manual.txt")
            >>> client.files.search(name="manual")["name"].to_list()
            ['pump_manual.txt']
        """
        return self._search({"name": name}, filter, limit)

    def create(self, file_metadata: IntoFrame, overwrite: bool = False) -> tuple[Frame, str]:
        """Create one file without a content.

        Args:
            file_metadata: a dict, or a frame of one row.
            overwrite: change the file that has this external id, if there is one.

        Returns:
            A frame of the file, and the link that its content can be uploaded to.

        Raises:
            ValueError: not one row, an unknown column, or values of another type; before anything is sent.
            CogniteDuplicatedError: the external id exists already.

        Examples:
            >>> file, upload_url = client.files.create({"name": "MyFile"})
            >>> file["uploaded"].to_list()
            [False]
        """
        rows = to_arrow(file_metadata, name="file_metadata")
        if rows.num_rows != 1:
            raise ValueError(f"file_metadata has {rows.num_rows} rows; one file is created at a time.")
        answer = enter(self._session, self._objects(rows)[0], check_flag("overwrite", overwrite))
        return self._frame_of(read_row(json.dumps(answer).encode(), SCHEMA)), answer["uploadUrl"]

    def upload(
        self,
        path: str | os.PathLike[str],
        external_id: str | None = None,
        name: str | None = None,
        source: str | None = None,
        mime_type: str | None = None,
        metadata: Mapping[str, str] | None = None,
        directory: str | None = None,
        asset_ids: Any = None,
        source_created_time: Any = None,
        source_modified_time: Any = None,
        data_set_id: int | None = None,
        labels: Any = None,
        geo_location: Any = None,
        security_categories: Any = None,
        recursive: bool = False,
        overwrite: bool = False,
        *,
        progress: ProgressOption = "auto",
    ) -> Frame:
        """Upload a file, or all files of a folder, several at once; those above 64 MiB in parts side by side.

        Args:
            path: of the file or the folder.
            external_id, name: of the file; by default the name is that of the file on disk. Not for several files.
            source, mime_type, metadata, directory, asset_ids, source_created_time, source_modified_time, data_set_id,
                labels, geo_location, security_categories: what is to be known of the file, or of each in the folder.
            recursive: take the files of all folders in the folder, too.
            overwrite: replace the file that has this external id, if there is one.
            progress: "auto", True, False or a callback ``(done, total)`` of bytes.

        Returns:
            A frame of what was uploaded, in the order of paths.

        Raises:
            ValueError: there is no such file or folder, or an argument cannot be right; before anything is sent.
            CogniteAPIError: some files failed; `successful`, `unknown` and `failed` hold rows of what is known of each,
                with its `path`. A file that was entered and whose content did not come stays there without one
                (``uploaded=False``), and can be uploaded again with ``overwrite=True``, or deleted.

        Examples:
            >>> path = Path("my_file.txt")
            >>> length = path.write_text("some content")
            >>> client.files.upload(path, external_id="my_file")["uploaded"].to_list()
            [True]
        """
        about = _given(locals())
        base = Path(path).expanduser()
        if base.is_dir():
            found = sorted(one for one in (base.rglob("*") if recursive else base.iterdir()) if one.is_file())
        elif base.is_file():
            found = [base]
        else:
            raise ValueError(f"path={str(path)!r} is neither a file nor a folder.")
        if len(found) > 1 and (external_id is not None or name is not None):
            raise ValueError(f"external_id and name are of one file, and {str(path)!r} is a folder of {len(found)}.")
        rows = [{**about, "name": name or one.name, "path": str(one)} for one in found]
        return self._upload(rows, [FileContent(one) for one in found], overwrite, progress)

    def upload_bytes(
        self,
        content: Any,
        name: str,
        external_id: str | None = None,
        source: str | None = None,
        mime_type: str | None = None,
        metadata: Mapping[str, str] | None = None,
        directory: str | None = None,
        asset_ids: Any = None,
        data_set_id: int | None = None,
        labels: Any = None,
        geo_location: Any = None,
        source_created_time: Any = None,
        source_modified_time: Any = None,
        security_categories: Any = None,
        overwrite: bool = False,
        *,
        progress: ProgressOption = "auto",
    ) -> Frame:
        """Upload bytes, a text (as UTF-8), or what an open handle gives.

        Args:
            content: bytes, a text, or a handle, which is read from where it stands to its end, piece by piece.
            name: of the file.
            external_id, source, mime_type, metadata, directory, asset_ids, data_set_id, labels, geo_location,
                source_created_time, source_modified_time, security_categories: what is to be known of the file.
            overwrite: replace the file that has this external id, if there is one.
            progress: "auto", True, False or a callback ``(done, total)`` of bytes.

        Returns:
            A frame of the file.

        Raises:
            TypeError, ValueError: an argument that cannot be right; before anything is sent.
            CogniteAPIError: the file was not entered, or its content did not come; see `upload`.

        Examples:
            >>> client.files.upload_bytes(b"some content", name="my_file", external_id="my_file")["name"].to_list()
            ['my_file']
            >>> client.files.download_bytes(external_id="my_file")
            b'some content'
        """
        rows = [_given(locals()) | {"name": name}]
        return self._upload(rows, [content_of(content)], overwrite, progress)

    def download(
        self,
        directory: str | os.PathLike[str],
        id: Any = None,
        external_id: Any = None,
        *,
        progress: ProgressOption = "auto",
    ) -> None:
        """Download files into a folder, under their names.

        A name never leads out of the folder, whatever it is; where files have the same name, the last one stays.

        Args:
            directory: a folder that exists.
            id, external_id: of the files (single, lists, arrays or columns).
            progress: "auto", True, False or a callback ``(done, total)`` of bytes.

        Raises:
            ValueError: there is no such folder, or a name leads out of it; before anything is written.
            CogniteNotFoundError: some files do not exist; names all of them.
            CogniteAPIError: some files have no content, or did not come whole; `successful` and `failed` hold their
                rows. Nothing is left of those that failed.

        Examples:
            >>> file = client.files.upload_bytes(b"some content", name="my_file")
            >>> client.files.download(".", id=file["id"])
            >>> Path("my_file").read_bytes()
            b'some content'
        """
        folder = existing_folder(directory)
        files = self._rows_byids(identifiers(id, external_id), ignore_unknown_ids=False)
        paths = [target_in(folder, name) for name in files["name"]]
        last = {path: row for row, path in enumerate(paths)}  # a path is written once
        if len(last) < len(paths):
            repeated = next(path for path, count in Counter(paths).items() if count > 1)
            warnings.warn(f"Several files have the name {repeated.name!r}; the last one stays.", stacklevel=2)
        chosen = files[sorted(last.values())]
        self._download(chosen, [paths[row] for row in sorted(last.values())], progress)

    def download_to_path(
        self,
        path: str | os.PathLike[str],
        id: int | None = None,
        external_id: str | None = None,
        *,
        progress: ProgressOption = "auto",
    ) -> None:
        """Download one file to a path, where it replaces what is there once it has come whole.

        Raises:
            ValueError: neither or both of id and external_id are given, or the folder of the path does not exist.
            CogniteAPIError: the file does not exist, has no content, or did not come whole.

        Examples:
            >>> file = client.files.upload_bytes(b"some content", name="my_file", external_id="my_file")
            >>> client.files.download_to_path("copy", external_id="my_file")
            >>> Path("copy").read_bytes()
            b'some content'
        """
        target = Path(path).expanduser()
        existing_folder(target.parent)
        if target.is_dir():
            raise ValueError(f"path={str(path)!r} is a folder; it must be that of a file.")
        self._download(pl.DataFrame(one_identifier(id, external_id)), [target], progress)

    def download_bytes(self, id: int | None = None, external_id: str | None = None) -> bytes:
        """Download the content of one file.

        Raises:
            ValueError: neither or both are given.
            CogniteAPIError: the file does not exist, has no content, or did not come whole.

        Examples:
            >>> file = client.files.upload_bytes("some content", name="my_file")
            >>> client.files.download_bytes(id=file["id"][0])
            b'some content'
        """
        [identity] = one_identifier(id, external_id).to_pylist()
        file = io.BytesIO()
        another = partial(download_link, self._session, identity)
        download(self._session, another(), another, file, Gauge(None))
        return file.getvalue()

    def read(
        self, id: int | None = None, external_id: str | None = None, *, format: str | None = None, **options: Any
    ) -> Frame:
        """Read a stored table, in CSV, Parquet, JSON lines or Arrow format, into a frame.

        Args:
            id, external_id: of the file; one of them.
            format: `csv`, `parquet`, `jsonl` or `arrow`; by default as the name of the file ends.
            options: those of `polars.read_csv`, `read_parquet`, `read_ndjson` or `read_ipc`.

        Raises:
            ValueError: the format is not known, or the content is not in it.
            CogniteAPIError: the file does not exist, has no content, or did not come whole.

        Examples:
            >>> file = client.files.upload_bytes("a,b\\n1,x\\n", name="table.csv", external_id="table")
            >>> client.files.read(external_id="table").rows()
            [(1, 'x')]
        """
        file = self._rows_byids(one_identifier(id, external_id), ignore_unknown_ids=False)
        form = tables.format_of(file["name"][0], format)
        with tempfile.TemporaryDirectory(prefix="cdframe-") as folder:
            path = Path(folder) / f"content{form.suffixes[0]}"
            self._download(file.select("id", external_id=pl.lit(None, pl.String)), [path], False)
            frame = tables.read_table(path, form, options)
        return from_arrow(frame.to_arrow(compat_level=pl.CompatLevel.oldest()), self._frame)

    def delete(
        self,
        id: Any = None,
        external_id: Any = None,
        *,
        ignore_unknown_ids: bool = False,
        progress: ProgressOption = "auto",
    ) -> None:
        """Delete files, and their contents, by ids and external ids (single, lists, arrays or columns).

        Raises:
            CogniteNotFoundError: some do not exist and `ignore_unknown_ids` is False; names all of them.
            CogniteAPIError: some requests failed; `successful`, `unknown` and `failed` hold the identifiers.

        Examples:
            >>> client.files.delete(id=[1, 2, 3], external_id="3", ignore_unknown_ids=True)
        """
        self._delete(id, external_id, ignore_unknown_ids, progress)

    # Contents

    def _upload(
        self, rows: Sequence[dict[str, Any]], contents: Sequence[Content], overwrite: bool, progress: ProgressOption
    ) -> Frame:
        """Enter files and send their contents."""
        table = to_arrow(rows, name="files")
        objects = self._objects(table.drop_columns([name for name in ("path",) if name in table.column_names]))
        check_flag("overwrite", overwrite)
        ids = upload_files(self._session, table, objects, contents, overwrite, self._frame, progress)
        return self._byids(identifiers(ids, None), ignore_unknown_ids=False)

    def _download(self, files: pl.DataFrame, paths: Sequence[Path], progress: ProgressOption) -> None:
        download_files(self._session, files.to_arrow(), paths, self._frame, progress)


_ABOUT = (
    *("external_id", "source", "mime_type", "metadata", "directory", "asset_ids", "source_created_time"),
    *("source_modified_time", "data_set_id", "labels", "geo_location", "security_categories"),
)


def _given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be known of a file, from the arguments of a call."""
    return {name: arguments[name] for name in _ABOUT if arguments[name] is not None}
