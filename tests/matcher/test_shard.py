"""The whole shard: recovery to the same hash, batches, busts, versions, shard maps."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from gdx_matcher import commands as c
from gdx_matcher import events as e
from gdx_matcher.errors import Diverged, LogMismatch, UnattributedRefusal
from gdx_matcher.shard import Shard, markets_of, shard_id_from
from solders.pubkey import Pubkey

from gdx_sdk.batch import FileOutbox, Refusal, SealedBatch, chain_start, verify_batch, verify_chain
from gdx_sdk.errors import InputError
from gdx_sdk.units import Side
from tests.matcher.matcher_flows import MARKETS, PRICE, SIZE, Flow, fund, position_key
from tests.matcher.shard_steps import BTC, T0, ids, run_flow, settle_first, trade

OpenShard = Callable[..., Shard]


@pytest.mark.parametrize("seed", [1, 2])
def test_replay_gives_the_live_state_and_the_same_batches(open_shard: OpenShard, seed: int) -> None:
    shard = open_shard()
    fund(shard.submit_many)
    run_flow(shard, seed, 1_500)
    live, batches = shard.state_hash(), ids(shard)
    assert batches, f"seed {seed}: the flow made no batches"
    again = open_shard()
    assert again.recovery.snapshot_record == 0
    assert again.recovery.replayed_commands >= 1_500
    assert again.state_hash() == live, f"seed {seed}"
    assert ids(again) == batches


@pytest.mark.parametrize("seed", [3, 4])
def test_snapshot_and_log_give_the_live_state(open_shard: OpenShard, seed: int) -> None:
    shard = open_shard()
    fund(shard.submit_many)
    run_flow(shard, seed, 700)
    shard.snapshot()
    run_flow(shard, seed + 1_000, 300)
    live, batches = shard.state_hash(), ids(shard)
    again = open_shard()
    assert again.recovery.snapshot_record > 0
    assert again.state_hash() == live, f"seed {seed}"
    assert ids(again) == batches
    for engine in (shard.engine, again.engine):
        engine.apply(c.Tick(), 2 * T0)
    run_later = Flow(seed + 2_000, reduce_only=True).take(300)
    for command, now_ms in run_later:
        assert shard.engine.apply(command, now_ms) == again.engine.apply(command, now_ms), f"seed {seed}"


def test_a_damaged_snapshot_is_passed_over(open_shard: OpenShard, caplog: pytest.LogCaptureFixture) -> None:
    shard = open_shard()
    fund(shard.submit_many)
    run_flow(shard, 5, 200)
    path = shard.snapshot()
    live = shard.state_hash()
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    again = open_shard()
    assert again.recovery.snapshot_record == 0
    assert again.state_hash() == live
    assert "checksum" in caplog.text


def test_batches_form_a_verified_chain(funded_shard: Shard) -> None:
    run_flow(funded_shard, 6, 1_500)
    funded_shard.submit(c.CutBatch(0), funded_shard.engine.now_ms)
    market = Pubkey(BTC.address)
    settled = [one.batch for one in funded_shard.outbox.settled(market)]
    chain = [*settled, *funded_shard.outbox.pending(market)]
    assert len(chain) > 5
    verify_chain(chain)
    trade_ids = [trade.trade_id for batch in chain for trade in batch.trades]
    assert trade_ids == list(range(1, len(trade_ids) + 1))
    for batch in chain:
        verify_batch(batch.trades, batch)


def test_a_market_created_anew_goes_on_from_its_creation(tmp_path: Path) -> None:
    """Once a market was closed, a creation counts as batch 1: the first that is cut is 2, and follows it."""
    config = msgspec.structs.replace(BTC, has_closed_markets=True)
    key = Pubkey(config.address)
    start = chain_start(key, config.market_index, has_closed_markets=True)
    shard = Shard(tmp_path, [config])
    fund(shard.submit_many)
    trade(shard, 1, 0, 1, T0)
    shard.submit(c.CutBatch(0), T0)
    settle_first(shard, 0)
    shard.submit(c.CutBatch(0, heartbeat=True), T0 + 1)
    shard.close()
    again = Shard(tmp_path, [config])
    chain = [*(one.batch for one in again.outbox.settled(key)), *again.outbox.pending(key)]
    assert [batch.sequence for batch in chain] == [2, 3]
    assert verify_chain(chain, after=start) == (3, chain[-1].batch_id)
    again.close()
    with pytest.raises(LogMismatch):
        Shard(tmp_path, [BTC])


def test_logs_written_before_markets_could_be_closed_are_still_ours() -> None:
    """The digest is of the identity that a log of these markets got before the property was there."""
    identity = msgspec.msgpack.encode(("all", [market.identity() for market in MARKETS]))
    assert sha256(identity).hexdigest() == (
        "5098bea650d4bc42d457ba3235c6282642dd6b1adc3e0f983347577918dbef07"
    )


def test_a_batch_is_cut_when_its_time_is_up_and_not_before(funded_shard: Shard) -> None:
    trade(funded_shard, 1, 0, 1, T0)
    assert funded_shard.submit(c.Tick(), T0 + BTC.batch_max_age_ms - 1) == []
    [cut] = funded_shard.submit(c.Tick(), T0 + BTC.batch_max_age_ms)
    assert isinstance(cut, e.BatchCut)
    assert (cut.sequence, cut.trade_count, cut.position_count) == (1, 1, 2)
    assert funded_shard.outbox.head(Pubkey(BTC.address)) == funded_shard.cutters[0].unsettled[0]


def test_a_full_batch_is_cut_before_the_trade_that_does_not_fit(open_shard: OpenShard) -> None:
    markets = (msgspec.structs.replace(BTC, batch_max_trades=3, batch_min_trades=3), MARKETS[1])
    shard = open_shard(markets=markets)
    fund(shard.submit_many)
    for number in range(1, 5):
        trade(shard, number, 0, 1, T0)
    [batch] = shard.cutters[0].unsettled
    assert (batch.trade_count, batch.flags) == (3, 0)
    shard.submit(c.CutBatch(0), T0)
    assert (shard.cutters[0].unsettled[1].trade_count, shard.cutters[0].unsettled[1].flags) == (1, 1)


def test_a_heartbeat_is_an_empty_batch_in_sequence(funded_shard: Shard) -> None:
    trade(funded_shard, 1, 0, 1, T0)
    funded_shard.submit(c.CutBatch(0, heartbeat=True), T0)
    funded_shard.submit(c.CutBatch(0), T0)
    [cut] = funded_shard.submit(c.CutBatch(0, heartbeat=True), T0 + 5)
    assert isinstance(cut, e.BatchCut)
    assert (cut.sequence, cut.trade_count) == (2, 0)
    settle_first(funded_shard, 0)
    settle_first(funded_shard, 0)
    assert funded_shard.cutters[0].next_sequence == 3


def test_the_version_changes_at_a_batch_boundary(funded_shard: Shard) -> None:
    trade(funded_shard, 1, 0, 1, T0)
    [cut] = funded_shard.submit(c.SetBatchVersion(0, 2), T0)
    trade(funded_shard, 2, 0, 1, T0)
    funded_shard.submit(c.CutBatch(0), T0)
    first, second = funded_shard.cutters[0].unsettled
    assert isinstance(cut, e.BatchCut)
    assert (first.version, second.version) == (1, 2)
    assert second.previous_id == first.batch_id == cut.batch_id
    verify_chain([first, second])
    for batch in (first, second):
        assert batch.trade_count == 1
    settle_first(funded_shard, 0)
    settle_first(funded_shard, 0)
    assert funded_shard.position(0, 0).settled.size_e8 == 200 * SIZE


def test_unsettled_batches_can_be_rebuilt_in_another_version(funded_shard: Shard) -> None:
    for number in (1, 2, 3):
        trade(funded_shard, number, 0, 1, T0)
        funded_shard.submit(c.CutBatch(0), T0)
    funded_shard.submit(c.SetBatchVersion(0, 2, from_sequence=2), T0)
    batches = list(funded_shard.cutters[0].unsettled)
    assert [batch.version for batch in batches] == [1, 2, 2]
    verify_chain(batches)
    assert funded_shard.outbox.pending(Pubkey(BTC.address)) == batches


def refuse(shard: Shard, index: int | None, code: int = 6_432) -> SealedBatch:
    """What the relayer does when the program refuses the first pending batch."""
    market = Pubkey(BTC.address)
    batch = shard.outbox.head(market)
    assert batch is not None
    shard.outbox.refuse(market, batch.sequence, Refusal(index, code, "margin is gone"))
    return batch


@pytest.mark.parametrize("version", [1, 2])
def test_a_refused_trade_is_busted_and_the_chain_rebuilt(open_shard: OpenShard, version: int) -> None:
    shard = open_shard()
    fund(shard.submit_many)
    shard.submit(c.SetBatchVersion(0, version), T0)
    value = shard.position(2, 0).value_atoms
    first, second = trade(shard, 1, 0, 1, T0), trade(shard, 2, 2, 3, T0)
    shard.submit(c.CutBatch(0), T0)
    third = trade(shard, 3, 4, 5, T0)
    shard.submit(c.CutBatch(0), T0)
    fourth = trade(shard, 4, 0, 1, T0)
    refused = refuse(shard, 1 if version == 1 else refused_entry(shard, 2))
    events = shard.handle_refusals(T0 + 1)
    [busted] = [event for event in events if isinstance(event, e.TradeBusted)]
    assert (busted.trade_id, busted.taker_account, busted.maker_account) == (second.trade_id, 2, 3)
    assert busted.error_code == 6_432
    assert (shard.position(2, 0).size_e8, shard.position(2, 0).value_atoms) == (0, value)
    batches = list(shard.cutters[0].unsettled)
    assert [[one.trade_id for one in batch.trades] for batch in batches] == [
        [first.trade_id],
        [third.trade_id],
    ]
    assert batches[0].sequence == refused.sequence
    assert batches[0].batch_id != refused.batch_id
    assert shard.outbox.pending(Pubkey(BTC.address)) == batches
    assert shard.outbox.head(Pubkey(BTC.address)) == batches[0]
    verify_chain(batches)
    live = shard.state_hash()
    assert shard.cutters[0].open_trades == 1
    assert fourth.trade_id == 4
    again = open_shard()
    assert again.state_hash() == live
    assert again.outbox.pending(Pubkey(BTC.address)) == batches


def refused_entry(shard: Shard, account: int) -> int:
    """Index of an account's entry in the first V2 batch."""
    return shard.cutters[0].unsettled[0].positions.index(Pubkey(position_key(account, 0)))


def test_a_batch_that_loses_its_only_trade_disappears(funded_shard: Shard) -> None:
    trade(funded_shard, 1, 0, 1, T0)
    funded_shard.submit(c.CutBatch(0), T0)
    refuse(funded_shard, 0)
    funded_shard.handle_refusals(T0)
    assert not funded_shard.cutters[0].unsettled
    assert funded_shard.outbox.pending(Pubkey(BTC.address)) == []
    trade(funded_shard, 2, 0, 1, T0)
    [cut] = funded_shard.submit(c.CutBatch(0), T0)
    assert isinstance(cut, e.BatchCut)
    assert cut.sequence == 1


def test_a_refusal_that_names_no_trade_busts_none(funded_shard: Shard) -> None:
    trade(funded_shard, 1, 0, 1, T0)
    funded_shard.submit(c.CutBatch(0), T0)
    before = funded_shard.state_hash()
    refuse(funded_shard, None)
    with pytest.raises(UnattributedRefusal, match="6432"):
        funded_shard.handle_refusals(T0)
    assert funded_shard.state_hash() == before


def test_confirmations_come_in_sequence(funded_shard: Shard) -> None:
    trade(funded_shard, 1, 0, 1, T0)
    funded_shard.submit(c.CutBatch(0), T0)
    for sequence in (0, 2):
        [rejected] = funded_shard.confirm(0, sequence, T0)
        assert isinstance(rejected, e.CommandRejected)
        assert rejected.reason is e.RejectReason.UNKNOWN_BATCH
    settle_first(funded_shard, 0)
    [rejected] = funded_shard.confirm(0, 1, T0)
    assert isinstance(rejected, e.CommandRejected)


def test_a_settled_batch_that_the_log_does_not_lead_to_is_loud(open_shard: OpenShard, tmp_path: Path) -> None:
    first, other = open_shard(), tmp_path / "other"
    fund(first.submit_many)
    trade(first, 1, 0, 1, T0)
    first.submit(c.CutBatch(0), T0)
    foreign = Shard(other, MARKETS)
    fund(foreign.submit_many)
    trade(foreign, 1, 0, 1, T0 + 7)
    foreign.submit(c.CutBatch(0), T0 + 7)
    settle_in_outbox(foreign)
    foreign.close()
    with pytest.raises(Diverged, match="settled as"):
        open_shard(outbox=FileOutbox(other / "all" / "outbox"))


def settle_in_outbox(shard: Shard) -> None:
    batch = shard.cutters[0].unsettled[0]
    shard.outbox.mark_settled(shard.cutters[0].market, 1, batch.batch_id, "signature", 1)


def test_a_shard_serves_the_markets_that_the_map_gives_it(tmp_path: Path) -> None:
    shard_map = {"BTC-PERP": "one", "ETH-PERP": "two"}
    shard = Shard(tmp_path, MARKETS, shard_id="two", shard_map=shard_map)
    assert list(shard.engine.books) == [3]
    [rejected] = shard.submit(c.PlaceOrder(1, 0, 0, Side.BUY, 1_000 * PRICE, 100 * SIZE), T0)
    assert isinstance(rejected, e.OrderRejected)
    assert rejected.sentence == "market_index = 0: this shard has no such market"
    shard.close()
    assert (tmp_path / "two" / "commands.log").exists()


@pytest.mark.parametrize(
    ("shard_id", "shard_map", "message"),
    [
        ("three", {"BTC-PERP": "one", "ETH-PERP": "two"}, "SHARD_ID = 'three'"),
        ("one", {"BTC-PERP": "one"}, "ETH-PERP"),
    ],
)
def test_a_shard_without_markets_and_a_symbol_without_a_shard_are_refused(
    shard_id: str, shard_map: dict[str, str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        markets_of(shard_id, MARKETS, shard_map)


def test_the_shard_id_comes_from_the_environment() -> None:
    assert shard_id_from({}) == "all"
    assert shard_id_from({"SHARD_ID": "7"}) == "7"
    for wrong in ("", "../up", "a b"):
        with pytest.raises(InputError, match="SHARD_ID"):
            shard_id_from({"SHARD_ID": wrong})


def test_a_log_of_other_markets_is_refused(open_shard: OpenShard) -> None:
    open_shard()
    with pytest.raises(LogMismatch, match="other markets"):
        open_shard(markets=(msgspec.structs.replace(BTC, tick_size_e6=10), MARKETS[1]))


def test_sharding_changes_no_market(tmp_path: Path) -> None:
    """Two shards give each market the trades and batches that one shard gives both."""
    together = Shard(tmp_path / "a", MARKETS)
    fund(together.submit_many)
    shard_map = {"BTC-PERP": "0", "ETH-PERP": "1"}
    apart = [Shard(tmp_path / "b", MARKETS, shard_id=name, shard_map=shard_map) for name in ("0", "1")]
    for shard in apart:
        fund(shard.submit_many)
    used: set[int] = set()  # an id may be in two markets' books only when they are in two shards
    for command, now_ms in Flow(9, reduce_only=False).take(800):
        if isinstance(command, c.PlaceOrder) and command.market_index != 9 and command.order_id not in used:
            used.add(command.order_id)
            together.submit(command, now_ms)
            apart[0 if command.market_index == 0 else 1].submit(command, now_ms)
    for shard, index in zip(apart, (0, 3), strict=True):
        shard.submit(c.CutBatch(index), 2 * T0)
        together.submit(c.CutBatch(index), 2 * T0)
        assert shard.cutters[index].open_trades == 0
        ours = [trade for batch in shard.cutters[index].unsettled for trade in batch.trades]
        theirs = [trade for batch in together.cutters[index].unsettled for trade in batch.trades]
        assert ours == theirs
        assert ours
    for shard in (together, *apart):
        shard.close()
