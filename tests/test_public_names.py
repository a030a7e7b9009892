"""What `import cdframe` offers, and what its modules may import."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

import cdframe

PACKAGE = Path(cdframe.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

OPTIONAL = {"pandas", "matplotlib", "sympy", "tqdm", "vega_datasets"}
MAY_START_THE_LOCAL_CDF = {"engines.py", "cli.py", "demo.py"}
LOCAL_MAY_USE = ("cdframe.local", "cdframe.protobuf", "cdframe._version")


def imports(module: Path) -> Iterator[tuple[str, bool, bool]]:
    """Give what a module imports, whether at its top level, and whether only for type checkers."""
    tree = ast.parse(module.read_text())
    checking = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            names = [node.module or ""]
        for name in names:
            yield name, id(node) not in inside, id(node) in checking


def belongs(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def test_all_is_sorted_and_complete() -> None:
    names = [name for name in vars(cdframe) if not name.startswith("_")]
    modules = {name for name in names if inspect.ismodule(getattr(cdframe, name))}
    assert sorted(set(names) - modules) == sorted(name for name in cdframe.__all__ if name != "__version__")
    assert cdframe.__all__ == sorted(cdframe.__all__)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_keep_to_their_side(module: Path) -> None:
    in_local = "local" in module.relative_to(PACKAGE).parts
    for name, at_top, checking in imports(module):
        if checking:
            continue
        if belongs(name, *OPTIONAL):
            assert not at_top, f"{module} imports the optional package {name} at its top level"
        if belongs(name, "cdframe") and in_local:
            assert belongs(name, *LOCAL_MAY_USE), f"{module} of the local CDF imports {name} of the client"
        if belongs(name, "cdframe.local") and not in_local:
            assert module.name in MAY_START_THE_LOCAL_CDF and not at_top, f"{module} imports {name}"


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_module_says_what_it_is_for(module: Path) -> None:
    assert ast.get_docstring(ast.parse(module.read_text()))
