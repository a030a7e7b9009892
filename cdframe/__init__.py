"""Dataframe-native access to Cognite Data Fusion, with a local CDF on the user's own machine."""

from cdframe import accessors as _accessors  # noqa: F401  (registers `.cdf` on frames)
from cdframe._version import __version__
from cdframe.client import CogniteClient
from cdframe.config import ClientConfig
from cdframe.datapoints import DatapointsQuery
from cdframe.errors import (
    CogniteAPIError,
    CogniteAPIKeyError,
    CogniteConnectionError,
    CogniteDuplicateColumnsError,
    CogniteDuplicatedError,
    CogniteException,
    CogniteHierarchyError,
    CogniteImportError,
    CogniteMissingClientError,
    CogniteNotFoundError,
)
from cdframe.resources.login import LoginStatus
from cdframe.stats import ClientStats
from cdframe.timestamps import ms_to_datetime, timestamp_to_ms

__all__ = [
    "ClientConfig",
    "ClientStats",
    "CogniteAPIError",
    "CogniteAPIKeyError",
    "CogniteClient",
    "CogniteConnectionError",
    "CogniteDuplicateColumnsError",
    "CogniteDuplicatedError",
    "CogniteException",
    "CogniteHierarchyError",
    "CogniteImportError",
    "CogniteMissingClientError",
    "CogniteNotFoundError",
    "DatapointsQuery",
    "LoginStatus",
    "__version__",
    "ms_to_datetime",
    "timestamp_to_ms",
]
