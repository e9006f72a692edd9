"""What a configuration file becomes: a job for each market, so that none waits for another."""

from __future__ import annotations

from pathlib import Path

import pytest
from gdx_keepers.assembly import Parts, build_jobs
from gdx_keepers.core.clock import Now
from gdx_keepers.core.config import JobConfig, RelayerConfig, parse_config
from gdx_keepers.core.health import Health
from gdx_keepers.core.metrics import Metrics
from gdx_keepers.core.runner import Runner
from gdx_keepers.errors import Fatal

from gdx_sdk import pdas
from gdx_sdk.batch import FileOutbox
from gdx_sdk.errors import AccountNotFound, ProgramError
from tests.keepers.core.test_runner import ManualClock
from tests.keepers.keeper_fakes import FakeChain, FakeSender, batches, refusal, silent_log

SYMBOLS = ("BTC-PERP", "ETH-PERP", "SOL-PERP")
MARKETS = tuple(pdas.market(symbol) for symbol in SYMBOLS)
RELAYER_JOB = """
[[job]]
kind = "relayer"
markets = ["BTC-PERP", "ETH-PERP", "SOL-PERP"]
outbox_path = "{folder}/outbox"
state_path = "{folder}/state"
relayer_epoch = 1
use_lookup_table = false
beat_every_slots = 0
"""


class FakeParts(Parts):
    """Jobs that send to a chain in memory."""

    def sender(self, job: JobConfig) -> FakeSender:  # type: ignore[override]
        assert isinstance(self.chain, FakeChain)
        return FakeSender(self.chain)


def make(chain: FakeChain, text: str) -> Runner:
    metrics = Metrics()
    parts = FakeParts(parse_config(text), None, chain, metrics, silent_log(), False)  # type: ignore[arg-type]
    return Runner(build_jobs(parts), ManualClock(), metrics, Health(), silent_log())


@pytest.mark.parametrize(
    "error",
    [
        refusal("OracleNotUsable", 6450),  # its feed is silent
        refusal("MarketNotActive", 6430),  # it is halted, or settling for good
        refusal("BatchConflict", 6455),  # its outbox and the chain contradict each other
        ProgramError("system", 1, "Custom1", "insufficient lamports"),
    ],
    ids=lambda error: str(error.name),
)
async def test_a_market_that_cannot_settle_holds_up_no_other(tmp_path: Path, error: ProgramError) -> None:
    stuck, *others = ([*batches(3, market)] for market in MARKETS)
    outbox = FileOutbox(tmp_path / "outbox")
    for batch in (*stuck, *others[0], *others[1]):
        outbox.put(batch)
    chain = FakeChain(refuses={batch.batch_id: error for batch in stuck})
    runner = make(chain, RELAYER_JOB.format(folder=tmp_path))
    for turn in range(12):
        await runner.run_once(Now(turn, turn, turn * 400))
    assert {market for market, _, _ in chain.applied} == set(MARKETS[1:])
    assert len(outbox.pending(MARKETS[0])) == 3
    assert outbox.pending(MARKETS[1]) == outbox.pending(MARKETS[2]) == []


def names(text: str) -> list[str]:
    return [one.job_name for job in parse_config(text).job for one in job.by_symbol()]


def test_a_job_with_one_market_keeps_its_name_and_more_have_theirs_behind_it() -> None:
    assert names('[[job]]\nkind = "funding"\nmarkets = ["BTC-PERP"]') == ["funding"]
    two = '[[job]]\nkind = "oracle"\nname = "prices"\nsymbols = ["A", "B"]\nsource = "static"'
    assert names(two) == ["prices/A", "prices/B"]
    assert names('[[job]]\nkind = "plugin"\nkeeper = "slots"') == ["slots"]


@pytest.mark.parametrize(("slots", "each"), [(50, [50, 60, 70]), (5, [5, 10, 10]), (0, [0, 0, 0])])
def test_one_market_s_job_gives_the_sign_of_life_and_the_others_stand_in(slots: int, each: list[int]) -> None:
    text = RELAYER_JOB.format(folder="x").replace("beat_every_slots = 0", f"beat_every_slots = {slots}")
    (relayer,) = parse_config(text).job
    assert isinstance(relayer, RelayerConfig)
    assert [part.beat_every_slots for part in relayer.by_symbol()] == each


def test_the_markets_of_a_relayer_share_one_journal_and_another_process_is_kept_out(tmp_path: Path) -> None:
    chain, text = FakeChain(), RELAYER_JOB.format(folder=tmp_path)
    runner = make(chain, text)
    assert [job.name for job in runner.jobs] == [f"relayer/{symbol}" for symbol in SYMBOLS]
    with pytest.raises(Fatal, match="another relayer process"):
        make(chain, text)


async def test_a_closed_market_holds_up_no_other(tmp_path: Path) -> None:
    """Reading it fails, for good, since its account is gone."""

    class WithoutOne(FakeChain):
        async def read_heads(self, markets):  # type: ignore[no-untyped-def]
            if MARKETS[0] in markets:
                raise AccountNotFound("PerpMarket", MARKETS[0])
            return await super().read_heads(markets)

    outbox, chain = FileOutbox(tmp_path / "outbox"), WithoutOne()
    for batch in batches(2, MARKETS[2]):
        outbox.put(batch)
    runner = make(chain, RELAYER_JOB.format(folder=tmp_path))
    for turn in range(8):
        await runner.run_once(Now(turn, turn, turn * 400))
    assert [market for market, _, _ in chain.applied] == [MARKETS[2]] * 2
