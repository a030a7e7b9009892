"""The rows of sequences: pages of JSON to typed columns, and columns to requests."""

from cdframe.sequences.api import SequencesDataAPI

__all__ = ["SequencesDataAPI"]
