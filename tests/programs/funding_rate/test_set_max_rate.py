"""set_max_rate: scheduled by the admin, in force by itself after the configuration's delay."""

from __future__ import annotations

import pytest

from tests.programs.funding_rate.conftest import DAY
from tests.programs.funding_rate.funding_world import (
    HOUR,
    MAX_RATE_E9,
    FundingWorld,
    naive_rate_e9,
    naive_step,
)
from tests.programs.harness.hostile import refuses_durable_nonce, refuses_wrong_accounts
from tests.programs.position_mgmt.attacks import refuses_old_config


def test_without_a_delay_it_is_in_force_at_once(funding: FundingWorld) -> None:
    receipt = funding.chain.send(funding.set_max_rate(5))
    state = funding.read()
    assert (state.max_rate_e9, state.pending_max_rate_e9, state.pending_max_rate_not_before_ts) == (5, 0, 0)
    event = receipt.event("MaxRateScheduled")
    assert (event.market, event.max_rate_e9) == (funding.market.key, 5)
    assert (event.not_before_ts, event.head.sequence) == (funding.chain.now_ts, 2)


def test_with_a_delay_it_waits(delayed: FundingWorld) -> None:
    chain = delayed.chain
    event = chain.send(delayed.set_max_rate(5)).event("MaxRateScheduled")
    assert event.not_before_ts == chain.now_ts + DAY
    state = delayed.read()
    assert (state.max_rate_e9, state.pending_max_rate_e9) == (MAX_RATE_E9, 5)
    delayed.advance_to(event.not_before_ts - 1)
    chain.send(delayed.update_funding())
    assert delayed.read().max_rate_e9 == MAX_RATE_E9
    delayed.next_hour()
    chain.send(delayed.update_funding())
    assert delayed.read().max_rate_e9 == 5


def test_a_lower_clamp_lowers_the_rate(funding: FundingWorld) -> None:
    funding.chain.send(funding.set_max_rate(1_234))
    funding.advance_to(funding.chain.now_ts + 300)
    funding.sample(5_000_000)
    funding.next_hour()
    event = funding.chain.send(funding.update_funding()).event("FundingUpdated")
    assert event.rate_e9 == naive_rate_e9(5_000_000, 1_234) == 1_234


def test_missed_hours_keep_the_clamp_that_was_in_force(delayed: FundingWorld) -> None:
    chain = delayed.chain
    event = chain.send(delayed.set_max_rate(5)).event("MaxRateScheduled")
    hour_of_change = event.not_before_ts // HOUR
    for hour in range(hour_of_change - 2, hour_of_change + 2):
        delayed.advance_to(hour * HOUR + 300)
        if hour == hour_of_change - 2:
            chain.send(delayed.update_funding())
        delayed.sample(90_000_000)
    delayed.next_hour()
    before = delayed.read().funding_index
    chain.send(delayed.update_funding())
    state = delayed.read()
    rates = [state.rates_e9[hour % 24] for hour in range(hour_of_change - 2, hour_of_change + 2)]
    assert rates == [MAX_RATE_E9, MAX_RATE_E9, 5, 5]
    assert state.funding_index - before == 2 * naive_step(MAX_RATE_E9) + 2 * naive_step(5)
    assert (state.max_rate_e9, state.pending_max_rate_not_before_ts) == (5, 0)


def test_a_clamp_that_unpaid_hours_wait_for_is_not_replaced(funding: FundingWorld) -> None:
    chain = funding.chain
    funding.advance_to(chain.now_ts + 3 * HOUR)
    chain.send(funding.set_max_rate(5))
    assert (funding.read().max_rate_e9, funding.read().pending_max_rate_e9) == (MAX_RATE_E9, 5)
    chain.refused(funding.set_max_rate(7), error="FundingOverdue")
    chain.send(funding.update_funding())
    chain.send(funding.set_max_rate(7))
    assert (funding.read().max_rate_e9, funding.read().pending_max_rate_e9) == (7, 0)


@pytest.mark.parametrize("rate", [0, -1, 10_000_001, -(2**63)])
def test_the_clamp_is_positive_and_at_most_one_percent(funding: FundingWorld, rate: int) -> None:
    funding.chain.refused(funding.set_max_rate(rate), error="InvalidMaxRate")


def test_only_the_admin_may(funding: FundingWorld) -> None:
    exchange = funding.market.exchange
    for signer in (exchange.guardian, exchange.relayer, funding.chain.upgrade_authority):
        funding.chain.refused(funding.set_max_rate(5).but(admin=signer), error="NotAdmin")


def test_an_account_that_contradicts_itself_is_refused(funding: FundingWorld) -> None:
    funding.chain.rewrite(funding.address, last_rate_e9=-10_000_001)
    funding.chain.refused(funding.set_max_rate(5), error="FundingInconsistent")


def test_a_durable_nonce_is_refused(funding: FundingWorld) -> None:
    refuses_durable_nonce(funding.chain, funding.set_max_rate(5), funding.admin)


def test_an_old_configuration_is_refused(funding: FundingWorld) -> None:
    refuses_old_config(funding.chain, funding.set_max_rate(5), "ConfigLayoutOld")


def test_accounts_are_checked(funding: FundingWorld) -> None:
    refuses_wrong_accounts(funding.chain, funding.set_max_rate(5))
