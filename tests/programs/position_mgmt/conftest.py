"""An exchange with one market and people in it."""

from __future__ import annotations

import pytest

from tests.programs.harness.chain import Chain
from tests.programs.harness.vault_world import VaultWorld

from .exchange import Exchange
from .market import Linked, Market, Trader


@pytest.fixture
def bare(chain: Chain, vault: VaultWorld) -> Exchange:
    """Everything but the configuration."""
    return Exchange(chain, vault)


@pytest.fixture
def exchange(bare: Exchange) -> Exchange:
    """A configuration without delay."""
    return bare.create()


@pytest.fixture
def delayed(bare: Exchange) -> Exchange:
    """A configuration with a delay of a day."""
    return bare.create(delay_seconds=86_400)


@pytest.fixture
def market(exchange: Exchange) -> Market:
    """BTC-PERP at 50,000."""
    return exchange.market()


@pytest.fixture
def other_market(market: Market) -> Market:
    """ETH-PERP at 3,000, of the same exchange."""
    return market.exchange.market("ETH-PERP", 3_000 * 10**6)


@pytest.fixture
def alice(market: Market) -> Trader:
    """10,000 USDT under a position of leverage 10, and 1,000 free."""
    return market.trader(free_atoms=1_000 * 10**6)


@pytest.fixture
def bob(market: Market) -> Trader:
    return market.trader(free_atoms=1_000 * 10**6)


@pytest.fixture
def linked(market: Market) -> Linked:
    """10,000 USDT under a session wallet's position; session and parent wallet have 1,000 free each."""
    return market.linked()
