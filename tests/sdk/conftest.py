"""Helpers of the SDK's tests: golden vectors and made-up trades."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from solders.pubkey import Pubkey

from gdx_sdk.batch import Trade
from gdx_sdk.math import fee_atoms, notional_atoms
from gdx_sdk.units import Side

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
MARKET = Pubkey(b"\x05" * 32)
TAKER_PPM, MAKER_PPM = 500, -100

LoadGolden = Callable[[str], list[dict[str, Any]]]
MakeTrades = Callable[..., list[Trade]]


@pytest.fixture(scope="session")
def load_golden() -> LoadGolden:
    """Cases of one golden file."""

    def load(name: str) -> list[dict[str, Any]]:
        cases: list[dict[str, Any]] = json.loads((GOLDEN / name).read_bytes())["cases"]
        assert cases, name
        return cases

    return load


@pytest.fixture(scope="session")
def make_trades() -> MakeTrades:
    """Valid trades of `MARKET` from a seed: `make_trades(count, players=…, seed=…, first_id=…)`."""

    def make(
        count: int, *, players: int = 8, seed: int = 0, first_id: int = 1, start_ms: int = 1_767_225_600_000
    ) -> list[Trade]:
        rng = Random(seed)
        keys = [Pubkey(rng.randbytes(32)) for _ in range(players)]
        trades, at_ms, price = [], start_ms, 60_000_000_000
        for number in range(count):
            taker, maker = rng.sample(keys, 2)
            price += rng.randint(-50_000_000, 50_000_000)
            size = rng.randint(1, 3_000_000)
            notional = notional_atoms(price, size)
            fees = fee_atoms(notional, TAKER_PPM), fee_atoms(notional, MAKER_PPM)
            side = Side(rng.randint(0, 1))
            trades.append(Trade(first_id + number, MARKET, taker, maker, side, price, size, *fees, at_ms))
            at_ms += rng.randint(0, 300)
        return trades

    return make


@pytest.fixture(scope="session")
def market() -> Pubkey:
    """The market of `make_trades`."""
    return MARKET
