"""Every builder against the IDL: program, discriminator, accounts in order, who signs, what is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from gdx_sdk import instructions, pdas
from gdx_sdk.batch import ZERO_ID, Trade, seal_batch
from gdx_sdk.errors import CodecError, InputError
from gdx_sdk.instructions import (
    ConfigLimits,
    CreateConfigArgs,
    FallbackFeed,
    FeedLimits,
    MarketParams,
    MarketStatus,
    SettlingReason,
    WithdrawLimit,
)
from gdx_sdk.programs import PROGRAM_IDS
from gdx_sdk.units import Side

IDL = Path(__file__).resolve().parents[3] / "idl"
ADMIN, USER, KEY, MINT, FEED, TOKEN = (Pubkey(bytes([n]) * 32) for n in range(1, 7))
MARKET = pdas.market("BTC-PERP")
LIMIT = WithdrawLimit(10**12, 10**8, 3_600)
FEED_LIMITS = FeedLimits(100, 500, 30, 120)
PARAMS = MarketParams(20, 500, 250, -100, 500, 5_000, 100, 1, 10**12, 10**13, 10**12)
CONFIG = CreateConfigArgs(ADMIN, KEY, KEY, 3, 1, 0, 8, 2, 60, 10**8, 100, 1_000)
CONFIG_LIMITS = ConfigLimits(10**8, 100, 1_000, 150, 10, 3_600)
SIGNED_BY_PROGRAMS = {
    "collateral_vault": {
        "close_pool",
        "create_pool",
        "draw_insurance",
        "fund_insurance",
        "lock",
        "release",
        "sweep_fees",
    },
    "position_mgmt": {"set_funding"},
}
TRADE = Trade(1, MARKET, USER, KEY, Side.BUY, 10**9, 10**8, 500_000, 0, 1_767_225_600_000)
BATCH = seal_batch(1, MARKET, 1, ZERO_ID, [TRADE])

CALLS: dict[tuple[str, str], Callable[[], Instruction]] = {
    ("collateral_vault", "create_vault"): lambda: instructions.create_vault(
        ADMIN, MINT, admin=ADMIN, guardian=KEY, fee_recipient=KEY, withdraw_limit=LIMIT, delay_s=0
    ),
    ("collateral_vault", "open_account"): lambda: instructions.open_account(USER, payer=ADMIN),
    ("collateral_vault", "deposit"): lambda: instructions.deposit(USER, 5, quote_mint=MINT),
    ("collateral_vault", "withdraw"): lambda: instructions.withdraw(USER, 5, quote_mint=MINT),
    ("collateral_vault", "withdraw_fees"): lambda: instructions.withdraw_fees(
        ADMIN, 5, recipient_token=TOKEN, quote_mint=MINT
    ),
    ("collateral_vault", "set_withdraw_limit"): lambda: instructions.set_withdraw_limit(ADMIN, LIMIT),
    ("collateral_vault", "set_vault_pause"): lambda: instructions.set_vault_pause(ADMIN, 1),
    ("collateral_vault", "propose_admin"): lambda: instructions.propose_vault_admin(ADMIN, KEY),
    ("collateral_vault", "accept_admin"): lambda: instructions.accept_vault_admin(KEY),
    ("collateral_vault", "propose_pause_renewal"): lambda: instructions.propose_pause_renewal(ADMIN),
    ("collateral_vault", "execute_pause_renewal"): lambda: instructions.execute_pause_renewal(ADMIN),
    ("collateral_vault", "set_guardian"): lambda: instructions.set_vault_guardian(ADMIN, KEY),
    ("collateral_vault", "set_fee_recipient"): lambda: instructions.set_vault_fee_recipient(ADMIN, KEY),
    ("collateral_vault", "raise_delay"): lambda: instructions.raise_vault_delay(ADMIN, 86_400),
    ("ephemeral_vault", "create"): lambda: instructions.create_ephemeral_vault(
        USER, session_key=KEY, expiry_ts=1_767_225_600
    ),
    ("ephemeral_vault", "approve"): lambda: instructions.approve_ephemeral_vault(
        USER, 5, expected_used_atoms=0, quote_mint=MINT
    ),
    ("ephemeral_vault", "fast_deposit"): lambda: instructions.fast_deposit(
        USER, 5, session_key=KEY, quote_mint=MINT
    ),
    ("ephemeral_vault", "revoke"): lambda: instructions.revoke_ephemeral_vault(USER, user_token=TOKEN),
    ("ephemeral_vault", "close"): lambda: instructions.close_ephemeral_vault(USER),
    ("oracle", "create_feed"): lambda: instructions.create_feed(
        ADMIN,
        "BTC-PERP",
        authority=ADMIN,
        publishers=[USER, KEY, MINT],
        min_publishers=3,
        limits=FEED_LIMITS,
        delay_s=0,
    ),
    ("oracle", "publish_price"): lambda: instructions.publish_price(
        KEY, FEED, price_e6=10**9, confidence_e6=10**6, publish_ts=1
    ),
    ("oracle", "set_publishers"): lambda: instructions.set_publishers(
        ADMIN, FEED, [USER, KEY, MINT], min_publishers=3
    ),
    ("oracle", "set_limits"): lambda: instructions.set_feed_limits(ADMIN, FEED, FEED_LIMITS),
    ("oracle", "set_fallback"): lambda: instructions.set_feed_fallback(
        ADMIN, FEED, FallbackFeed(KEY, bytes(32))
    ),
    ("oracle", "raise_delay"): lambda: instructions.raise_feed_delay(ADMIN, FEED, 86_400),
    ("oracle", "propose_feed_authority"): lambda: instructions.propose_feed_authority(ADMIN, FEED, KEY),
    ("oracle", "accept_feed_authority"): lambda: instructions.accept_feed_authority(KEY, FEED),
    ("funding_rate", "create_funding"): lambda: instructions.create_funding(ADMIN, MARKET, max_rate_e9=5),
    ("funding_rate", "sample_premium"): lambda: instructions.sample_premium(MARKET, price_feed=FEED),
    ("funding_rate", "update_funding"): lambda: instructions.update_funding(MARKET, price_feed=FEED),
    ("funding_rate", "set_max_rate"): lambda: instructions.set_max_rate(ADMIN, MARKET, max_rate_e9=5),
    ("position_mgmt", "create_config"): lambda: instructions.create_config(ADMIN, CONFIG),
    ("position_mgmt", "set_pause_bits"): lambda: instructions.set_pause_bits(ADMIN, 1),
    ("position_mgmt", "set_allowed_versions"): lambda: instructions.set_allowed_versions(ADMIN, 3),
    ("position_mgmt", "set_min_batch_size"): lambda: instructions.set_min_batch_size(ADMIN, 18),
    ("position_mgmt", "approve_relayer"): lambda: instructions.approve_relayer(ADMIN, KEY),
    ("position_mgmt", "revoke_relayer"): lambda: instructions.revoke_relayer(ADMIN, KEY),
    ("position_mgmt", "set_active_relayer"): lambda: instructions.set_active_relayer(ADMIN, KEY),
    ("position_mgmt", "propose_change"): lambda: instructions.propose_change(ADMIN, bytes(32)),
    ("position_mgmt", "set_canary"): lambda: instructions.set_canary(ADMIN, MARKET, version=2, batches=5),
    ("position_mgmt", "set_guardian"): lambda: instructions.set_guardian(ADMIN, KEY),
    ("position_mgmt", "set_config_limits"): lambda: instructions.set_config_limits(ADMIN, CONFIG_LIMITS),
    ("position_mgmt", "raise_delay"): lambda: instructions.raise_delay(ADMIN, 86_400),
    ("position_mgmt", "migrate_config"): lambda: instructions.migrate_config(USER),
    ("position_mgmt", "open_session_position"): lambda: instructions.open_position(
        KEY, MARKET, leverage=10, parent_wallet=USER
    ),
    ("position_mgmt", "propose_admin"): lambda: instructions.propose_admin(ADMIN, KEY),
    ("position_mgmt", "accept_admin"): lambda: instructions.accept_admin(KEY),
    ("position_mgmt", "create_market"): lambda: instructions.create_market(
        ADMIN, "BTC-PERP", PARAMS, base_asset="BTC", fee_recipient=KEY
    ),
    ("position_mgmt", "set_market_limits"): lambda: instructions.set_market_limits(ADMIN, MARKET, PARAMS),
    ("position_mgmt", "set_market_status"): lambda: instructions.set_market_status(
        ADMIN, MARKET, MarketStatus.HALTED
    ),
    ("position_mgmt", "open_position"): lambda: instructions.open_position(USER, MARKET, leverage=10),
    ("position_mgmt", "add_collateral"): lambda: instructions.add_collateral(USER, MARKET, 5),
    ("position_mgmt", "request_release"): lambda: instructions.request_release(
        USER, MARKET, 5, price_feed=FEED
    ),
    ("position_mgmt", "execute_release"): lambda: instructions.execute_release(USER, MARKET, price_feed=FEED),
    ("position_mgmt", "liquidate"): lambda: instructions.liquidate(
        KEY, pdas.position(USER, MARKET), MARKET, size_e8=5, price_feed=FEED
    ),
    ("position_mgmt", "close_position"): lambda: instructions.close_position(USER, MARKET),
    ("position_mgmt", "settle_batch"): lambda: instructions.settle_batch(
        KEY, BATCH, relayer_epoch=1, price_feed=FEED
    ),
    ("funding_rate", "close_funding"): lambda: instructions.close_funding(ADMIN, MARKET),
    ("position_mgmt", "start_settling"): lambda: instructions.start_settling(
        USER, MARKET, SettlingReason.DELISTING, price_feed=FEED, admin=ADMIN
    ),
    ("position_mgmt", "settle_position"): lambda: instructions.settle_position(MARKET, USER),
    ("position_mgmt", "pay_position"): lambda: instructions.pay_position(MARKET, USER, recipient=KEY),
    ("position_mgmt", "close_market"): lambda: instructions.close_market(
        MARKET, admin=ADMIN, settlement_payer=USER
    ),
    ("position_mgmt", "prune_batch"): lambda: instructions.prune_batch(MARKET, BATCH.batch_id, relayer=KEY),
    ("position_mgmt", "beat"): lambda: instructions.beat(KEY),
    ("position_mgmt", "take_over"): lambda: instructions.take_over(KEY),
    ("position_mgmt", "resolve_bankruptcy"): lambda: instructions.resolve_bankruptcy(
        MARKET, bankrupt_side=Side.SELL
    ),
    ("position_mgmt", "sweep_fees"): lambda: instructions.sweep_fees(MARKET),
}


def idl_instructions(program: str) -> dict[str, Any]:
    idl = json.loads((IDL / f"{program}.json").read_bytes())
    return {instruction["name"]: instruction for instruction in idl["instructions"]}


def test_every_instruction_that_somebody_can_sign_has_a_builder() -> None:
    for program in PROGRAM_IDS:
        covered = {name for owner, name in CALLS if owner == program}
        assert covered == set(idl_instructions(program)) - SIGNED_BY_PROGRAMS.get(program, set()), program


@pytest.mark.parametrize(("program", "name"), list(CALLS))
def test_the_built_instruction_is_the_idls(program: str, name: str) -> None:
    built, expected = CALLS[program, name](), idl_instructions(program)[name]
    assert built.program_id == PROGRAM_IDS[program]
    assert built.data[:8] == bytes(expected["discriminator"])
    named = built.accounts[: len(expected["accounts"])]
    assert len(named) == len(expected["accounts"])
    for meta, account in zip(named, expected["accounts"], strict=True):
        where = f"{name}.{account['name']}"
        if account.get("optional") and meta.pubkey == built.program_id:
            continue
        assert meta.is_signer == account.get("signer", False), where
        assert meta.is_writable == account.get("writable", False), where
        if "address" in account:
            assert str(meta.pubkey) == account["address"], where
        if account["name"] == "event_authority":
            assert meta.pubkey == pdas.event_authority(built.program_id), where


def test_the_batchs_positions_follow_in_order() -> None:
    built = CALLS["position_mgmt", "settle_batch"]()
    rest = built.accounts[-len(BATCH.positions) :]
    assert [meta.pubkey for meta in rest] == list(BATCH.positions)
    assert all(meta.is_writable and not meta.is_signer for meta in rest)
    assert built.data[12:] == BATCH.encode(1)


def test_addresses_are_filled_in() -> None:
    built = instructions.add_collateral(USER, MARKET, 5)
    keys = [meta.pubkey for meta in built.accounts]
    for expected in (
        pdas.config(),
        pdas.position(USER, MARKET),
        pdas.collateral(USER),
        pdas.market_pool(MARKET),
        pdas.vault_state(),
        pdas.position_authority(),
    ):
        assert expected in keys


def test_what_may_be_left_out_is_the_programs_own_address() -> None:
    """As the programs read an absent optional account."""
    program = PROGRAM_IDS["position_mgmt"]
    for built, index in (
        (instructions.prune_batch(None, BATCH.batch_id, relayer=KEY), 1),
        (instructions.start_settling(USER, MARKET, SettlingReason.SILENCE, price_feed=FEED), 2),
        (instructions.pay_position(MARKET, USER, has_collateral_account=False), 4),
    ):
        assert built.accounts[index].pubkey == program


def test_a_delisting_needs_the_admin() -> None:
    with pytest.raises(InputError, match="admin"):
        instructions.start_settling(USER, MARKET, SettlingReason.DELISTING, price_feed=FEED)


def test_amounts_out_of_range_are_refused() -> None:
    with pytest.raises(CodecError, match="amount_atoms"):
        instructions.add_collateral(USER, MARKET, -1)
    with pytest.raises(CodecError, match="amount_atoms"):
        instructions.deposit(USER, 2**64, quote_mint=MINT)
    with pytest.raises(InputError, match="base_asset"):
        instructions.create_market(ADMIN, "BTC-PERP", PARAMS, base_asset="", fee_recipient=KEY)


def accounts_by_name(name: str, built: Instruction) -> dict[str, Pubkey]:
    entries = idl_instructions("position_mgmt")[name]["accounts"]
    return {entry["name"]: meta.pubkey for entry, meta in zip(entries, built.accounts, strict=False)}


def test_a_parent_wallet_signs_and_receives_for_its_session_wallet() -> None:
    """The position is the session wallet's, everything that holds money the parent's."""
    position, parents = pdas.position(KEY, MARKET), pdas.collateral(USER)
    opened = instructions.open_position(KEY, MARKET, leverage=2, parent_wallet=USER, payer=USER)
    found = accounts_by_name("open_session_position", opened)
    assert (found["owner"], found["parent_wallet"], found["position"]) == (KEY, USER, position)
    calls = {
        "add_collateral": instructions.add_collateral(KEY, MARKET, 5, parent_wallet=USER),
        "request_release": instructions.request_release(KEY, MARKET, 5, price_feed=FEED, parent_wallet=USER),
        "close_position": instructions.close_position(KEY, MARKET, parent_wallet=USER),
    }
    for name, built in calls.items():
        found = accounts_by_name(name, built)
        assert (found["owner"], found["position"]) == (USER, position), name
    assert accounts_by_name("add_collateral", calls["add_collateral"])["collateral"] == parents
    released = instructions.execute_release(KEY, MARKET, price_feed=FEED, parent_wallet=USER)
    found = accounts_by_name("execute_release", released)
    assert (found["collateral"], found["position"]) == (parents, position)
    taken = instructions.liquidate(KEY, MINT, MARKET, size_e8=5, price_feed=FEED, parent_wallet=USER)
    found = accounts_by_name("liquidate", taken)
    assert (found["liquidator"], found["liquidator_position"]) == (USER, position)


def test_nobody_but_the_parent_pays_for_a_session_wallet() -> None:
    with pytest.raises(InputError, match="payer"):
        instructions.open_position(KEY, MARKET, leverage=2, parent_wallet=USER, payer=ADMIN)


def test_a_change_is_proposed_by_its_data_and_what_it_is_about() -> None:
    halt = instructions.set_market_status(ADMIN, MARKET, MarketStatus.HALTED)
    assert instructions.change_hash(halt) == sha256(bytes(halt.data) + bytes(MARKET)).digest()
    params = MarketParams(20, 500, 250, -100, 500, 5_000, 200, 1, 10**12, 10**13, 10**12)
    limits = instructions.set_market_limits(ADMIN, MARKET, params)
    assert instructions.change_hash(limits) == sha256(bytes(limits.data) + bytes(MARKET)).digest()
    new = instructions.create_market(ADMIN, "BTC-PERP", params, base_asset="BTC", fee_recipient=ADMIN)
    feed = pdas.price_feed("BTC-PERP")
    assert instructions.change_hash(new) == sha256(bytes(new.data) + bytes(feed)).digest()
    delisting = instructions.start_settling(
        ADMIN, MARKET, SettlingReason.DELISTING, price_feed=FEED, admin=ADMIN
    )
    assert instructions.change_hash(delisting) == sha256(bytes(delisting.data) + bytes(MARKET)).digest()
    other = instructions.approve_relayer(ADMIN, KEY)
    assert instructions.change_hash(other) == sha256(bytes(other.data)).digest()
