"""sample_premium: anyone, every ten seconds, while the market trades and the index price is good."""

from __future__ import annotations

import base64
import json
import os
import struct
from pathlib import Path

import pytest
from solders.pubkey import Pubkey

from tests.programs.funding_rate.funding_world import (
    HOUR,
    INDEX_E6,
    FundingWorld,
    naive_rate_e9,
    naive_step,
)
from tests.programs.harness.chain import START_TS
from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.oracle_world import put_pyth
from tests.programs.position_mgmt.exchange import ACTIVE, HALTED, REDUCE_ONLY, SETTLING

TEN_PERCENT_E9 = 100_000_000
FEED_ID = bytes(range(32))


@pytest.fixture
def ready(funding: FundingWorld) -> FundingWorld:
    """A hundred seconds after the last sample, with a mark half a percent above the index."""
    funding.advance_to(START_TS + 101)
    funding.mark(5_000_000)
    return funding


def hour_now(funding: FundingWorld) -> tuple[int, int, int]:
    """Premium sum, weight and index price of the running hour."""
    hour = funding.chain.now_ts // HOUR
    samples = funding.read().hours[hour % 24]
    assert samples.hour == hour
    return samples.premium_sum_e9, samples.weight_seconds, samples.index_price_e6


def test_a_sample_stands_for_the_time_since_the_last(ready: FundingWorld) -> None:
    receipt = ready.chain.send(ready.sample_premium())
    assert hour_now(ready) == (5_000_000 * 100, 100, INDEX_E6)
    state = ready.read()
    assert (state.last_premium_e9, state.last_sample_ts) == (5_000_000, ready.chain.now_ts)
    assert receipt.events == []
    ready.advance_to(ready.chain.now_ts + 40)
    ready.sample(-1_000_000)
    assert hour_now(ready) == (5_000_000 * 100 - 1_000_000 * 40, 140, INDEX_E6)


def test_a_sample_stands_for_at_most_five_minutes(ready: FundingWorld) -> None:
    ready.advance_to(START_TS + 2_000)
    ready.sample(1_000)
    assert hour_now(ready) == (1_000 * 300, 300, INDEX_E6)


def test_a_sample_does_not_reach_into_the_last_hour(ready: FundingWorld) -> None:
    ready.advance_to(START_TS + HOUR + 7)
    ready.sample(1_000)
    assert hour_now(ready) == (7_000, 7, INDEX_E6)


def test_at_the_start_of_an_hour_it_counts_one_second(ready: FundingWorld) -> None:
    ready.advance_to(START_TS + HOUR)
    ready.sample(1_000)
    assert hour_now(ready) == (1_000, 1, INDEX_E6)


@pytest.mark.parametrize(("premium", "counted"), [(10**9, TEN_PERCENT_E9), (-(10**9) // 2, -TEN_PERCENT_E9)])
def test_a_premium_counts_up_to_ten_percent(ready: FundingWorld, premium: int, counted: int) -> None:
    ready.sample(premium)
    assert ready.read().last_premium_e9 == counted


def test_before_the_first_trade_the_mark_is_the_index(ready: FundingWorld) -> None:
    ready.chain.rewrite(ready.market.key, mark_price_e6=0)
    ready.chain.send(ready.sample_premium())
    assert hour_now(ready)[:2] == (0, 100)


def test_ten_seconds_lie_between_two_samples(ready: FundingWorld) -> None:
    ready.chain.send(ready.sample_premium())
    ready.advance_to(ready.chain.now_ts + 9)
    ready.chain.refused(ready.sample_premium(), error="SampleTooSoon")
    ready.advance_to(ready.chain.now_ts + 1)
    ready.chain.send(ready.sample_premium())


@pytest.mark.parametrize("status", [ACTIVE, REDUCE_ONLY])
def test_a_market_that_trades_is_sampled(ready: FundingWorld, status: int) -> None:
    ready.chain.send(ready.market.set_market_status(status))
    ready.chain.send(ready.sample_premium())


@pytest.mark.parametrize("status", [HALTED, SETTLING])
def test_a_market_that_does_not_trade_is_not(ready: FundingWorld, status: int) -> None:
    ready.chain.rewrite(ready.market.key, status=status)
    ready.chain.refused(ready.sample_premium(), error="MarketNotTrading")


def test_an_old_mark_says_nothing(ready: FundingWorld) -> None:
    """Five minutes without a trade, and what the index did since is nobody's premium."""
    now = ready.chain.now_ts
    ready.chain.rewrite(ready.market.key, mark_ts=now - 301)
    ready.chain.refused(ready.sample_premium(), error="MarkPriceStale")
    ready.chain.rewrite(ready.market.key, mark_ts=now - 300)
    ready.chain.send(ready.sample_premium())


def test_a_volatile_price_blocks(ready: FundingWorld) -> None:
    ready.chain.advance(1)
    ready.feed.publish(INDEX_E6 * 3, confidence_e6=0)
    ready.chain.refused(ready.sample_premium(), error="PriceBlocked")


def test_an_uncertain_price_blocks(ready: FundingWorld) -> None:
    ready.chain.advance(1)
    ready.feed.publish(INDEX_E6, confidence_e6=INDEX_E6 // 100 + 1)
    ready.chain.refused(ready.sample_premium(), error="PriceBlocked")


def test_an_old_price_blocks_but_a_stale_one_does_not(ready: FundingWorld) -> None:
    ready.go_without_prices(600)
    ready.chain.send(ready.sample_premium())
    ready.go_without_prices(10)
    ready.chain.refused(ready.sample_premium(), error="PriceBlocked")


def test_no_price_blocks(ready: FundingWorld) -> None:
    feed = ready.feed
    feed.chain.rewrite(feed.address, price_e6=0, ema_e9=0, twap_e9=0)
    ready.chain.refused(ready.sample_premium(), error="PriceBlocked")


def test_the_fallback_stands_in_for_silent_publishers(ready: FundingWorld) -> None:
    chain, pyth = ready.chain, Pubkey.new_unique()
    chain.send(ready.feed.set_fallback(pyth, FEED_ID))
    ready.go_without_prices(601)
    put_pyth(chain, FEED_ID, price=49_000 * 10**8, key=pyth)
    chain.refused(ready.sample_premium(), error="PriceBlocked")
    chain.send(ready.sample_premium(pyth))
    assert hour_now(ready)[2] == 49_000 * 10**6


def test_the_fallback_is_not_read_while_publishers_live(ready: FundingWorld) -> None:
    ready.chain.send(ready.sample_premium(ready.admin))
    assert hour_now(ready)[2] == INDEX_E6


def test_another_account_is_no_fallback(ready: FundingWorld) -> None:
    ready.chain.send(ready.feed.set_fallback(Pubkey.new_unique(), FEED_ID))
    ready.go_without_prices(601)
    call = ready.sample_premium(put_pyth(ready.chain, FEED_ID))
    ready.chain.refused(call, error="funding_rate:oracle.WrongFallback")


@pytest.mark.parametrize(
    "changes",
    [
        {"owner": Pubkey.new_unique()},
        {"level": 0},
        {"feed_id": bytes(32)},
    ],
    ids=["another owner", "not fully verified", "another feed"],
)
def test_what_is_no_update_of_the_feed_is_refused(ready: FundingWorld, changes: dict[str, object]) -> None:
    chain, pyth = ready.chain, Pubkey.new_unique()
    chain.send(ready.feed.set_fallback(pyth, FEED_ID))
    ready.go_without_prices(601)
    put_pyth(chain, **({"feed_id": FEED_ID} | changes), key=pyth)
    chain.refused(ready.sample_premium(pyth), error="funding_rate:oracle.InvalidFallback")


def test_a_truncated_update_is_refused(ready: FundingWorld) -> None:
    chain, pyth = ready.chain, Pubkey.new_unique()
    chain.send(ready.feed.set_fallback(pyth, FEED_ID))
    ready.go_without_prices(601)
    put_pyth(chain, FEED_ID, key=pyth)
    whole, owner = chain.data(pyth), chain.account(pyth).owner
    for length in (0, 8, 40, 41, len(whole) - 9):
        chain.put(pyth, whole[:length], owner)
        chain.refused(ready.sample_premium(pyth), error="funding_rate:oracle.InvalidFallback")


@pytest.mark.parametrize(
    "changes",
    [
        {"price": -1},
        {"price": 0},
        {"price": 2**62, "exponent": 0},
        {"exponent": -100},
        {"ema": 1},
        {"confidence": 2**63},
        {"publish_ts": START_TS},
    ],
    ids=str,
)
def test_a_bad_fallback_price_blocks(ready: FundingWorld, changes: dict[str, int]) -> None:
    chain, pyth = ready.chain, Pubkey.new_unique()
    chain.send(ready.feed.set_fallback(pyth, FEED_ID))
    ready.go_without_prices(601)
    put_pyth(chain, FEED_ID, key=pyth, **changes)
    chain.refused(ready.sample_premium(pyth), error="PriceBlocked")


def test_a_real_price_update_is_read(ready: FundingWorld) -> None:
    folder = os.environ.get("GDX_TEST_DATA")
    if folder is None:
        pytest.skip("GDX_TEST_DATA is not set: no dumped price update here")
    dump = json.loads(Path(folder, "idls/accounts/pyth_receiver.priceUpdateV2.json").read_text())["account"]
    data, pyth = bytearray(base64.b64decode(dump["data"][0])), Pubkey.new_unique()
    price, _, exponent = struct.unpack_from("<qQi", data, 73)
    assert exponent == -8
    ready.chain.send(ready.feed.set_fallback(pyth, bytes(data[41:73])))
    ready.go_without_prices(601)
    struct.pack_into("<q", data, 93, ready.chain.now_ts)
    ready.chain.put(pyth, bytes(data), Pubkey.from_string(dump["owner"]))
    ready.chain.send(ready.sample_premium(pyth))
    assert hour_now(ready)[2] == price // 100


def test_a_sample_pushes_out_no_unpaid_hour(ready: FundingWorld) -> None:
    ready.chain.send(ready.sample_premium())
    ready.advance_to(START_TS + 23 * HOUR + 60)
    ready.sample(1_000)
    ready.advance_to(START_TS + 24 * HOUR + 60)
    ready.mark(1_000)
    ready.chain.refused(ready.sample_premium(), error="FundingOverdue")
    event = ready.chain.send(ready.update_funding()).event("FundingUpdated")
    assert event.hours == 24
    assert event.funding_index == naive_step(naive_rate_e9(5_000_000)) + naive_step(naive_rate_e9(1_000))
    ready.chain.send(ready.sample_premium())


def test_the_accounts_of_another_market_are_refused(ready: FundingWorld, other: FundingWorld) -> None:
    call = ready.sample_premium()
    ready.chain.refused(call.but(funding=other.address), error="WrongMarket")
    ready.chain.refused(call.but(market=other.market.key), error="WrongMarket")
    ready.chain.refused(call.but(feed=other.feed.address), error="WrongFeed")


def test_a_sum_does_not_wrap_around(ready: FundingWorld) -> None:
    ready.chain.send(ready.sample_premium())
    state = ready.read()
    hour = ready.chain.now_ts // HOUR
    state.hours[hour % 24].premium_sum_e9 = 2**63 - 1
    ready.chain.rewrite(ready.address, hours=state.hours)
    ready.advance_to(ready.chain.now_ts + 20)
    ready.chain.refused(ready.sample_premium(), error="MathOverflow")


def test_an_account_that_contradicts_itself_is_refused(ready: FundingWorld) -> None:
    ready.chain.rewrite(ready.address, last_rate_e9=10_000_001)
    ready.chain.refused(ready.sample_premium(), error="FundingInconsistent")
    ready.chain.rewrite(ready.address, last_rate_e9=0, next_hour=ready.chain.now_ts // HOUR + 1)
    ready.chain.refused(ready.sample_premium(), error="FundingInconsistent")


def test_accounts_are_checked(ready: FundingWorld) -> None:
    refuses_wrong_accounts(ready.chain, ready.sample_premium())
