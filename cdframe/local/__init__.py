"""The local CDF: an engine that answers the API of Cognite Data Fusion on the user's own machine."""

from cdframe.local.engine import LocalCDF
from cdframe.local.errors import LocalCDFError
from cdframe.local.server import serve

__all__ = ["LocalCDF", "LocalCDFError", "serve"]
