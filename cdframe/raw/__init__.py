"""Raw: databases of tables of rows, which are any JSON under a key."""

from cdframe.raw.api import RawAPI

__all__ = ["RawAPI"]
