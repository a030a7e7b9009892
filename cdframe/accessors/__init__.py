"""`.cdf` on frames: what a frame read from CDF can do next.

It works on Polars DataFrames and LazyFrames (which are collected) and on pandas DataFrames, and gives frames of the
same kind. It stores the frame and nothing else. Methods that talk to CDF take ``client=``, and else use the client made
last.
"""

from __future__ import annotations

from cdframe.accessors.assets import AssetsAccessor
from cdframe.accessors.files import FilesAccessor
from cdframe.accessors.points import PointsAccessor
from cdframe.accessors.raw import RawAccessor
from cdframe.accessors.resources import ResourcesAccessor
from cdframe.registration import register


class CDFAccessor(PointsAccessor, AssetsAccessor, RawAccessor, FilesAccessor, ResourcesAccessor):
    """What `.cdf` gives: what a frame of points, time series, assets, rows or other resources can do next."""


register(CDFAccessor)
