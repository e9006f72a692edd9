"""Batch bytes, ids and proofs against the golden vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from solders.pubkey import Pubkey

from gdx_sdk.batch import (
    FLAG_FLUSH,
    FLAG_HEARTBEAT,
    MerkleProof,
    SealedBatch,
    Trade,
    decode_batch,
    merkle_proof,
    merkle_root,
    seal_batch,
    seal_heartbeat,
    verify_batch,
    verify_chain,
    verify_proof,
)
from gdx_sdk.errors import CodecError
from gdx_sdk.units import Side

LoadGolden = Callable[[str], list[dict[str, Any]]]


def _trades(case: dict[str, Any]) -> list[Trade]:
    return [
        Trade(
            int(trade["trade_id"]),
            _key(case["market"]),
            _key(trade["taker"]),
            _key(trade["maker"]),
            Side.SELL if trade["taker_side"] == "sell" else Side.BUY,
            int(trade["price_e6"]),
            int(trade["size_e8"]),
            int(trade["taker_fee_atoms"]),
            int(trade["maker_fee_atoms"]),
            int(trade["executed_at_ms"]),
        )
        for trade in case["trades"]
    ]


def _key(text: str) -> Pubkey:
    return Pubkey(bytes.fromhex(text))


def _seal(case: dict[str, Any]) -> SealedBatch:
    place = case["version"], _key(case["market"]), int(case["sequence"]), bytes.fromhex(case["previous_id"])
    if case["flags"] & FLAG_HEARTBEAT:
        return seal_heartbeat(*place, at_ms=int(case["executed_from_ms"]))
    return seal_batch(*place, _trades(case), flush=bool(case["flags"] & FLAG_FLUSH))


@pytest.mark.parametrize("name", ["batch_v1.json", "batch_v2.json", "batch_ids.json"])
def test_sealing_gives_the_bytes_and_the_id(load_golden: LoadGolden, name: str) -> None:
    for case in load_golden(name):
        batch = _seal(case)
        assert [trade.leaf().hex() for trade in batch.trades] == [trade["leaf"] for trade in case["trades"]]
        assert [bytes(position).hex() for position in batch.positions] == case["positions"]
        assert batch.encode(int(case["relayer_epoch"])).hex() == case["data"]
        assert batch.batch_id.hex() == case["batch_id"]


@pytest.mark.parametrize("name", ["batch_v1.json", "batch_v2.json"])
def test_decoding_gives_the_trades_back(load_golden: LoadGolden, name: str) -> None:
    for case in load_golden(name):
        positions = [_key(position) for position in case["positions"]]
        decoded = decode_batch(bytes.fromhex(case["data"]), _key(case["market"]), positions)
        assert decoded.batch_id.hex() == case["batch_id"]
        assert decoded.header.relayer_epoch == int(case["relayer_epoch"])
        rates = {"taker_fee_ppm": int(case["taker_fee_ppm"]), "maker_fee_ppm": int(case["maker_fee_ppm"])}
        if name == "batch_v1.json":
            assert decoded.trades(**rates) == tuple(_trades(case))
        else:
            assert decoded.trades(**rates) == ()
            assert len(decoded.entries) == len(positions)
        verify_batch(_trades(case), decoded)


def test_malformed_bytes_are_refused_by_rule(load_golden: LoadGolden) -> None:
    for case in load_golden("batch_refused.json"):
        positions = [_key(position) for position in case["positions"]]
        with pytest.raises(CodecError) as refused:
            decode_batch(bytes.fromhex(case["data"]), _key(case["market"]), positions)
        assert "byte" in refused.value.field or "positions[" in refused.value.field, case["why"]


def test_the_chain_of_ids(load_golden: LoadGolden) -> None:
    cases = load_golden("batch_ids.json")
    batches = [_seal(case) for case in cases]
    ids = {int(case["sequence"]): bytes.fromhex(case["batch_id"]) for case in cases}
    assert verify_chain(batches, settled_ids=ids) == (len(cases), batches[-1].batch_id)


def test_merkle_trees(load_golden: LoadGolden) -> None:
    for case in load_golden("merkle.json"):
        leaves = [bytes.fromhex(leaf) for leaf in case["leaves"]]
        root = bytes.fromhex(case["root"])
        assert merkle_root(leaves) == root
        for index, nodes in enumerate(case["proofs"]):
            proof = merkle_proof(leaves, index)
            assert proof == MerkleProof(index, len(leaves), tuple(bytes.fromhex(node) for node in nodes))
            assert verify_proof(leaves[index], proof, root)
