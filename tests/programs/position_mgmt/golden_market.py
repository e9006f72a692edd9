"""A market in which only the bytes of a golden batch decide."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from solders.pubkey import Pubkey

from tests.programs.harness.codec import Call

from .batch_bytes import raw
from .exchange import CONFIG
from .market import Market, Trader

FOLDER = Path(__file__).resolve().parents[2] / "golden"
AHEAD_SECONDS, INDEX_E6 = 100, 50_000 * 10**6


def cases(name: str) -> list[dict[str, Any]]:
    """The cases of one golden file."""
    return list(json.loads((FOLDER / f"{name}.json").read_text())["cases"])


def planted(market: Market, trader: Trader, case: dict[str, Any]) -> Call:
    """The case's call; its market, positions, clock and prices are planted so that only its bytes decide."""
    chain, data = market.chain, bytes.fromhex(case["data"])
    from_ms = int.from_bytes(data[80:88], "little") if len(data) >= 88 else 0
    if from_ms:
        chain.set_clock(ts=from_ms // 1_000 + AHEAD_SECONDS)
    market.set_price(INDEX_E6)
    feed = chain.read(market.feed)
    prices = [INDEX_E6, *[int(trade["price_e6"]) for trade in case.get("trades", [])]]
    for minute in feed.minutes.ranges:
        minute.low_e6, minute.high_e6 = min(prices), max(prices)
    chain.rewrite(market.feed, minutes=feed.minutes)
    epoch = int.from_bytes(data[2:6], "little")
    chain.rewrite(CONFIG, relayer_epoch=epoch, slippage_floor_atoms=2**62, min_batch_size=0)
    sequence = int.from_bytes(data[6:14], "little")
    lenient = {
        "price_band_bps": 9_999,
        "max_slippage_per_hour_atoms": 2**62,
        "max_position_size_e8": 2**62,
        "max_open_interest_e8": 2**62,
        "taker_fee": int(case.get("taker_fee_ppm", 500)),
        "maker_fee": int(case.get("maker_fee_ppm", -100)),
        "last_batch_sequence": max(sequence - 1, 0),
        "last_batch_id": data[14:46].ljust(32, b"\0"),
    }
    chain.rewrite(market.key, **lenient)
    golden = Pubkey.from_bytes(bytes.fromhex(case["market"]))
    account = chain.account(market.key)
    assert account is not None
    chain.put(golden, bytes(account.data), account.owner)
    market.key = golden
    positions = [Pubkey.from_bytes(bytes.fromhex(key)) for key in case["positions"]]
    chain.rewrite(trader.position, market=golden, collateral=2**60)
    account = chain.account(trader.position)
    assert account is not None
    for key in positions:
        chain.put(key, bytes(account.data), account.owner)
    return raw(market, data, positions)
