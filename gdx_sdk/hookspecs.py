"""The hooks a plugin may implement: one function each, called when somebody asks what there is.

A plugin is a module or object named by an entry point of group ``gdx``; it implements a hook by a function
of the same name marked with `gdx_sdk.plugins.hookimpl`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import pluggy

PROJECT = "gdx"
hookspec = pluggy.HookspecMarker(PROJECT)


class Registry(Protocol):
    """Where a hook puts what it offers."""

    def add(self, name: str, factory: Callable[..., Any]) -> None:
        """Offer `factory` under `name`; a name may be offered once."""


@hookspec
def register_matcher(registry: Registry) -> None:
    """Add matchers: ``registry.add(name, factory)``."""


@hookspec
def register_keepers(registry: Registry) -> None:
    """Add keepers: ``registry.add(name, factory)``."""
