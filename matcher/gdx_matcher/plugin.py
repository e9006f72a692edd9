"""The matcher as a GDX plugin: entry point ``gdx_matcher.plugin`` of group ``gdx``."""

from __future__ import annotations

from gdx_matcher.shard import Shard
from gdx_sdk.hookspecs import Registry
from gdx_sdk.plugins import hookimpl


@hookimpl
def register_matcher(registry: Registry) -> None:
    """Offer the pure Python matcher, the reference for any other."""
    registry.add("python", Shard)
