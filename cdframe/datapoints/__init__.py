"""The datapoints engine: data points between CDF and frames, without a Python object per point."""

from cdframe.datapoints.api import DatapointsAPI
from cdframe.datapoints.plan import DatapointsQuery

__all__ = ["DatapointsAPI", "DatapointsQuery"]
