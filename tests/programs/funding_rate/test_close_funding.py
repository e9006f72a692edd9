"""close_funding: of a settling market, by anyone; the rent goes to the admin."""

from __future__ import annotations

from tests.programs.funding_rate.funding_world import FundingWorld
from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.position_mgmt.exchange import ACTIVE, HALTED, REDUCE_ONLY, SETTLING


def settling(funding: FundingWorld) -> FundingWorld:
    funding.chain.rewrite(funding.market.key, status=SETTLING)
    return funding


def test_closes_and_returns_the_rent(funding: FundingWorld) -> None:
    chain = settling(funding).chain
    chain.rewrite(funding.address, funding_index=-77)
    rent, before = chain.account(funding.address), chain.account(funding.admin)
    event = chain.send(funding.close_funding()).event("FundingClosed")
    after = chain.account(funding.admin)
    assert rent is not None
    assert before is not None
    assert after is not None
    assert after.lamports == before.lamports + rent.lamports
    assert chain.account(funding.address) is None
    assert (event.market, event.funding_index, event.head.sequence) == (funding.market.key, -77, 2)


def test_a_market_in_use_keeps_its_funding(funding: FundingWorld) -> None:
    for status in (ACTIVE, REDUCE_ONLY, HALTED):
        funding.chain.rewrite(funding.market.key, status=status)
        funding.chain.refused(funding.close_funding(), error="MarketNotSettling")


def test_a_settling_market_gets_no_funding_again(funding: FundingWorld) -> None:
    """Else somebody could keep its market from being closed."""
    chain = settling(funding).chain
    chain.send(funding.close_funding())
    chain.refused(funding.create_funding(), error="MarketSettling")


def test_a_settling_market_takes_no_updates(funding: FundingWorld) -> None:
    funding.next_hour()
    settling(funding)
    funding.chain.refused(funding.update_funding(), error="position_mgmt.MarketNotActive")
    funding.chain.refused(funding.sample_premium(), error="MarketNotTrading")


def test_the_rent_goes_to_nobody_but_the_admin(funding: FundingWorld) -> None:
    call = settling(funding).close_funding()
    funding.chain.refused(call.but(admin=funding.chain.person()), error="NotAdmin")


def test_another_market_s_funding_is_refused(funding: FundingWorld, other: FundingWorld) -> None:
    settling(funding)
    settling(other)
    call = funding.close_funding().but(funding=other.address)
    funding.chain.refused(call, error="WrongMarket")


def test_accounts_are_checked(funding: FundingWorld) -> None:
    refuses_wrong_accounts(settling(funding).chain, funding.close_funding())
