"""Names of a package that load their module when they are first used (PEP 562)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any


def lazy_exports(package: str, modules: Mapping[str, str]) -> Callable[[str], Any]:
    """Return a module ``__getattr__`` for ``package``: name → the submodule that defines it.

    A name equal to its submodule stands for the submodule itself.
    """
    return _getattr(
        package, modules, lambda module, name: module if modules[name] == name else getattr(module, name)
    )


def lazy_functions(package: str, names: Mapping[str, Sequence[str]]) -> Callable[[str], Any]:
    """As ``lazy_exports``, for submodules that define a function of their own name: submodule → its names.

    The name stands for that function, even when the submodule was imported by itself before.
    """
    sys.modules[package].__class__ = _Functions
    return _getattr(package, {name: home for home, defined in names.items() for name in defined}, getattr)


class _Functions(ModuleType):
    """A package with functions that have the names of their modules."""

    def __setattr__(self, name: str, value: Any) -> None:
        # An import puts each submodule into its package once it is loaded: there the function belongs.
        if isinstance(value, ModuleType) and value.__name__ == f"{self.__name__}.{name}":
            value = getattr(value, name)
        super().__setattr__(name, value)


def _getattr(
    package: str, modules: Mapping[str, str], find: Callable[[ModuleType, str], Any]
) -> Callable[[str], Any]:
    def __getattr__(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = find(import_module(f"{package}.{modules[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return __getattr__
