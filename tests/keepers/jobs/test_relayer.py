"""The relayer: its rules on plain values, and every step of a batch as the one the process dies in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from gdx_keepers.core.flights import FlightJournal
from gdx_keepers.core.sender import Outcome
from gdx_keepers.core.settlement import (
    Acknowledge,
    ChainHeads,
    FlightView,
    Forget,
    MarketHead,
    MarketQueue,
    Refuse,
    Resend,
    Settle,
    Wait,
    plan_market,
)
from gdx_keepers.errors import Fatal
from gdx_keepers.jobs.relayer import Relayer
from solders.pubkey import Pubkey

from gdx_sdk.batch import SealedBatch
from gdx_sdk.errors import TransportError
from tests.keepers.keeper_fakes import (
    MARKET,
    OTHER_MARKET,
    ZERO_ID,
    FakeChain,
    Killed,
    Knife,
    batches,
    refusal,
)
from tests.keepers.relayer_steps import NOW, drive, fill, flight_of, make_relayer


def queue(sealed: Sequence[SealedBatch], done: int = 0, **members: Any) -> MarketQueue:
    """A market whose chain stands at the `done`-th of `sealed`, with the rest pending."""
    head = MarketHead(done, sealed[done - 1].batch_id if done else ZERO_ID)
    return MarketQueue(MARKET, head, members.pop("pending", tuple(sealed[done:])), **members)


# --- the rules ---------------------------------------------------------------------------------------------


def test_the_next_batch_is_settled_with_the_positions_behind_it() -> None:
    sealed = batches(3)
    assert plan_market(queue(sealed, 1)) == [Settle(sealed[1], sealed[2].positions)]


def test_an_empty_market_needs_nothing() -> None:
    assert plan_market(MarketQueue(MARKET, MarketHead(0, ZERO_ID))) == []


def test_what_the_chain_carries_is_acknowledged_never_sent() -> None:
    sealed = batches(2)
    flight = flight_of(sealed[0])
    view = FlightView(flight, Outcome(77, None, False), False)
    planned = plan_market(queue(sealed, 1, pending=tuple(sealed), flights=(view,)))
    assert planned == [Acknowledge(sealed[0], "s", 77), Forget(flight), Settle(sealed[1])]


def test_a_landing_by_someone_else_is_acknowledged_without_a_signature() -> None:
    sealed = batches(1)
    assert plan_market(queue(sealed, 1, pending=tuple(sealed))) == [Acknowledge(sealed[0], "", 0)]


def test_unseen_bytes_are_sent_again_while_they_may_land() -> None:
    sealed = batches(2)
    flight = flight_of(sealed[0])
    assert plan_market(queue(sealed, flights=(FlightView(flight, None, False),))) == [Resend(flight)]


def test_a_dead_blockhash_allows_a_new_signature() -> None:
    sealed = batches(1)
    flight = flight_of(sealed[0])
    planned = plan_market(queue(sealed, flights=(FlightView(flight, None, True),)))
    assert planned == [Forget(flight), Settle(sealed[0])]


def test_one_dead_and_one_living_flight_wait_for_the_living_one() -> None:
    sealed = batches(1)
    dead, living = flight_of(sealed[0], 10, "dead"), flight_of(sealed[0], 200, "living")
    views = (FlightView(dead, None, True), FlightView(living, None, False))
    assert plan_market(queue(sealed, flights=views)) == [Resend(living)]


def test_the_bytes_of_a_withdrawn_batch_are_waited_for_but_not_sent_again() -> None:
    sealed, others = batches(1), batches(1, salt=5)
    flight = flight_of(others[0])
    assert plan_market(queue(sealed, flights=(FlightView(flight, None, False),))) == [Wait(flight)]


def test_a_failure_that_may_be_dropped_with_its_block_is_waited_for() -> None:
    sealed = batches(1)
    flight = flight_of(sealed[0])
    view = FlightView(flight, Outcome(1, refusal("InsufficientMargin", 6469), False), True)
    assert plan_market(queue(sealed, flights=(view,))) == [Wait(flight)]


def test_a_finalized_refusal_goes_to_the_matcher() -> None:
    sealed = batches(1)
    flight, error = flight_of(sealed[0]), refusal("InsufficientMargin", 6469)
    view = FlightView(flight, Outcome(1, error, True), True)
    assert plan_market(queue(sealed, flights=(view,))) == [Forget(flight), Refuse(sealed[0], error)]


def test_a_finalized_refusal_that_passes_by_itself_is_tried_again() -> None:
    sealed = batches(1)
    flight = flight_of(sealed[0])
    view = FlightView(flight, Outcome(1, refusal("OracleNotUsable", 6450), True), True)
    assert plan_market(queue(sealed, flights=(view,))) == [Forget(flight), Settle(sealed[0])]


def test_applied_and_final_but_not_yet_in_the_market_read_means_look_again() -> None:
    sealed = batches(1)
    view = FlightView(flight_of(sealed[0]), Outcome(1, None, True), True)
    assert plan_market(queue(sealed, flights=(view,))) == []


def test_a_refused_batch_is_left_alone_until_the_matcher_answers() -> None:
    assert plan_market(queue(batches(2), is_refused=True)) == []


@pytest.mark.parametrize(
    ("held", "head", "words"),
    [
        (batches(1), MarketHead(3, b"\1" * 32), "an old copy"),
        (batches(2), MarketHead(2, b"\1" * 32), "under the same sequence"),
        (batches(3)[2:], MarketHead(1, batches(1)[0].batch_id), "batches between them are missing"),
        (batches(2)[1:], MarketHead(1, b"\1" * 32), "the chain's last batch is"),
    ],
)
def test_a_contradiction_stops_the_relayer(held: list[SealedBatch], head: MarketHead, words: str) -> None:
    with pytest.raises(Fatal, match=words):
        plan_market(MarketQueue(MARKET, head, tuple(held)))


# --- the job ----------------------------------------------------------------------------------------------


async def test_two_markets_are_settled_in_order(tmp_path: Path) -> None:
    chain = FakeChain()
    mine, theirs = batches(3), batches(2, OTHER_MARKET)
    outbox = fill(tmp_path, [*mine, *theirs])
    await drive(make_relayer(tmp_path, chain, markets=(MARKET, OTHER_MARKET)))
    assert [(market, n) for market, n, _ in chain.applied if market == MARKET] == [
        (MARKET, n) for n in (1, 2, 3)
    ]
    assert [batch_id for market, _, batch_id in chain.applied if market == OTHER_MARKET] == [
        batch.batch_id for batch in theirs
    ]
    assert outbox.pending(MARKET) == outbox.pending(OTHER_MARKET) == []
    assert all(item.signature and item.slot for item in outbox.settled(MARKET))


async def test_another_relayer_or_epoch_stops_it_before_it_signs(tmp_path: Path) -> None:
    fill(tmp_path, batches(1))
    for chain, epoch, words in (
        (FakeChain(active_relayer=OTHER_MARKET), 1, "the active relayer is"),
        (FakeChain(epoch=2), 1, "the chain is at epoch 2"),
    ):
        with pytest.raises(Fatal, match=words):
            await make_relayer(tmp_path, chain, epoch=epoch).run(NOW)
        assert chain.signed == 0


async def test_a_deposed_relayer_still_acknowledges(tmp_path: Path) -> None:
    sealed = batches(1)
    outbox = fill(tmp_path, sealed)
    chain = FakeChain(active_relayer=OTHER_MARKET, heads={MARKET: MarketHead(1, sealed[0].batch_id)})
    await drive(make_relayer(tmp_path, chain))
    assert outbox.pending(MARKET) == []


async def test_a_time_out_resends_the_same_bytes_and_never_refuses(tmp_path: Path) -> None:
    outbox = fill(tmp_path, batches(1))
    chain = FakeChain(lands="never")
    relayer = make_relayer(tmp_path, chain)
    for _ in range(6):
        await relayer.run(NOW)
    assert chain.signed == 1
    assert set(chain.broadcasts) == {"signature1"}
    chain.height += 151  # the blockhash is dead at finalized
    chain.lands = "now"
    await drive(relayer)
    assert chain.signed == 2
    assert len(chain.applied) == 1
    assert outbox.refusal(MARKET) is None


async def test_a_landing_between_the_reads_is_acknowledged_with_its_slot(tmp_path: Path) -> None:
    class Hasty(FakeChain):
        """Makes a block before the heads are read, after the outcomes were."""

        async def read_heads(self, markets: Sequence[Pubkey]) -> ChainHeads:
            self.make_block()
            return await super().read_heads(markets)

    outbox = fill(tmp_path, batches(1))
    chain = Hasty(lands="later")
    await drive(make_relayer(tmp_path, chain))
    (item,) = outbox.settled(MARKET)
    assert (item.signature, item.slot) == ("signature1", chain.outcomes["signature1"].slot)


async def test_an_unreachable_cluster_is_a_transport_error_and_changes_nothing(tmp_path: Path) -> None:
    outbox = fill(tmp_path, batches(1))
    chain = FakeChain(is_reachable=False)
    with pytest.raises(TransportError):
        await make_relayer(tmp_path, chain).run(NOW)
    assert len(outbox.pending(MARKET)) == 1


async def test_a_dry_run_simulates_and_signs_nothing(tmp_path: Path) -> None:
    outbox = fill(tmp_path, batches(2))
    chain = FakeChain()
    await drive(make_relayer(tmp_path, chain, is_dry_run=True))
    assert chain.signed == 0
    assert chain.broadcasts == []
    assert len(outbox.pending(MARKET)) == 2


async def test_drain_lets_a_flight_land_and_begins_nothing(tmp_path: Path) -> None:
    outbox = fill(tmp_path, batches(2))
    chain = FakeChain(lands="later")
    relayer = make_relayer(tmp_path, chain)
    await relayer.run(NOW)
    assert not await relayer.drain()
    chain.make_block()
    assert await relayer.drain()
    assert [batch.sequence for batch in outbox.pending(MARKET)] == [2]
    assert chain.signed == 1


# --- killed between any two steps -------------------------------------------------------------------------


async def count_steps(folder: Path, chain: FakeChain, sealed: Sequence[SealedBatch]) -> list[str]:
    fill(folder, sealed)
    knife = Knife()
    relayer = make_relayer(folder, chain, knife)
    await run_until_killed(relayer, chain)
    return knife.steps


async def run_until_killed(relayer: Relayer, chain: FakeChain) -> bool:
    """Turn after turn, a block after each, until it dies (True) or three turns found nothing to do."""
    idle = 0
    try:
        while idle < 3:
            idle = idle + 1 if (await relayer.run(NOW)).is_idle else 0
            chain.make_block()
    except Killed:
        return True
    return False


@pytest.mark.parametrize("lands", ["now", "later"])
async def test_killed_before_or_after_any_step_nothing_is_lost_and_nothing_twice(
    tmp_path: Path, lands: str
) -> None:
    sealed = batches(3)
    steps = await count_steps(tmp_path / "count", FakeChain(lands=lands), sealed)
    busy = max(i for i, name in enumerate(steps) if name in ("mark_settled", "forget", "broadcast")) + 1
    assert {"simulate", "sign", "record", "broadcast", "mark_settled", "forget"} <= set(steps[:busy])
    for kill_at in range(busy):
        for is_after in (False, True):
            folder = tmp_path / f"{kill_at}-{is_after}"
            chain = FakeChain(lands=lands)
            outbox = fill(folder, sealed)
            killed = await run_until_killed(make_relayer(folder, chain, Knife(kill_at, is_after)), chain)
            where = f"step {kill_at} {steps[kill_at]}, {'after' if is_after else 'before'}"
            assert killed, where
            assert not await run_until_killed(make_relayer(folder, chain), chain), where
            assert chain.applied == [(MARKET, batch.sequence, batch.batch_id) for batch in sealed], where
            assert outbox.pending(MARKET) == [], where
            assert [item.batch for item in outbox.settled(MARKET)] == sealed, where
            assert all(item.signature for item in outbox.settled(MARKET)), where
            assert FlightJournal(folder / "flights").flights(MARKET) == [], where
            assert len(set(chain.broadcasts)) == len(sealed), f"{where}: signed again what had left"


@pytest.mark.parametrize("is_blind", [False, True], ids=["in the trial run", "on chain"])
async def test_killed_around_a_refusal_the_matcher_hears_of_it_once(tmp_path: Path, is_blind: bool) -> None:
    sealed = batches(2)
    error = refusal("InsufficientMargin", 6469)

    def fresh() -> FakeChain:
        return FakeChain(refuses={sealed[0].batch_id: error}, is_simulation_blind=is_blind, lands="later")

    steps = await count_steps(tmp_path / "count", fresh(), sealed)
    refusing = steps.index("refuse")
    for kill_at in range(refusing + 1):
        for is_after in (False, True):
            folder = tmp_path / f"{kill_at}-{is_after}"
            chain = fresh()
            outbox = fill(folder, sealed)
            assert await run_until_killed(make_relayer(folder, chain, Knife(kill_at, is_after)), chain)
            assert not await run_until_killed(make_relayer(folder, chain), chain)
            refused = outbox.take_refusal(MARKET)
            assert refused is not None, (kill_at, is_after)
            assert (refused.sequence, refused.error_code) == (1, 6469)
            assert chain.applied == []
            assert [batch.sequence for batch in outbox.pending(MARKET)] == [1, 2]


async def test_killed_again_and_again_it_still_settles_everything(tmp_path: Path) -> None:
    sealed = batches(4)
    outbox = fill(tmp_path, sealed)
    chain = FakeChain(lands="later")
    for life in range(400):
        relayer = make_relayer(tmp_path, chain, Knife(life % 9, is_after=life % 2 == 0))
        await run_until_killed(relayer, chain)
        if not outbox.pending(MARKET):
            break
    assert chain.applied == [(MARKET, batch.sequence, batch.batch_id) for batch in sealed]
    assert [item.batch for item in outbox.settled(MARKET)] == sealed
