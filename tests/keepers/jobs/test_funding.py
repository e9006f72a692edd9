"""The funding and premium jobs."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from gdx_keepers.core.clock import Now
from gdx_keepers.core.metrics import Metrics
from gdx_keepers.jobs.funding import Funding, FundingView, UpdateFunding
from gdx_keepers.jobs.premium import Premium, PremiumView, SamplePremium
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from tests.keepers.keeper_fakes import MARKET, OTHER_MARKET, PROGRAM, RecordingSender, silent_log

HOUR = 3_600


class FundingFake:
    """Two markets' hours, and what was sent."""

    def __init__(self, *views: FundingView) -> None:
        self.views = list(views)

    async def read_funding(self, markets: Sequence[Pubkey], now: Now) -> list[FundingView]:
        return [view for view in self.views if view.market in markets]

    def update_funding(self, market: Pubkey) -> Instruction:
        return Instruction(PROGRAM, b"", [AccountMeta(market, False, True)])


def at(ts: int) -> Now:
    return Now(0, ts, ts * 1000)


def make_funding(*views: FundingView, sender: RecordingSender | None = None) -> Funding:
    return Funding(
        "funding",
        Metrics(),
        silent_log(),
        markets={MARKET: "SOL-PERP", OTHER_MARKET: "BTC-PERP"},
        chain=FundingFake(*views),
        sender=sender or RecordingSender(),
    )


@pytest.mark.parametrize(
    ("ts", "is_due"), [(100 * HOUR, False), (101 * HOUR - 1, False), (101 * HOUR, True), (130 * HOUR, True)]
)
def test_funding_is_due_once_the_hour_is_full(ts: int, is_due: bool) -> None:
    view = FundingView(MARKET, next_hour=100)
    job = make_funding(view)
    assert job.is_due((view,), at(ts)) is is_due
    assert job.plan((view,), at(ts)) == ([UpdateFunding(MARKET)] if is_due else [])


def test_only_markets_with_a_full_hour_and_a_usable_price_are_updated() -> None:
    views = (FundingView(MARKET, 100, is_price_usable=False), FundingView(OTHER_MARKET, 101))
    job = make_funding(*views)
    assert job.plan(views, at(101 * HOUR + 5)) == []
    assert job.plan(views, at(102 * HOUR)) == [UpdateFunding(OTHER_MARKET)]


async def test_a_run_sends_one_update_per_due_market() -> None:
    sender = RecordingSender()
    job = make_funding(FundingView(MARKET, 100), FundingView(OTHER_MARKET, 100), sender=sender)
    assert (await job.run(at(101 * HOUR))).actions == ("UpdateFunding", "UpdateFunding")
    assert [instruction.accounts[0].pubkey for instruction in sender.sent] == [MARKET, OTHER_MARKET]


async def test_a_dry_run_changes_nothing_and_counts_as_idle() -> None:
    sender = RecordingSender(is_dry_run=True)
    job = make_funding(FundingView(MARKET, 100), sender=sender)
    assert (await job.run(at(101 * HOUR))).is_idle
    assert sender.sent == []


def test_a_premium_is_sampled_at_its_pace_while_there_is_a_price() -> None:
    job = Premium(
        "premium",
        Metrics(),
        silent_log(),
        markets={MARKET: "SOL-PERP"},
        every_s=60,
        chain=None,  # type: ignore[arg-type]  # plan asks nobody
        sender=RecordingSender(),
    )
    view = PremiumView(MARKET, last_sample_ts=1_000)
    assert job.plan((view,), at(1_059)) == []
    assert job.plan((view,), at(1_060)) == [SamplePremium(MARKET)]
    assert not job.is_due((PremiumView(MARKET, 1_000, is_price_usable=False),), at(2_000))
