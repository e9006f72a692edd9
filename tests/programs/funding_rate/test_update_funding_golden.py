"""sample_premium and update_funding: the golden premiums, rates and index steps."""

from __future__ import annotations

from tests.golden import naive_money
from tests.programs.harness.golden import cases, numbers

from .funding_world import HOUR, FundingWorld

MAX_PREMIUM_E9 = 100_000_000
"""A sample counts at most this premium, 10 %."""


def pay_hour(funding: FundingWorld, premium_sum_e9: int, weight: int, index_e6: int, max_rate_e9: int) -> int:
    """Plant samples of the hour that is due, pay it, put everything back; gives how far the index moved."""
    chain, watched = funding.chain, [funding.address, funding.market.key]
    kept = {key: chain.account(key) for key in watched}
    state = funding.read()
    hour = state.hours[state.next_hour % 24]
    hour.hour, hour.premium_sum_e9, hour.weight_seconds = state.next_hour, premium_sum_e9, weight
    hour.index_price_e6 = index_e6
    chain.rewrite(funding.address, hours=state.hours, max_rate_e9=max_rate_e9)
    chain.send(funding.update_funding())
    after = funding.read()
    assert after.next_hour == state.next_hour + 1
    assert chain.read(funding.market.key).funding_index == after.funding_index
    funding.last_rate_e9 = after.rates_e9[state.next_hour % 24]
    for key, account in kept.items():
        assert account is not None
        chain.svm.set_account(key, account)
    return int(after.funding_index - state.funding_index)


def due(funding: FundingWorld) -> FundingWorld:
    """An hour later: one is due."""
    funding.advance_to((funding.read().next_hour + 1) * HOUR + 5)
    return funding


def test_golden_rates_and_steps(funding: FundingWorld) -> None:
    due(funding)
    for case in cases("funding"):
        c = numbers(case)
        step = pay_hour(funding, c["premium_e9"], 1, c["index_price_e6"], c["max_rate_e9"])
        assert (funding.last_rate_e9, step) == (c["rate_e9"], c["index_step"]), case


def test_golden_premiums_of_mark_and_index(funding: FundingWorld) -> None:
    chain = funding.chain
    for case in cases("funding"):
        c = numbers(case)
        chain.advance(60)
        prices = {"price_e6": c["index_price_e6"], "ema_e9": c["index_price_e6"] * 1_000, "confidence_e6": 0}
        now = {"publish_ts": chain.now_ts, "last_good_ts": chain.now_ts, "publish_slot": chain.slot}
        feed = funding.feed.read()
        for publisher in feed.publishers[: feed.publisher_count]:
            publisher.price_e6, publisher.publish_ts = c["index_price_e6"], chain.now_ts
        chain.rewrite(funding.feed.address, publishers=feed.publishers, **prices, **now)
        chain.rewrite(funding.market.key, mark_price_e6=c["mark_price_e6"], mark_ts=chain.now_ts)
        kept = chain.account(funding.address)
        assert kept is not None
        chain.rewrite(funding.address, last_sample_ts=chain.now_ts - 10)
        chain.send(funding.sample_premium())
        expected = max(-MAX_PREMIUM_E9, min(MAX_PREMIUM_E9, c["premium_e9"]))
        assert funding.read().last_premium_e9 == expected, case
        chain.svm.set_account(funding.address, kept)


def test_golden_means_of_samples(funding: FundingWorld) -> None:
    """An hour pays the rate of the mean; without samples it pays nothing."""
    due(funding)
    for case in cases("premium"):
        samples = [(int(premium), int(seconds)) for premium, seconds in case["samples"]]
        total, weight = sum(premium * seconds for premium, seconds in samples), sum(s for _, s in samples)
        step = pay_hour(funding, total, weight, 10**6, 10_000_000)
        if case["premium_e9"] is None:
            assert (funding.last_rate_e9, step) == (0, 0), case
            continue
        # The rate is the mean's own; its rounding shows where the mean is divided by eight.
        premium = int(case["premium_e9"])
        assert step == pay_hour(funding, premium, 1, 10**6, 10_000_000), case
        assert funding.last_rate_e9 == naive_money.funding_rate(premium, 10_000_000), case
