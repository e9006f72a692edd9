"""Sample accounts are what the programs write, hold to their rules, and take any field."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

import pytest
from solders.account import Account as StoredAccount
from solders.pubkey import Pubkey

from gdx_sdk import pdas
from gdx_sdk.accounts import (
    Collateral,
    EphemeralVault,
    FundingState,
    GlobalConfig,
    MarketPool,
    MarketSettlement,
    PerpMarket,
    PriceFeed,
    UserPosition,
    VaultState,
    market_state,
    position_state,
)
from gdx_sdk.client import Client
from gdx_sdk.errors import InputError
from gdx_sdk.math import equity_atoms
from gdx_sdk.runtime import Account, FixedAccount
from gdx_sdk.testing import FakeRpc, GdxChain, sample_account
from gdx_sdk.testing._samples import KINDS, STORED, sample_data


def test_the_samples_are_what_the_programs_write() -> None:
    stored = {name: b64decode(text) for name, text in json.loads(STORED.read_text()).items()}
    assert sorted(stored) == sorted(kind.__name__ for kind in KINDS)
    assert stored == sample_data(), "python -m gdx_sdk.testing._samples"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_type_round_trips_and_takes_each_field(kind: type[FixedAccount]) -> None:
    sample = sample_account(kind)
    assert kind.decode(sample.encode()) == sample
    for name in kind.LAYOUT.offsets:
        value: Any = getattr(sample, name)
        if type(value) is int:
            changed = sample_account(kind, **{name: value ^ 1})
            assert getattr(changed, name) == value ^ 1
            assert kind.decode(changed.encode()) == changed
    with pytest.raises(InputError, match=f"{kind.__name__} has "):
        sample_account(kind, no_such_field=1)


def test_another_type_is_refused() -> None:
    class PerpMarket(Account):
        """Of the same name, but of another program."""

        __slots__ = ()
        DISCRIMINATOR = b"another!"

    with pytest.raises(InputError, match="must be one of Collateral, EphemeralVault"):
        sample_account(PerpMarket)


def test_the_rules_of_the_programs_hold() -> None:
    collateral, pool = sample_account(Collateral), sample_account(MarketPool)
    received = collateral.total_deposited_atoms + collateral.total_released_atoms
    spent = collateral.total_withdrawn_atoms + collateral.total_locked_atoms
    assert received == spent + collateral.free_atoms
    out = pool.total_released_atoms + pool.total_swept_atoms + pool.total_insured_atoms
    assert pool.total_locked_atoms + pool.total_drawn_atoms == out + pool.locked_atoms
    market, config = sample_account(PerpMarket), sample_account(GlobalConfig)
    assert market.total_long_interest == market.total_short_interest == market.total_open_interest > 0
    assert (market.is_active, config.is_paused, config.market_count) == (1, 0, 1)
    feed, funding = sample_account(PriceFeed), sample_account(FundingState)
    assert feed.min_publishers <= feed.publisher_count
    assert feed.price_e6 == 50_000_000_000
    assert funding.max_rate_e9 > 0
    vault, session = sample_account(VaultState), sample_account(EphemeralVault)
    assert vault.locked_atoms == pool.locked_atoms
    assert session.available_amount == session.approved_amount - session.used_amount == 10**9
    settlement = sample_account(MarketSettlement)
    assert settlement.market == pool.market == funding.market == pdas.market("BTC-PERP")
    position = sample_account(UserPosition)
    assert equity_atoms(position_state(position), market_state(market, pool), feed.price_e6) > 0


async def test_a_sample_is_read_from_a_fake_and_taken_by_the_programs() -> None:
    address = pdas.position(Pubkey(b"\x07" * 32), pdas.market("BTC-PERP"))
    position = sample_account(UserPosition, collateral=1_000_000)
    async with Client(FakeRpc({address: position.encode()})) as client:
        assert await client.fetch(UserPosition, address) == position
    chain = GdxChain()
    market = sample_account(PerpMarket, min_position_size_e8=7)
    stored = chain.svm.get_account(chain.market)
    assert stored is not None
    account = StoredAccount(stored.lamports, market.encode(), stored.owner, False, 0)
    chain.set_account(chain.market, account)
    chain.settle(chain.trade(chain.keys["alice"], chain.keys["bob"], "0.1", "50000"))
    assert chain.fetch(PerpMarket, chain.market).min_position_size_e8 == 7
