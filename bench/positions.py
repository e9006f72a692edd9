"""Positions for the benchmarks: plausible accounts of one market, some of them to be liquidated."""

from __future__ import annotations

import base64
import json
import random
import shutil
from dataclasses import asdict
from pathlib import Path

from solders.pubkey import Pubkey

from bench.side import ROOT
from gdx_sdk import PROGRAM_IDS
from gdx_sdk.accounts import UserPosition
from gdx_sdk.math import MarketState

PRICE_E6 = 50_000_000_000
MAINTENANCE_RATIO_BPS = 250
MARKET = MarketState(funding_index=123_456_789, long_loss_index=5_000_000, short_loss_index=4_000_000)
MARKET_KEY = Pubkey.from_bytes(bytes([9]) * 32)


def accounts(count: int, *, seed: int = 1) -> bytes:
    """The data of `count` positions, one after the other; about one in a hundred is to be liquidated."""
    rng = random.Random(seed)
    return b"".join(_position(rng).encode() for _ in range(count))


def _position(rng: random.Random) -> UserPosition:
    size = rng.choice((-1, 1)) * rng.randint(10_000, 50_000_000_000)
    entry_price = PRICE_E6 + rng.randint(-2_000_000_000, 2_000_000_000)
    notional = abs(size) * PRICE_E6 // 10**8
    margin_bps = rng.randint(1_100, 5_000) if rng.random() > 0.02 else rng.randint(0, 1_200)
    return UserPosition(
        owner=Pubkey.from_bytes(rng.randbytes(32)),
        parent_wallet=Pubkey.from_bytes(rng.randbytes(32)),
        market=MARKET_KEY,
        size=size,
        entry_price=entry_price,
        collateral=notional * margin_bps // 10_000,
        liquidation_price=entry_price * 9 // 10,
        maintenance_margin=notional * MAINTENANCE_RATIO_BPS // 10_000,
        realized_pnl=rng.randint(-(10**10), 10**10),
        unrealized_pnl=rng.randint(-(10**10), 10**10),
        funding_index=MARKET.funding_index - rng.randint(0, 10_000_000),
        accumulated_funding=rng.randint(-(10**8), 10**8),
        last_funding_update=1_750_000_000,
        open_timestamp=1_740_000_000 + rng.randint(0, 10**7),
        last_update_timestamp=1_750_000_000,
        cost_atoms=size * entry_price // 10**8,
        loss_index=rng.randint(0, 4_000_000),
        slippage_used_atoms=0,
        requested_release_atoms=0,
        requested_release_slot=0,
        slippage_ts=0,
        leverage=rng.randint(1, 50),
        layout_version=1,
        bump=rng.randint(240, 255),
        is_release_by_parent=0,
        reserved=bytes(7),
    )


def give(folder: Path, raw: bytes) -> None:
    """Put positions, their market and the IDL where a peer looks for them."""
    (folder / "positions.bin").write_bytes(raw)
    terms = {"price_e6": PRICE_E6, "maintenance_ratio_bps": MAINTENANCE_RATIO_BPS}
    (folder / "market.json").write_text(json.dumps(terms | asdict(MARKET)))
    shutil.copy(ROOT / "idl/legacy/position_mgmt.json", folder)
    (folder / "program_id.txt").write_text(str(PROGRAM_IDS["position_mgmt"]))


def reply(raw: bytes, offset: int = 0, length: int = UserPosition.SIZE, *, seed: int = 2) -> bytes:
    """The body of a ``getProgramAccounts`` reply that holds these positions, or a slice of each."""
    rng, owner = random.Random(seed), str(PROGRAM_IDS["position_mgmt"])
    entries = [
        {
            "pubkey": str(Pubkey.from_bytes(rng.randbytes(32))),
            "account": {
                "data": [base64.b64encode(raw[at + offset :][:length]).decode(), "base64"],
                "executable": False,
                "lamports": 2_672_640,
                "owner": owner,
                "rentEpoch": 2**64 - 1,
                "space": UserPosition.SIZE,
            },
        }
        for at in range(0, len(raw), UserPosition.SIZE)
    ]
    return json.dumps({"jsonrpc": "2.0", "result": entries, "id": 1}, separators=(",", ":")).encode()
