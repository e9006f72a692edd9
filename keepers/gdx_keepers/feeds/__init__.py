"""Where the oracle keeper gets prices from."""

from __future__ import annotations

from gdx_keepers.feeds.source import PriceSource, Quote
from gdx_keepers.feeds.sources import CallableSource, RecordedSource, StaticSource

__all__ = ["CallableSource", "PriceSource", "Quote", "RecordedSource", "StaticSource"]
