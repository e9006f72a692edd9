"""Finding plugins: entry points of group ``gdx`` are loaded when first asked for, never on import."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final

import pluggy

from gdx_sdk import hookspecs
from gdx_sdk.errors import InputError

ENTRY_POINT_GROUP: Final = "gdx"
hookimpl = pluggy.HookimplMarker(hookspecs.PROJECT)


class FactoryRegistry(Mapping[str, Callable[..., Any]]):
    """Factories by name, in the order they were added."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._factories: dict[str, Callable[..., Any]] = {}

    def add(self, name: str, factory: Callable[..., Any]) -> None:
        """Offer `factory` under `name`; `InputError` when the name is taken."""
        if name in self._factories:
            raise InputError(self._kind, name, "is offered by two plugins")
        self._factories[name] = factory

    def __getitem__(self, name: str) -> Callable[..., Any]:
        try:
            return self._factories[name]
        except KeyError:
            known = ", ".join(self._factories) or "none is installed"
            raise InputError(self._kind, name, f"is not offered by any plugin ({known})") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._factories)

    def __len__(self) -> int:
        return len(self._factories)


def new_manager(*, load_entry_points: bool = True) -> pluggy.PluginManager:
    """A plugin manager with GDX's hooks; tests pass `load_entry_points=False` and register their own."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    if load_entry_points:
        manager.load_setuptools_entrypoints(ENTRY_POINT_GROUP)
    return manager


@cache
def default_manager() -> pluggy.PluginManager:
    """The process's manager, with every installed plugin."""
    return new_manager()


def matchers(manager: pluggy.PluginManager | None = None) -> FactoryRegistry:
    """Matchers that installed plugins offer."""
    registry = FactoryRegistry("matcher")
    (manager or default_manager()).hook.register_matcher(registry=registry)
    return registry


def keepers(manager: pluggy.PluginManager | None = None) -> FactoryRegistry:
    """Keepers that installed plugins offer."""
    registry = FactoryRegistry("keeper")
    (manager or default_manager()).hook.register_keepers(registry=registry)
    return registry


def plugin_names(manager: pluggy.PluginManager | None = None) -> list[str]:
    """Names of the loaded plugins, in alphabetical order."""
    named = (manager or default_manager()).list_name_plugin()
    return sorted(name for name, plugin in named if plugin is not None)
