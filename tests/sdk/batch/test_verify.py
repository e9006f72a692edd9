"""Nothing but the very trades verifies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from solders.pubkey import Pubkey

from gdx_sdk.batch import (
    ZERO_ID,
    MerkleProof,
    Trade,
    decode_batch,
    merkle_proof,
    merkle_root,
    seal_batch,
    seal_heartbeat,
    verify_batch,
    verify_chain,
    verify_fill,
    verify_proof,
)
from gdx_sdk.errors import CodecError, InputError, ProofError
from gdx_sdk.units import Side

MakeTrades = Callable[..., list[Trade]]
NUMBERS = ("trade_id", "price_e6", "size_e8", "taker_fee_atoms", "maker_fee_atoms", "executed_at_ms")


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("field", NUMBERS)
@pytest.mark.parametrize("step", [1, -1])
def test_one_unit_more_or_less_does_not_verify(
    make_trades: MakeTrades, market: Pubkey, version: int, field: str, step: int
) -> None:
    trades = make_trades(7)
    batch = seal_batch(version, market, 1, ZERO_ID, trades)
    proof = merkle_proof([trade.leaf() for trade in trades], 3)
    verify_fill(trades[3], proof, batch.root, trade_count=7)
    altered = replace(trades[3], **{field: getattr(trades[3], field) + step})
    with pytest.raises(ProofError, match=f"trade {altered.trade_id} is not at place 3"):
        verify_fill(altered, proof, batch.root, trade_count=7)
    with pytest.raises(ProofError):
        verify_batch([*trades[:3], altered, *trades[4:]], batch)


def test_another_side_or_party_does_not_verify(make_trades: MakeTrades, market: Pubkey) -> None:
    trades = make_trades(4)
    root = seal_batch(2, market, 1, ZERO_ID, trades).root
    proof = merkle_proof([trade.leaf() for trade in trades], 0)
    trade = trades[0]
    for altered in (
        replace(trade, taker_side=Side(trade.taker_side).opposite),
        replace(trade, maker=Pubkey(b"\x09" * 32)),
        replace(trade, market=Pubkey(b"\x09" * 32)),
    ):
        with pytest.raises(ProofError):
            verify_fill(altered, proof, root, trade_count=4)


def test_a_proof_holds_for_its_place_and_tree_only(make_trades: MakeTrades) -> None:
    leaves = [trade.leaf() for trade in make_trades(5)]
    proof = merkle_proof(leaves, 4)
    root = merkle_root(leaves)
    assert verify_proof(leaves[4], proof, root)
    for wrong in (
        replace(proof, index=0),
        replace(proof, index=5),
        replace(proof, index=-1),
        replace(proof, leaf_count=8),
        replace(proof, siblings=()),
        replace(proof, siblings=(*proof.siblings, bytes(32))),
    ):
        assert not verify_proof(leaves[4], wrong, root), wrong
    assert not verify_proof(root, MerkleProof(0, 1, ()), bytes(32))
    with pytest.raises(InputError, match="one of 5 leaves"):
        merkle_proof(leaves, 5)


@pytest.mark.parametrize("count", range(1, 18))
def test_with_its_size_known_a_proof_holds_for_one_place(make_trades: MakeTrades, count: int) -> None:
    """The root alone would take some proofs for places of trees of another size."""
    trades = make_trades(count)
    leaves = [trade.leaf() for trade in trades]
    root = merkle_root(leaves)
    for index, trade in enumerate(trades):
        proof = merkle_proof(leaves, index)
        verify_fill(trade, proof, root, trade_count=count)
        for other in range(count):
            if other != index:
                with pytest.raises(ProofError, match="is not at place"):
                    verify_fill(trade, replace(proof, index=other), root, trade_count=count)
        for size in range(1, 40):
            if size != count:
                with pytest.raises(ProofError, match=f"the batch has {count} trades"):
                    verify_fill(trade, replace(proof, leaf_count=size), root, trade_count=count)


def test_a_batch_with_a_trade_missing_or_added_does_not_verify(
    make_trades: MakeTrades, market: Pubkey
) -> None:
    trades = make_trades(6)
    batch = seal_batch(2, market, 1, ZERO_ID, trades)
    verify_batch(trades, batch)
    with pytest.raises(ProofError, match="has 6 trades, not 5"):
        verify_batch(trades[:-1], batch)


@pytest.mark.parametrize("wrong", ["twice", "swapped", "earlier"])
def test_a_root_over_trades_in_no_order_does_not_verify(
    make_trades: MakeTrades, market: Pubkey, wrong: str
) -> None:
    """A V2 batch has only the root on chain: a relayer may have hashed one fill twice, or two that clash."""
    one, two = make_trades(2)
    given = {
        "twice": (one, one),
        "swapped": (two, one),
        "earlier": (replace(two, trade_id=one.trade_id), replace(one, trade_id=two.trade_id)),
    }[wrong]
    assert one.executed_at_ms < two.executed_at_ms
    sealed = seal_batch(2, market, 1, ZERO_ID, (one, two))
    batch = replace(sealed, root=merkle_root([trade.leaf() for trade in given]))
    with pytest.raises(ProofError, match="out of order, or in it twice"):
        verify_batch(given, batch)


def test_nets_that_are_not_the_trades_do_not_verify(make_trades: MakeTrades, market: Pubkey) -> None:
    """The root may be right while the nets are not: only recomputing them shows it."""
    trades = make_trades(6, players=4)
    honest = seal_batch(2, market, 1, ZERO_ID, trades)
    other = [replace(trade, taker_fee_atoms=trade.taker_fee_atoms + 1) for trade in trades]
    payload = seal_batch(2, market, 1, ZERO_ID, other).payload
    with pytest.raises(ProofError, match="net entry 0"):
        verify_batch(trades, replace(honest, payload=payload))


def test_a_chain_breaks_at_a_gap_a_fork_and_a_foreign_id(make_trades: MakeTrades, market: Pubkey) -> None:
    first = seal_batch(1, market, 1, ZERO_ID, make_trades(3))
    second = seal_batch(2, market, 2, first.batch_id, make_trades(3, first_id=4))
    beat = seal_heartbeat(2, market, 3, second.batch_id, at_ms=5)
    assert verify_chain([first, second, beat]) == (3, beat.batch_id)
    assert verify_chain([second, beat], after=(1, first.batch_id)) == (3, beat.batch_id)
    with pytest.raises(ProofError, match="gap"):
        verify_chain([first, beat])
    fork = seal_batch(1, market, 1, ZERO_ID, make_trades(3, seed=9))
    with pytest.raises(ProofError, match="previous id"):
        verify_chain([fork, second])
    with pytest.raises(ProofError, match="the chain settled nothing"):
        verify_chain([first], settled_ids={})
    with pytest.raises(ProofError, match=fork.batch_id.hex()):
        verify_chain([first], settled_ids={1: fork.batch_id})


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"maker": "taker"}, "differ from the taker"),
        ({"trade_id": 1}, "above the one before"),
        ({"price_e6": 0}, "positive"),
        ({"size_e8": -1}, "positive"),
        ({"executed_at_ms": 5}, "must not be before"),
        ({"market": Pubkey(b"\x09" * 32)}, "the batch's market"),
        ({"taker_fee_atoms": -(10**12)}, "less than 0"),
    ],
)
def test_trades_that_no_program_accepts_are_not_sealed(
    make_trades: MakeTrades, market: Pubkey, change: dict[str, Any], rule: str
) -> None:
    trades = make_trades(3)
    if change.get("maker") == "taker":
        change = {"maker": trades[1].taker}
    with pytest.raises(InputError, match=rule):
        seal_batch(1, market, 1, ZERO_ID, [trades[0], replace(trades[1], **change), trades[2]])


def test_a_batch_needs_a_place_in_the_chain(make_trades: MakeTrades, market: Pubkey) -> None:
    trades = make_trades(2)
    for version, sequence, previous, rule in (
        (3, 1, ZERO_ID, "1 or 2"),
        (1, 0, ZERO_ID, "from 1 on"),
        (1, 2, ZERO_ID, "zeros for sequence 1"),
        (1, 2, b"\x01" * 31, "32 bytes"),
        (1, 1, b"\x01" * 32, "zeros for sequence 1"),
    ):
        with pytest.raises(InputError, match=rule):
            seal_batch(version, market, sequence, previous, trades)
    with pytest.raises(InputError, match="1 to 65535"):
        seal_batch(1, market, 1, ZERO_ID, [])


@pytest.mark.parametrize("version", [1, 2])
def test_random_bytes_decode_or_are_refused_but_never_crash(
    make_trades: MakeTrades, market: Pubkey, version: int
) -> None:
    rng = Random(version)
    batch = seal_batch(version, market, 1, ZERO_ID, make_trades(6))
    good = batch.encode(1)
    for attempt in range(2_000):
        data = bytearray(good)
        for _ in range(rng.randint(1, 3)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        cut = bytes(data[: rng.randint(0, len(data))]) if rng.random() < 0.3 else bytes(data)
        try:
            decoded = decode_batch(cut, market, batch.positions)
        except CodecError:
            continue
        assert decoded.payload == cut[80:], f"seed {version}, attempt {attempt}"
