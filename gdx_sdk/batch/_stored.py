"""A sealed batch as JSON: its trades and its place; everything else is sealed anew and must give the same
id.
"""

from __future__ import annotations

from typing import Any

from solders.pubkey import Pubkey

from gdx_sdk.batch.header import FLAG_FLUSH, FLAG_HEARTBEAT
from gdx_sdk.batch.sealed import SealedBatch, seal_batch, seal_heartbeat
from gdx_sdk.batch.trade import Trade
from gdx_sdk.errors import CodecError
from gdx_sdk.units import Side


def batch_to_json(batch: SealedBatch) -> dict[str, Any]:
    """The batch as JSON values; position addresses are written once and named by index."""
    place = {position: index for index, position in enumerate(batch.positions)}
    return {
        "version": batch.version,
        "market": str(batch.market),
        "sequence": batch.sequence,
        "previous_id": batch.previous_id.hex(),
        "batch_id": batch.batch_id.hex(),
        "flags": batch.flags,
        "executed_from_ms": batch.executed_from_ms,
        "positions": [str(position) for position in batch.positions],
        "trades": [
            [
                trade.trade_id,
                place[trade.taker],
                place[trade.maker],
                int(trade.taker_side),
                trade.price_e6,
                trade.size_e8,
                trade.taker_fee_atoms,
                trade.maker_fee_atoms,
                trade.executed_at_ms,
            ]
            for trade in batch.trades
        ],
    }


def batch_from_json(content: dict[str, Any]) -> SealedBatch:
    """The batch behind `batch_to_json`; `CodecError` when it does not hash to the stored id."""
    market = Pubkey.from_string(content["market"])
    previous_id = bytes.fromhex(content["previous_id"])
    version, sequence, flags = content["version"], content["sequence"], content["flags"]
    if flags & FLAG_HEARTBEAT:
        batch = seal_heartbeat(version, market, sequence, previous_id, at_ms=content["executed_from_ms"])
    else:
        trades = _trades(content, market)
        batch = seal_batch(version, market, sequence, previous_id, trades, flush=bool(flags & FLAG_FLUSH))
    if batch.batch_id.hex() != content["batch_id"]:
        raise CodecError("batch_id", content["batch_id"], f"the content hashes to {batch.batch_id.hex()}")
    return batch


def _trades(content: dict[str, Any], market: Pubkey) -> list[Trade]:
    positions = [Pubkey.from_string(text) for text in content["positions"]]
    return [
        Trade(trade_id, market, positions[taker], positions[maker], Side(side), *rest)
        for trade_id, taker, maker, side, *rest in content["trades"]
    ]
