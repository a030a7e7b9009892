"""Dataframe-native access to Cognite Data Fusion."""

from cdframe._version import __version__

__all__ = ["__version__"]
