"""For each account type an instruction that reads it, and what that may change in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from solders.pubkey import Pubkey

from gdx_sdk.programs import PROGRAM_IDS
from tests.programs.harness.chain import Chain
from tests.programs.harness.codec import Call, pda
from tests.programs.harness.tokens import TOKEN, put_token
from tests.programs.harness.vault_world import POSITION_AUTHORITY
from tests.programs.position_mgmt.exchange import SETTLING

from .fixtures import Fixture

Fixtures = Mapping[str, Fixture]
NEWCOMER = Pubkey.from_bytes(bytes([77]) * 32)


@dataclass(frozen=True)
class Reading:
    """A call, the fields it sets to known values, those it may change, whether it closes the account."""

    call: Call
    becomes: Mapping[str, Any] = field(default_factory=dict)
    changing: frozenset[str] = frozenset()
    is_closing: bool = False


def _read(chain: Chain, given: Fixtures, name: str) -> SimpleNamespace:
    return chain.read(given[name].address)


def _now(chain: Chain, ts: int) -> int:
    chain.set_clock(ts=ts, slot=1_000_000)
    return ts


def _lock(chain: Chain, given: Fixtures, kind: str, becomes: Callable[[SimpleNamespace], Any]) -> Reading:
    addresses = {
        "vault_state": given["VaultState"].address,
        "collateral": given["Collateral"].address,
        "pool": given["MarketPool"].address,
        "position_authority": POSITION_AUTHORITY,
    }
    call = Call("collateral_vault", "lock", dict(addresses), {"amount_atoms": 9})
    return Reading(call, becomes(_read(chain, given, kind)))


def vault_state(chain: Chain, given: Fixtures) -> Reading:
    return _lock(
        chain,
        given,
        "VaultState",
        lambda was: {"free_atoms": was.free_atoms - 9, "locked_atoms": was.locked_atoms + 9},
    )


def collateral(chain: Chain, given: Fixtures) -> Reading:
    return _lock(
        chain,
        given,
        "Collateral",
        lambda was: {
            "free_atoms": was.free_atoms - 9,
            "total_locked_atoms": was.total_locked_atoms + 9,
        },
    )


def market_pool(chain: Chain, given: Fixtures) -> Reading:
    return _lock(
        chain,
        given,
        "MarketPool",
        lambda was: {
            "locked_atoms": was.locked_atoms + 9,
            "total_locked_atoms": was.total_locked_atoms + 9,
        },
    )


def _approve(chain: Chain, given: Fixtures) -> tuple[Call, int]:
    vault, session = _read(chain, given, "EphemeralVault"), _read(chain, given, "Session")
    now = _now(chain, session.expiry_ts - 60)
    put_token(chain, Pubkey.new_unique(), session.user_wallet, 10**9, key=session.user_token)
    accounts = {
        "user_wallet": session.user_wallet,
        "vault": given["EphemeralVault"].address,
        "session": given["Session"].address,
        "user_token": session.user_token,
        "token_program": TOKEN,
    }
    args = {"remaining_atoms": 41, "expected_used_atoms": vault.used_amount}
    return Call("ephemeral_vault", "approve", dict(accounts), args), now


def ephemeral_vault(chain: Chain, given: Fixtures) -> Reading:
    was = _read(chain, given, "EphemeralVault")
    call, now = _approve(chain, given)
    return Reading(
        call,
        {
            "approved_amount": was.used_amount + 41,
            "available_amount": 41,
            "last_activity": now,
            "event_sequence": was.event_sequence + 1,
        },
    )


def session(chain: Chain, given: Fixtures) -> Reading:
    """The session is bound to its token account and not yet over: nothing of it changes."""
    return Reading(_approve(chain, given)[0])


def price_feed(chain: Chain, given: Fixtures) -> Reading:
    was = _read(chain, given, "PriceFeed")
    now = _now(chain, was.publish_ts + 5)
    accounts = {"feed": given["PriceFeed"].address, "authority": was.authority}
    call = Call("oracle", "propose_feed_authority", dict(accounts), {"new_authority": NEWCOMER})
    return Reading(
        call,
        {
            "pending_authority": NEWCOMER,
            "pending_authority_not_before_ts": now + was.delay_seconds,
            "event_sequence": was.event_sequence + 1,
        },
    )


def funding_state(chain: Chain, given: Fixtures) -> Reading:
    was, config = _read(chain, given, "FundingState"), _read(chain, given, "GlobalConfig")
    now = _now(chain, was.last_update_ts + 5)
    accounts = {
        "admin": config.admin,
        "config": given["GlobalConfig"].address,
        "funding": given["FundingState"].address,
    }
    call = Call("funding_rate", "set_max_rate", dict(accounts), {"max_rate_e9": was.max_rate_e9 + 3})
    return Reading(
        call,
        {
            "pending_max_rate_e9": was.max_rate_e9 + 3,
            "pending_max_rate_not_before_ts": now + config.delay_seconds,
            "event_sequence": was.event_sequence + 1,
        },
        changing=frozenset(["max_rate_e9"]),  # the one that waited has come into force
    )


def global_config(chain: Chain, given: Fixtures) -> Reading:
    was = _read(chain, given, "GlobalConfig")
    now = _now(chain, 1_800_000_000)
    accounts = {"config": given["GlobalConfig"].address, "admin": was.admin}
    call = Call("position_mgmt", "propose_admin", dict(accounts), {"new_admin": NEWCOMER})
    return Reading(
        call,
        {
            "pending_admin": NEWCOMER,
            "pending_admin_not_before_ts": now + was.delay_seconds,
            "event_sequence": was.event_sequence + 1,
        },
    )


def relayer_beat(chain: Chain, given: Fixtures) -> Reading:
    config = _read(chain, given, "GlobalConfig")
    now = _now(chain, 1_800_000_000)
    accounts = {
        "config": given["GlobalConfig"].address,
        "beat": given["RelayerBeat"].address,
        "active_relayer": config.active_relayer,
    }
    return Reading(Call("position_mgmt", "beat", dict(accounts)), {"slot": 1_000_000, "ts": now})


def perp_market(chain: Chain, given: Fixtures) -> Reading:
    was = _read(chain, given, "PerpMarket")
    now = _now(chain, was.last_funding_update + 5)
    market = given["PerpMarket"].address
    accounts = {"market": market, "funding_authority": pda("funding_rate", b"funding", market)}
    args = {"funding_index": was.funding_index + 5, "funding_rate_e9": 6}
    return Reading(
        Call("position_mgmt", "set_funding", dict(accounts), args),
        {
            "funding_index": was.funding_index + 5,
            "funding_rate": 6,
            "last_funding_update": now,
            "event_sequence": was.event_sequence + 1,
        },
    )


def user_position(chain: Chain, given: Fixtures) -> Reading:
    """A request is withdrawn; what follows from the price is computed again."""
    was = _read(chain, given, "UserPosition")
    now = _now(chain, was.last_update_timestamp + 5)
    accounts = {
        "owner": was.owner,
        "config": given["GlobalConfig"].address,
        "market": given["PerpMarket"].address,
        "position": given["UserPosition"].address,
        "price_feed": given["PriceFeed"].address,
    }
    return Reading(
        Call("position_mgmt", "request_release", dict(accounts), {"amount_atoms": 0}),
        {"requested_release_atoms": 0, "last_update_timestamp": now, "last_funding_update": now},
        changing=frozenset(["requested_release_slot", "unrealized_pnl"]),
    )


def settlement_batch(chain: Chain, given: Fixtures) -> Reading:
    was, config = _read(chain, given, "SettlementBatch"), _read(chain, given, "GlobalConfig")
    _now(chain, was.timestamp + config.batch_retention_seconds + 1)
    accounts = {
        "config": given["GlobalConfig"].address,
        "market": given["PerpMarket"].address,
        "batch": given["SettlementBatch"].address,
        "relayer": was.relayer,
    }
    return Reading(Call("position_mgmt", "prune_batch", dict(accounts)), is_closing=True)


def market_settlement(chain: Chain, given: Fixtures) -> Reading:
    """The position is closed at the settlement's price; its market is made the settlement's."""
    was, position = _read(chain, given, "MarketSettlement"), _read(chain, given, "UserPosition")
    market = _read(chain, given, "PerpMarket")
    long = max(position.size, 0)
    short = max(-position.size, 0)
    chain.put(was.market, chain.data(given["PerpMarket"].address), PROGRAM_IDS["position_mgmt"])
    sides = {"total_long_interest": long + 1, "total_short_interest": short + 1}
    chain.rewrite(was.market, status=SETTLING, long_loss_index=market.long_loss_index, **sides)
    chain.rewrite(given["UserPosition"].address, market=was.market, funding_index=market.funding_index)
    accounts = {
        "market": was.market,
        "settlement": given["MarketSettlement"].address,
        "position": given["UserPosition"].address,
    }
    worth = was.price_e6 * position.size // 10**8
    return Reading(
        Call("position_mgmt", "settle_position", dict(accounts)),
        {"imbalance_atoms": was.imbalance_atoms + worth, "settled_count": was.settled_count + 1},
    )


READERS: Mapping[str, Callable[[Chain, Fixtures], Reading]] = {
    "VaultState": vault_state,
    "Collateral": collateral,
    "MarketPool": market_pool,
    "EphemeralVault": ephemeral_vault,
    "Session": session,
    "PriceFeed": price_feed,
    "FundingState": funding_state,
    "GlobalConfig": global_config,
    "RelayerBeat": relayer_beat,
    "PerpMarket": perp_market,
    "UserPosition": user_position,
    "SettlementBatch": settlement_batch,
    "MarketSettlement": market_settlement,
}
