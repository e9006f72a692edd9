"""Every instruction that a privileged key signs: what it may do at once, and what has to wait for the
delay."""

from __future__ import annotations

from collections.abc import Mapping

OWN_KEYS = frozenset(
    {
        "owner",
        "payer",
        "user_wallet",
        "parent_wallet",
        "session_key",
        "token_authority",
        "liquidator",
        "relayer",
        "active_relayer",
        "publisher",
    }
)
"""Signers that act for themselves, or whose thief has a test of its own."""
SET_UP, DELAYED, AT_ONCE, PROGRAM = "set-up", "delayed", "at once", "program"

POWERS: Mapping[str, tuple[str, str]] = {
    "collateral_vault.create_vault": (SET_UP, "the upgrade authority, once"),
    "collateral_vault.create_pool": (PROGRAM, "only the position program's address signs it"),
    "collateral_vault.close_pool": (PROGRAM, "only the position program's address signs it"),
    "collateral_vault.lock": (PROGRAM, "only the position program's address signs it"),
    "collateral_vault.release": (PROGRAM, "only the position program's address signs it"),
    "collateral_vault.sweep_fees": (PROGRAM, "only the position program's address signs it"),
    "collateral_vault.fund_insurance": (PROGRAM, "only the position program's address signs it"),
    "collateral_vault.draw_insurance": (PROGRAM, "only the position program's address signs it"),
    "collateral_vault.propose_admin": (DELAYED, "names the next admin, who accepts after the delay"),
    "collateral_vault.accept_admin": (DELAYED, "the proposed admin, after the delay"),
    "collateral_vault.set_withdraw_limit": (DELAYED, "comes into force by itself after the delay"),
    "collateral_vault.set_vault_pause": (
        AT_ONCE,
        "a pause of withdrawals lapses after 72 hours, and 72 hours open follow",
    ),
    "collateral_vault.propose_pause_renewal": (AT_ONCE, "announces a further pause of withdrawals"),
    "collateral_vault.execute_pause_renewal": (DELAYED, "announced; 72 hours more, once per announcement"),
    "collateral_vault.set_guardian": (DELAYED, "comes into force by itself after the delay"),
    "collateral_vault.set_fee_recipient": (DELAYED, "comes into force by itself after the delay"),
    "collateral_vault.raise_delay": (DELAYED, "after the present delay; never shorter"),
    "collateral_vault.withdraw_fees": (AT_ONCE, "swept fees, only to the recipient in office"),
    "oracle.create_feed": (SET_UP, "the upgrade authority, once per feed"),
    "oracle.set_publishers": (DELAYED, "comes into force after the delay"),
    "oracle.set_limits": (DELAYED, "comes into force after the delay"),
    "oracle.set_fallback": (DELAYED, "comes into force after the delay"),
    "oracle.raise_delay": (DELAYED, "after the present delay; never shorter"),
    "oracle.propose_feed_authority": (DELAYED, "names the next authority, who accepts after the delay"),
    "oracle.accept_feed_authority": (DELAYED, "the proposed authority, after the delay"),
    "funding_rate.create_funding": (AT_ONCE, "once per market; the rate's clamp is at most 1 % per hour"),
    "funding_rate.set_max_rate": (DELAYED, "comes into force after the delay"),
    "position_mgmt.create_config": (SET_UP, "the upgrade authority, once"),
    "position_mgmt.propose_change": (AT_ONCE, "announces a change by its hash and starts its delay"),
    "position_mgmt.propose_admin": (DELAYED, "names the next admin, who accepts after the delay"),
    "position_mgmt.accept_admin": (DELAYED, "the proposed admin, after the delay"),
    "position_mgmt.approve_relayer": (DELAYED, "announced, then after the delay"),
    "position_mgmt.create_market": (DELAYED, "announced, then after the delay"),
    "position_mgmt.set_market_limits": (DELAYED, "announced, then after the delay"),
    "position_mgmt.set_allowed_versions": (AT_ONCE, "narrower, or live before; a new version is announced"),
    "position_mgmt.set_min_batch_size": (AT_ONCE, "at most 18 trades, and a flush needs none"),
    "position_mgmt.set_market_status": (DELAYED, "announced, then after the delay"),
    "position_mgmt.start_settling": (DELAYED, "a delisting is announced; anyone may for the other reasons"),
    "position_mgmt.set_guardian": (DELAYED, "announced, then after the delay"),
    "position_mgmt.set_config_limits": (DELAYED, "announced, then after the delay"),
    "position_mgmt.raise_delay": (DELAYED, "announced, then after the present delay; never shorter"),
    "position_mgmt.set_canary": (
        AT_ONCE,
        "a new version in one market, for a few batches, by the same limits",
    ),
    "position_mgmt.set_pause_bits": (
        AT_ONCE,
        "the guardian only adds bits, the admin sets any; a pause of releases lapses after 72 hours",
    ),
    "position_mgmt.revoke_relayer": (AT_ONCE, "not of the active one"),
    "position_mgmt.set_active_relayer": (AT_ONCE, "only among those that are approved"),
    "position_mgmt.set_funding": (PROGRAM, "only the funding program's address of the market signs it"),
}
