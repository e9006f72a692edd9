"""set_max_rate: scheduled by the admin, in force by itself after the configuration's delay."""

from __future__ import annotations

import pytest

from tests.programs.funding_rate.conftest import DAY
from tests.programs.funding_rate.funding_world import MAX_RATE_E9, FundingWorld, naive_rate_e9
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
