"""The file resource: fields, filters, tables.

    files         content                                    what a file has, if anything was uploaded
    file_blobs    content  place  blob  size                 the blobs that, one after the other, are a content
    file_uploads  id  file  content  parts  created_time     contents that come in parts; `completed` when all are there

A content never changes: another upload makes another one. Of one that nothing refers to any more no row is left, and
its blobs go once that is committed.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from cdframe.local.assets.trees import in_subtrees, in_trees
from cdframe.local.database import create_table
from cdframe.local.errors import bad_request
from cdframe.local.fields import EXTERNAL_ID, ID, TIMES, Boolean, Field, Ids, Integer, Labels, Metadata, Text
from cdframe.local.files.geometry import Place, lies
from cdframe.local.filters import (
    Key,
    between,
    equal,
    has_labels,
    has_pairs,
    prefixed,
    refers_to,
    refers_to_external_ids,
)
from cdframe.local.identifiers import Naming
from cdframe.local.reference_lists import ReferenceList
from cdframe.local.references import ASSETS, LABELS, LISTED_DATA_SETS, parse_references
from cdframe.local.resources import Resource
from cdframe.local.validation import shown

IS_UPLOADED = "(content IS NOT NULL)"


class Directory(Text):
    """An absolute path, as Unix has them."""

    def check(self, value: Any, where: str) -> str:
        path = super().check(value, where)
        if not path.startswith("/"):
            raise bad_request(f"{where} must begin with /, but was {shown(path)}")
        return path


FILES = Resource(
    table="files",
    fields=(
        ID,
        EXTERNAL_ID,
        Field("name", Text(256, least=1), required=True, updatable=False),
        Field("directory", Directory(512)),
        Field("source", Text(128)),
        Field("mimeType", Text(256)),
        Field("metadata", Metadata(value=10_240, total=10_240)),
        Field("assetIds", Ids(1000), default=[], refers_to=ASSETS),
        Field("dataSetId", Integer(), refers_to=LISTED_DATA_SETS),
        Field("labels", Labels(), default=[], refers_to=LABELS),
        Field("geoLocation", Place()),
        Field("sourceCreatedTime", Integer(0)),
        Field("sourceModifiedTime", Integer(0)),
        Field("securityCategories", Ids(100), default=[]),
        Field("uploaded", Boolean(), server_set=True, expression=IS_UPLOADED),
        Field("uploadedTime", Integer(0), server_set=True),
        Field("content", Text(32), server_set=True, hidden=True),
        *TIMES,
    ),
    passed_over=("uploadUrl",),
)

NAMING = Naming(
    missing="File ids not found: {}",
    missing_external_ids="Files ids not found: {}",
    repeated="Duplicate ids: {}",
    repeated_external_ids="Duplicate external ids: {}",
)

ASSET_IDS = ReferenceList("files", "asset_ids")

FILTERS = {
    "name": Key(equal("name", Text(256))),
    "mimeType": Key(equal("mime_type", Text(256))),
    "source": Key(equal("source", Text(128))),
    "uploaded": Key(equal(IS_UPLOADED, Boolean())),
    "metadata": Key(has_pairs("metadata")),
    "assetIds": Key(ASSET_IDS.has(refers_to(ASSETS, "target", bare_ids=True)), union="assets"),
    "assetExternalIds": Key(ASSET_IDS.has(refers_to_external_ids(ASSETS, "target")), union="assets"),
    "rootAssetIds": Key(ASSET_IDS.has(in_trees("target", partial(parse_references, most=100, bare_ids=True)))),
    "assetSubtreeIds": Key(ASSET_IDS.has(in_subtrees("target"))),
    "dataSetIds": Key(refers_to(LISTED_DATA_SETS, "data_set_id", least=0)),
    "labels": Key(has_labels("labels")),
    "geoLocation": Key(lies("files", "geo_location")),
    "externalIdPrefix": Key(prefixed("external_id")),
    "directoryPrefix": Key(prefixed("directory", 512)),
    "createdTime": Key(between("created_time")),
    "lastUpdatedTime": Key(between("last_updated_time")),
    "uploadedTime": Key(between("uploaded_time")),
    "sourceCreatedTime": Key(between("source_created_time")),
    "sourceModifiedTime": Key(between("source_modified_time")),
}

SEARCHED = {"name": 1}

TABLES = (
    create_table(
        "files",
        id="BIGINT NOT NULL",
        external_id="VARCHAR",
        name="VARCHAR NOT NULL",
        directory="VARCHAR",
        source="VARCHAR",
        mime_type="VARCHAR",
        metadata="VARCHAR",
        asset_ids="BIGINT[]",
        data_set_id="BIGINT",
        labels="VARCHAR",
        geo_location="VARCHAR",
        source_created_time="BIGINT",
        source_modified_time="BIGINT",
        security_categories="BIGINT[]",
        uploaded_time="BIGINT",
        content="VARCHAR",
        created_time="BIGINT NOT NULL",
        last_updated_time="BIGINT NOT NULL",
    ),
    "CREATE INDEX files_id ON files (id)",
    "CREATE INDEX files_external_id ON files (external_id)",
    create_table(
        "file_blobs",
        content="VARCHAR NOT NULL",
        place="BIGINT NOT NULL",
        blob="VARCHAR NOT NULL",
        size="BIGINT NOT NULL",
    ),
    "CREATE INDEX file_blobs_content ON file_blobs (content)",
    create_table(
        "file_uploads",
        id="VARCHAR NOT NULL",
        file="BIGINT NOT NULL",
        content="VARCHAR NOT NULL",
        parts="BIGINT NOT NULL",
        created_time="BIGINT NOT NULL",
        completed="BOOLEAN NOT NULL",
    ),
    "CREATE INDEX file_uploads_id ON file_uploads (id)",
)
