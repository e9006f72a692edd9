"""Plugins: hooks, names, conflicts."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from gdx_sdk import plugins
from gdx_sdk.errors import InputError
from gdx_sdk.hookspecs import Registry
from gdx_sdk.plugins import hookimpl


class Matchers:
    """A plugin with one matcher."""

    @hookimpl
    def register_matcher(self, registry: Registry) -> None:
        registry.add("slow", dict)


class Keepers:
    """A plugin with one keeper."""

    @hookimpl
    def register_keepers(self, registry: Registry) -> None:
        registry.add("sweeper", list)


def manager_of(*found: Any) -> Any:
    manager = plugins.new_manager(load_entry_points=False)
    for plugin in found:
        manager.register(plugin)
    return manager


def test_registered_factories_are_found_by_name() -> None:
    manager = manager_of(Matchers(), Keepers())
    assert dict(plugins.matchers(manager)) == {"slow": dict}
    assert plugins.keepers(manager)["sweeper"] is list
    assert len(plugins.plugin_names(manager)) == 2


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(InputError, match=r"not offered by any plugin \(slow\)"):
        plugins.matchers(manager_of(Matchers()))["fast"]
    with pytest.raises(InputError, match="none is installed"):
        plugins.keepers(manager_of())["x"]


def test_one_name_from_two_plugins_is_refused() -> None:
    with pytest.raises(InputError, match="two plugins"):
        plugins.matchers(manager_of(Matchers(), Matchers()))


def test_a_misspelt_hook_is_refused() -> None:
    class Misspelt:
        @hookimpl
        def register_matchers(self, registry: Registry) -> None:
            registry.add("x", dict)

    manager = manager_of(Misspelt())
    with pytest.raises(Exception, match="unknown hook 'register_matchers'"):
        manager.check_pending()


def test_entry_points_are_loaded_on_demand_only() -> None:
    code = "import gdx_sdk.plugins, sys; print('gdx_matcher' in sys.modules, 'gdx_keepers' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert out.split() == ["False", "False"]
