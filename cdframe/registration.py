"""Registers `.cdf` on frames: on Polars' at once, on pandas' when pandas is, or becomes, imported."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import polars as pl

NAME = "cdf"


def register(accessor: type) -> None:
    """Register an accessor class under the name `cdf` on Polars and pandas frames; may be called again."""
    pl.api.register_dataframe_namespace(NAME)(accessor)
    pl.api.register_lazyframe_namespace(NAME)(accessor)
    pandas = sys.modules.get("pandas")
    if pandas is None:
        sys.meta_path.insert(0, _AfterImport(accessor))
    else:
        _register_on_pandas(pandas, accessor)


def _register_on_pandas(pandas: ModuleType, accessor: type) -> None:
    pandas.api.extensions.register_dataframe_accessor(NAME)(accessor)


class _AfterImport(MetaPathFinder):
    """Finds pandas like all others do, and registers the accessor as soon as it has been imported."""

    def __init__(self, accessor: type) -> None:
        self._accessor = accessor

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "pandas":
            return None
        sys.meta_path.remove(self)
        spec = find_spec("pandas")
        if spec is not None and spec.loader is not None:
            loader: Any = spec.loader
            execute = loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                _register_on_pandas(module, self._accessor)

            loader.exec_module = exec_module
        return spec
