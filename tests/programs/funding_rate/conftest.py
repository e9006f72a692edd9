"""A real market with its funding account."""

from __future__ import annotations

import pytest

from tests.programs.funding_rate.funding_world import INDEX_E6, FundingWorld
from tests.programs.harness.chain import Chain
from tests.programs.harness.vault_world import VaultWorld
from tests.programs.position_mgmt.exchange import CONFIG, Exchange
from tests.programs.position_mgmt.market import Market

DAY = 86_400


@pytest.fixture
def exchange(chain: Chain, vault: VaultWorld) -> Exchange:
    """A configuration without delay."""
    return Exchange(chain, vault).create()


@pytest.fixture
def market(exchange: Exchange) -> Market:
    """BTC-PERP at 50,000, one second into an hour."""
    return exchange.market(price_e6=INDEX_E6)


@pytest.fixture
def planned(market: Market) -> FundingWorld:
    """A market without a funding account."""
    return FundingWorld(market)


@pytest.fixture
def funding(planned: FundingWorld) -> FundingWorld:
    """A market with a funding account, clamped to 0.1 % per hour."""
    return planned.create()


@pytest.fixture
def other(exchange: Exchange) -> FundingWorld:
    """Another market of the same exchange with its funding account."""
    return FundingWorld(exchange.market("ETH-PERP", INDEX_E6)).create()


@pytest.fixture
def delayed(chain: Chain, vault: VaultWorld) -> FundingWorld:
    """Funding of a market whose configuration delays changes by a day."""
    exchange = Exchange(chain, vault).create()
    funding = FundingWorld(exchange.market(price_e6=INDEX_E6)).create()
    chain.rewrite(CONFIG, delay_seconds=DAY)
    return funding
