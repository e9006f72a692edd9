"""What the relayer hands back to the matcher, and what it does not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from gdx_keepers.core.clock import Now
from gdx_keepers.core.flights import FlightJournal
from gdx_keepers.core.sender import Outcome, Simulation
from gdx_keepers.errors import Fatal, Transient
from solders.instruction import Instruction

from gdx_sdk.batch import FileOutbox, SealedBatch
from tests.keepers.keeper_fakes import (
    MARKET,
    FakeChain,
    FakeSender,
    batches,
    refusal,
)
from tests.keepers.relayer_steps import NOW, drive, fill, flight_of, make_relayer


async def test_a_refusal_in_the_trial_run_reaches_the_outbox_with_its_entry(tmp_path: Path) -> None:
    sealed = batches(2)
    outbox = fill(tmp_path, sealed)
    error = refusal("InsufficientMargin", 6469, ["Program log: refused at trade 0"])
    chain = FakeChain(refuses={sealed[0].batch_id: error})
    await drive(make_relayer(tmp_path, chain))
    refused = outbox.refusal(MARKET)
    assert refused is not None
    assert (refused.trade_or_entry_index, refused.error_code, refused.sequence) == (0, 6469, 1)
    assert chain.signed == 0
    assert chain.applied == []


class Rebuilding(FakeSender):
    """While the trial run is under way, the matcher withdraws the batches and puts others in their place."""

    def __init__(self, chain: FakeChain, outbox: FileOutbox, rebuilt: Sequence[SealedBatch]) -> None:
        super().__init__(chain)
        self.outbox, self.rebuilt, self.is_done = outbox, rebuilt, False

    async def simulate(self, instructions: Sequence[Instruction], tables: Any = ()) -> Simulation:
        found = await super().simulate(instructions, tables)
        if not self.is_done:
            self.outbox.withdraw_from(MARKET, 1)
            for batch in self.rebuilt:
                self.outbox.put(batch)
            self.is_done = True
        return found


@pytest.mark.parametrize("is_refused", [False, True])
@pytest.mark.parametrize("count", [0, 1], ids=["withdrawn", "rebuilt"])
async def test_a_batch_withdrawn_during_its_trial_run_is_neither_sent_nor_blamed_on_another(
    tmp_path: Path, is_refused: bool, count: int
) -> None:
    sealed, rebuilt = batches(1), batches(count, salt=3)
    outbox = fill(tmp_path, sealed)
    error = refusal("InsufficientMargin", 6469, ["Program log: refused at trade 0"])
    chain = FakeChain(refuses={sealed[0].batch_id: error} if is_refused else {})
    relayer = make_relayer(tmp_path, chain, sender=Rebuilding(chain, outbox, rebuilt))
    await relayer.run(NOW)
    assert outbox.refusal(MARKET) is None
    assert chain.signed == 0
    await drive(relayer)
    assert [batch_id for _, _, batch_id in chain.applied] == [batch.batch_id for batch in rebuilt]


async def test_a_deposed_relayer_blames_no_trade(tmp_path: Path) -> None:
    """Its transaction failed for good, but the next relayer may be settling the very same batch by now."""
    sealed = batches(1)
    outbox = fill(tmp_path, sealed)
    flight = flight_of(sealed[0])
    FlightJournal(tmp_path / "flights").record(flight)
    failed = Outcome(1, refusal("InsufficientMargin", 6469, ["Program log: refused at trade 0"]), True)
    chain = FakeChain(epoch=2, outcomes={"s": failed}, height=500)
    with pytest.raises(Fatal, match="the chain is at epoch 2"):
        await make_relayer(tmp_path, chain).run(NOW)
    assert outbox.refusal(MARKET) is None


async def test_after_a_bust_the_rebuilt_batch_settles_under_the_same_sequence(tmp_path: Path) -> None:
    sealed, rebuilt = batches(2), batches(2, salt=3)
    outbox = fill(tmp_path, sealed)
    chain = FakeChain(refuses={sealed[0].batch_id: refusal("InsufficientMargin", 6469)})
    relayer = make_relayer(tmp_path, chain)
    await drive(relayer)
    outbox.withdraw_from(MARKET, 1)
    for batch in rebuilt:
        outbox.put(batch)
    await drive(relayer)
    assert [batch_id for _, _, batch_id in chain.applied] == [batch.batch_id for batch in rebuilt]


async def test_a_pause_is_waited_out_without_a_refusal(tmp_path: Path) -> None:
    sealed = batches(1)
    outbox = fill(tmp_path, sealed)
    chain = FakeChain(refuses={sealed[0].batch_id: refusal("SettlePaused", 6435)})
    relayer = make_relayer(tmp_path, chain)
    with pytest.raises(Transient, match="SettlePaused"):
        await relayer.run(NOW)
    assert outbox.refusal(MARKET) is None
    chain.refuses.clear()
    await drive(relayer)
    assert len(chain.applied) == 1


def after(seconds: int) -> Now:
    return Now(NOW.slot, NOW.ts + seconds, NOW.ms + 1_000 * seconds)


@pytest.mark.parametrize("error", ["OracleNotUsable", "AddRiskPaused"])
async def test_a_trade_that_may_add_no_risk_is_waited_for_but_holds_up_no_reduction(
    tmp_path: Path, error: str
) -> None:
    """A publisher that makes the price uncertain, or a pause of new risk, must leave the way out open."""
    sealed = batches(3)
    outbox = fill(tmp_path, sealed)
    refused = refusal(error, 6450, ["Program log: refused at trade 0"])
    chain = FakeChain(refuses={batch.batch_id: refused for batch in sealed[:2]})
    relayer = make_relayer(tmp_path, chain)
    for seconds in (0, 30, 59):
        with pytest.raises(Transient, match=error):
            await relayer.run(after(seconds))
        assert outbox.refusal(MARKET) is None
    await relayer.run(after(60))
    handed = outbox.refusal(MARKET)
    assert handed is not None
    assert (handed.sequence, handed.trade_or_entry_index) == (1, 0)
    rebuilt = batches(2, salt=3)
    chain.refuses[rebuilt[0].batch_id] = refused
    outbox.withdraw_from(MARKET, 1)
    for batch in rebuilt:
        outbox.put(batch)
    await relayer.run(after(61))
    assert outbox.refusal(MARKET) is not None, "the next such trade does not wait another minute"
    outbox.take_refusal(MARKET)
    with pytest.raises(Transient, match=error):
        await relayer.run(after(180))  # refused again after a good while: perhaps it passes again


async def test_a_market_without_any_price_is_waited_for_however_long(tmp_path: Path) -> None:
    """No trade is named: nobody can reduce either, and breaking trades would help nobody."""
    sealed = batches(1)
    outbox = fill(tmp_path, sealed)
    relayer = make_relayer(
        tmp_path, FakeChain(refuses={sealed[0].batch_id: refusal("OracleNotUsable", 6450)})
    )
    for seconds in (0, 60, 86_400):
        with pytest.raises(Transient, match="OracleNotUsable"):
            await relayer.run(after(seconds))
    assert outbox.refusal(MARKET) is None
