"""Addresses follow the programs' seeds."""

from __future__ import annotations

from hashlib import sha256

import pytest
from solders.pubkey import Pubkey

from gdx_sdk import pdas
from gdx_sdk.errors import InputError
from gdx_sdk.programs import PROGRAM_IDS, name_of

USER = Pubkey(b"\x07" * 32)
SYMBOL_HASH = sha256(b"BTC-PERP").digest()


def derive(program: str, *seeds: bytes) -> Pubkey:
    return Pubkey.find_program_address(list(seeds), PROGRAM_IDS[program])[0]


def test_each_address_is_its_seeds() -> None:
    market = pdas.market("BTC-PERP")
    assert market == derive("position_mgmt", b"market", SYMBOL_HASH)
    assert pdas.price_feed("BTC-PERP") == derive("oracle", b"feed", SYMBOL_HASH)
    assert pdas.position(USER, market) == derive("position_mgmt", b"position", bytes(USER), bytes(market))
    assert pdas.market_settlement(market) == derive("position_mgmt", b"settlement", bytes(market))
    assert pdas.config() == derive("position_mgmt", b"config")
    assert pdas.relayer_beat() == derive("position_mgmt", b"beat")
    assert pdas.position_authority() == derive("position_mgmt", b"authority")
    assert pdas.settlement_batch(b"\x01" * 32) == derive("position_mgmt", b"batch", b"\x01" * 32)
    assert pdas.vault_state() == derive("collateral_vault", b"vault_state")
    assert pdas.vault_token() == derive("collateral_vault", b"vault_token")
    assert pdas.collateral(USER) == derive("collateral_vault", b"collateral", bytes(USER))
    assert pdas.market_pool(market) == derive("collateral_vault", b"pool", bytes(market))
    assert pdas.ephemeral_vault(USER) == derive("ephemeral_vault", b"vault", bytes(USER))
    assert pdas.ephemeral_session(USER) == derive("ephemeral_vault", b"session", bytes(USER))
    assert pdas.funding_state(market) == derive("funding_rate", b"funding", bytes(market))
    for program, address in PROGRAM_IDS.items():
        assert pdas.event_authority(address) == derive(program, b"__event_authority")


def test_the_usual_token_account_is_everybodys() -> None:
    owner = Pubkey.from_string("vines1vzrYbzLMRdu58ou5XTby4qAqVRLmqo36NKPTg")
    mint = Pubkey.from_string("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v")
    assert pdas.associated_token(owner, mint) != pdas.associated_token(mint, owner)


@pytest.mark.parametrize("symbol", ["", "x" * 33, "BTC\n", "BTÇ"])
def test_a_bad_symbol_is_refused(symbol: str) -> None:
    with pytest.raises(InputError, match="1 to 32 printable ASCII"):
        pdas.market(symbol)


def test_a_batch_id_has_32_bytes() -> None:
    with pytest.raises(InputError, match="32 bytes"):
        pdas.settlement_batch(b"\x01")


def test_programs_have_names() -> None:
    assert name_of(PROGRAM_IDS["oracle"]) == "oracle"
    assert name_of("11111111111111111111111111111111") == "system"
    assert name_of(str(USER)) == str(USER)
