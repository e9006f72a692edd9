"""create_funding: the admin opens a market's funding, from the market's index and from now on."""

from __future__ import annotations

import pytest

from tests.programs.funding_rate.funding_world import HOUR, MAX_RATE_E9, FundingWorld
from tests.programs.harness.hostile import refuses_durable_nonce, refuses_wrong_accounts
from tests.programs.position_mgmt.attacks import refuses_old_config


def test_starts_at_the_market_s_index_and_hour(planned: FundingWorld) -> None:
    chain = planned.chain
    chain.rewrite(planned.market.key, funding_index=-77)
    receipt = chain.send(planned.create_funding())
    state = planned.read()
    assert (state.market, state.funding_index, state.max_rate_e9) == (planned.market.key, -77, MAX_RATE_E9)
    assert state.next_hour == chain.now_ts // HOUR
    assert (state.last_update_ts, state.last_sample_ts) == (chain.now_ts, chain.now_ts)
    assert (state.last_rate_e9, state.layout_version) == (0, 1)
    assert all(hour.weight_seconds == 0 for hour in state.hours)
    event = receipt.event("FundingCreated")
    assert (event.market, event.max_rate_e9, event.head.sequence) == (planned.market.key, MAX_RATE_E9, 1)


def test_what_the_market_accumulated_before_does_not_count(planned: FundingWorld) -> None:
    planned.chain.rewrite(planned.market.key, premium_accumulator=10**15, premium_weight_seconds=10**6)
    planned.create()
    planned.next_hour()
    event = planned.chain.send(planned.update_funding()).event("FundingUpdated")
    assert (event.rate_e9, event.funding_index) == (0, 0)


def test_lamports_sent_ahead_do_not_block_it(planned: FundingWorld) -> None:
    planned.chain.fund(planned.address, 1)
    planned.create()


def test_a_market_has_one(funding: FundingWorld) -> None:
    funding.chain.refused(funding.create_funding(), error="system.AccountAlreadyInUse")


def test_only_the_admin_may(planned: FundingWorld) -> None:
    exchange = planned.market.exchange
    for signer in (exchange.guardian, exchange.relayer, planned.chain.upgrade_authority):
        planned.chain.refused(planned.create_funding().but(admin=signer), error="NotAdmin")


@pytest.mark.parametrize("rate", [0, -1, 10_000_001, -(2**63), 2**63 - 1])
def test_the_clamp_is_positive_and_at_most_one_percent(planned: FundingWorld, rate: int) -> None:
    planned.chain.refused(planned.create_funding(rate), error="InvalidMaxRate")


@pytest.mark.parametrize("rate", [1, 10_000_000])
def test_the_edges_are_allowed(planned: FundingWorld, rate: int) -> None:
    planned.chain.send(planned.create_funding(rate))


def test_the_address_of_another_market_is_refused(planned: FundingWorld, other: FundingWorld) -> None:
    call = planned.create_funding().but(funding=other.address)
    planned.chain.refused(call, error="ConstraintSeeds")


def test_a_durable_nonce_is_refused(planned: FundingWorld) -> None:
    refuses_durable_nonce(planned.chain, planned.create_funding(), planned.admin)


def test_an_old_configuration_is_refused(planned: FundingWorld) -> None:
    refuses_old_config(planned.chain, planned.create_funding(), "ConfigLayoutOld")


def test_accounts_are_checked(planned: FundingWorld) -> None:
    refuses_wrong_accounts(planned.chain, planned.create_funding())
