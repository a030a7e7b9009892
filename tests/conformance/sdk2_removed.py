"""Gives back what later Pythons and pandas have removed and the official SDK 2.x still asks for; import it first."""

import sys
import typing

import pandas as pd

if sys.version_info >= (3, 13):
    sys.modules["typing.io"] = typing
if not hasattr(pd.DataFrame, "iteritems"):
    pd.DataFrame.iteritems = pd.DataFrame.items
