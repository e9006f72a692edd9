"""Where the first market's orders come from: a recording, or a market of our own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from gdx_matcher.recordings import Recording, RecordingKind, open_recording
from gdx_matcher.recordings.actions import Action
from gdx_matcher.synthetic import along_prices, synthetic_market

from gdx_cli.demo.options import DemoOptions

SYMBOL = "BTC-PERP"
PRICE_E6 = 60_000 * 10**6
TICK_E6 = 100_000
LOT_E8 = 100_000


@dataclass(frozen=True, slots=True)
class Source:
    """Orders, and what a market for them looks like. `actions()` starts over at each call."""

    title: str
    symbol: str
    price_e6: int
    tick_e6: int
    lot_e8: int
    kind: RecordingKind
    is_synthetic: bool
    actions: Callable[[], Iterable[Action]]
    description: dict[str, Any]


def open_source(options: DemoOptions) -> Source:
    """The source that the options name; raises `RecordingError` before anything is started."""
    if options.recording is None:
        return _synthetic(options.seed)
    recording = open_recording(options.recording, symbol=options.symbol)
    return _recorded(recording, options.seed)


def _synthetic(seed: int) -> Source:
    return Source(
        title=f"a synthetic market, seed {seed}",
        symbol=SYMBOL,
        price_e6=PRICE_E6,
        tick_e6=TICK_E6,
        lot_e8=LOT_E8,
        kind=RecordingKind.ORDERS,
        is_synthetic=True,
        actions=lambda: synthetic_market(seed, price_e6=PRICE_E6, tick_e6=TICK_E6, lot_e8=LOT_E8),
        description={"file": None, "format": "synthetic", "kind": "orders", "symbol": SYMBOL},
    )


def _recorded(recording: Recording, seed: int) -> Source:
    profile = recording.profile()
    symbol = _market_symbol(recording.symbol_wanted or recording.symbol)
    is_path = recording.kind is RecordingKind.PRICES

    def actions() -> Iterable[Action]:
        if is_path:
            return along_prices(recording.actions(), seed, tick_e6=profile.tick_e6, lot_e8=profile.lot_e8)
        return recording.actions()

    return Source(
        title=f"{recording.path.name} ({recording.format.title})",
        symbol=symbol,
        price_e6=profile.price_e6,
        tick_e6=profile.tick_e6,
        lot_e8=profile.lot_e8,
        kind=RecordingKind.ORDERS if is_path else recording.kind,
        is_synthetic=is_path,
        actions=actions,
        description={
            "file": recording.path.name,
            "format": recording.format.name,
            "kind": recording.kind.value,
            "symbol": symbol,
        },
    )


def _market_symbol(venue_symbol: str) -> str:
    """A symbol for our market: the venue's, cut down to what a symbol may hold, or REC-PERP."""
    base = re.sub(r"[^A-Z0-9]", "", venue_symbol.upper())[:12]
    return f"{base or 'REC'}-PERP"
