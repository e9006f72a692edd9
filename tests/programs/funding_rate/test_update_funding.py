"""update_funding: each full hour is paid once, at its own rate, within the clamp, through the market."""

from __future__ import annotations

import random

import pytest
from solders.pubkey import Pubkey

from tests.programs.funding_rate.funding_world import (
    HOUR,
    INDEX_E6,
    MAX_RATE_E9,
    FundingWorld,
    naive_rate_e9,
    naive_step,
    toward_zero,
)
from tests.programs.harness.chain import START_TS
from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.oracle_world import put_pyth
from tests.programs.harness.tokens import USDT
from tests.programs.position_mgmt.exchange import HALTED, SETTLING
from tests.programs.position_mgmt.market import V2, Market

FEED_ID = bytes(range(32))


@pytest.fixture
def due(funding: FundingWorld) -> FundingWorld:
    """An hour with one sample of half a percent has just passed."""
    funding.advance_to(START_TS + 301)
    funding.sample(5_000_000)
    funding.next_hour()
    return funding


def test_pays_the_hour(due: FundingWorld) -> None:
    receipt = due.chain.send(due.update_funding())
    rate = naive_rate_e9(5_000_000)
    state, market = due.read(), due.market.read()
    assert (state.last_rate_e9, state.funding_index) == (rate, naive_step(rate))
    assert state.rates_e9[START_TS // HOUR % 24] == rate
    assert (state.next_hour, state.last_update_ts) == (due.chain.now_ts // HOUR, due.chain.now_ts)
    assert (market.funding_rate, market.funding_index) == (rate, naive_step(rate))
    assert market.last_funding_update == due.chain.now_ts
    event = receipt.event("FundingUpdated")
    assert (event.market, event.hours, event.paid_until_ts) == (due.market.key, 1, START_TS + HOUR)
    assert (event.rate_e9, event.funding_index, event.head.sequence) == (rate, naive_step(rate), 2)
    moved = receipt.event("FundingSet")
    assert (moved.market, moved.funding_index, moved.funding_rate_e9) == (
        due.market.key,
        naive_step(rate),
        rate,
    )


def test_an_hour_without_samples_pays_nothing(funding: FundingWorld) -> None:
    funding.next_hour()
    event = funding.chain.send(funding.update_funding()).event("FundingUpdated")
    assert (event.hours, event.rate_e9, event.funding_index) == (1, 0, 0)


@pytest.mark.parametrize(
    "premium", [0, 1, -1, 99_999, 100_001, 599_999, 600_001, -400_001, -5_000_000, 99_000_000, -99_000_000]
)
def test_the_rate_is_the_formula_s(funding: FundingWorld, premium: int) -> None:
    funding.advance_to(START_TS + 300)
    funding.sample(premium)
    counted = funding.read().last_premium_e9
    funding.next_hour()
    event = funding.chain.send(funding.update_funding()).event("FundingUpdated")
    assert event.rate_e9 == naive_rate_e9(counted)
    assert abs(event.rate_e9) <= MAX_RATE_E9
    assert event.funding_index == naive_step(event.rate_e9)


def test_missed_hours_are_caught_up_at_most_a_day_at_a_time(due: FundingWorld) -> None:
    due.advance_to(START_TS + 30 * HOUR + 5)
    event = due.chain.send(due.update_funding()).event("FundingUpdated")
    assert (event.hours, event.paid_until_ts) == (24, START_TS + 24 * HOUR)
    assert event.funding_index == naive_step(naive_rate_e9(5_000_000))
    assert event.rate_e9 == 0
    due.chain.advance(1)
    event = due.chain.send(due.update_funding()).event("FundingUpdated")
    assert (event.hours, event.paid_until_ts) == (6, START_TS + 30 * HOUR)


def test_two_updates_in_one_second_are_refused_by_the_market(due: FundingWorld) -> None:
    due.advance_to(START_TS + 30 * HOUR + 5)
    due.chain.send(due.update_funding())
    due.chain.refused(due.update_funding(), error="position_mgmt.FundingNotNewer")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_hours_are_those_of_the_naive_model(funding: FundingWorld, seed: int) -> None:
    dice = random.Random(seed)
    index, last_ts = 0, funding.chain.now_ts
    for hour in range(12):
        start = START_TS + hour * HOUR
        offsets = sorted(dice.sample(range(20, HOUR, 11), dice.randint(0, 4)))
        total = weight = 0
        for offset in offsets:
            funding.advance_to(start + offset)
            funding.sample(dice.randint(-8_000_000, 8_000_000))
            lasted = max(1, min(300, offset, funding.chain.now_ts - last_ts))
            last_ts = funding.chain.now_ts
            total, weight = total + funding.read().last_premium_e9 * lasted, weight + lasted
        if weight:
            index += naive_step(naive_rate_e9(toward_zero(total, weight)))
        if dice.random() < 0.5 or hour == 11:
            funding.advance_to(start + HOUR + dice.randint(0, 15))
            funding.chain.send(funding.update_funding())
            assert funding.market.read().funding_index == index, f"seed {seed}, hour {hour}"


def test_what_settled_batches_accumulated_counts(funding: FundingWorld, market: Market) -> None:
    buyer, seller = market.traders(2, 50_000 * USDT)
    for seconds in (100, 200):
        funding.advance_to(START_TS + seconds)
        market.settled(V2, market.trade(buyer, seller, price_e6=INDEX_E6 * 1_003 // 1_000))
    state = market.read()
    assert state.premium_weight_seconds > 0
    mean = toward_zero(state.premium_accumulator, state.premium_weight_seconds)
    funding.next_hour()
    event = funding.chain.send(funding.update_funding()).event("FundingUpdated")
    assert event.rate_e9 == naive_rate_e9(mean) != 0
    funding.next_hour()
    assert funding.chain.send(funding.update_funding()).event("FundingUpdated").rate_e9 == 0


def test_no_hour_is_paid_early_or_twice(funding: FundingWorld) -> None:
    funding.advance_to(START_TS + HOUR - 1)
    funding.chain.refused(funding.update_funding(), error="FundingNotDue")
    funding.advance_to(START_TS + HOUR)
    funding.chain.send(funding.update_funding())
    funding.advance_to(START_TS + 2 * HOUR - 1)
    funding.chain.refused(funding.update_funding(), error="FundingNotDue")


def test_a_halted_market_still_pays(due: FundingWorld) -> None:
    due.chain.send(due.market.set_market_status(HALTED))
    due.chain.send(due.update_funding())


def test_a_settling_market_does_not(due: FundingWorld) -> None:
    due.chain.rewrite(due.market.key, status=SETTLING)
    due.chain.refused(due.update_funding(), error="position_mgmt.MarketNotActive")


def test_an_old_price_blocks_but_a_stale_one_does_not(due: FundingWorld) -> None:
    due.chain.advance(601)
    due.chain.refused(due.update_funding(), error="PriceBlocked")
    due.feed.publish(INDEX_E6, confidence_e6=0)
    due.chain.advance(600)
    due.chain.send(due.update_funding())


def test_a_volatile_price_blocks(due: FundingWorld) -> None:
    due.chain.advance(1)
    due.feed.publish(INDEX_E6 * 3, confidence_e6=0)
    due.chain.refused(due.update_funding(), error="PriceBlocked")


def test_the_fallback_stands_in_for_silent_publishers(due: FundingWorld) -> None:
    chain, pyth = due.chain, Pubkey.new_unique()
    chain.send(due.feed.set_fallback(pyth, FEED_ID))
    chain.advance(601)
    put_pyth(chain, FEED_ID, key=pyth)
    wrong = due.update_funding(put_pyth(chain, FEED_ID))
    chain.refused(wrong, error="funding_rate:oracle.WrongFallback")
    chain.send(due.update_funding(pyth))


def test_the_accounts_of_another_market_are_refused(due: FundingWorld, other: FundingWorld) -> None:
    call = due.update_funding()
    due.chain.refused(call.but(funding=other.address), error="WrongMarket")
    due.chain.refused(call.but(market=other.market.key), error="WrongMarket")
    due.chain.refused(call.but(feed=other.feed.address), error="WrongFeed")


def test_an_index_that_moved_elsewhere_is_noticed(due: FundingWorld) -> None:
    due.chain.rewrite(due.market.key, funding_index=1)
    due.chain.refused(due.update_funding(), error="FundingIndexMismatch")


def test_the_index_does_not_wrap_around(due: FundingWorld) -> None:
    for account in (due.market.key, due.address):
        due.chain.rewrite(account, funding_index=2**63 - 1)
    due.chain.refused(due.update_funding(), error="MathOverflow")


def test_an_account_that_contradicts_itself_is_refused(due: FundingWorld) -> None:
    due.chain.rewrite(due.address, max_rate_e9=0)
    due.chain.refused(due.update_funding(), error="FundingInconsistent")


def test_the_market_s_events_are_signed_by_its_program(due: FundingWorld) -> None:
    call = due.update_funding().but(position_mgmt_event_authority=due.admin)
    due.chain.refused(call, error="position_mgmt.ConstraintAddress")


def test_accounts_are_checked(due: FundingWorld) -> None:
    # The account `program` is not read: an absent fallback, which is the program's address, is there too.
    refuses_wrong_accounts(due.chain, due.update_funding(), program__other=None)
