"""The position program with a vault and feeds: roles, and a call for each instruction on them."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from solders.pubkey import Pubkey

from tests.programs.harness.chain import Chain, program_data
from tests.programs.harness.codec import Call, pda
from tests.programs.harness.oracle_world import FeedWorld
from tests.programs.harness.tokens import USDT
from tests.programs.harness.vault_world import POSITION_AUTHORITY, VaultWorld, pool_of

if TYPE_CHECKING:
    from .market import Market

PROGRAM = "position_mgmt"
CONFIG, BEAT = pda(PROGRAM, b"config"), pda(PROGRAM, b"beat")
PAUSES = ("open", "add_risk", "settle", "liquidate", "add_collateral", "release")
PAUSE = {name: 1 << bit for bit, name in enumerate(PAUSES)}
PAUSE_ALL = (1 << len(PAUSES)) - 1
ACTIVE, REDUCE_ONLY, HALTED, SETTLING = range(4)
SIZE_MAX = 2**63 - 1

CONFIG_ARGS: Mapping[str, Any] = {
    "allowed_batch_versions": 3,
    "min_batch_size": 2,
    "delay_seconds": 0,
    "takeover_slots": 150,
    "release_delay_slots": 10,
    "batch_retention_seconds": 3_600,
    "slippage_floor_atoms": 50 * USDT,
    "slippage_share_bps": 100,
    "insurance_share_bps": 2_500,
}
_LIMITS = ("slippage_floor_atoms", "slippage_share_bps", "insurance_share_bps", "takeover_slots")
_LIMITS += ("release_delay_slots", "batch_retention_seconds")
CONFIG_LIMITS: Mapping[str, int] = {name: CONFIG_ARGS[name] for name in _LIMITS}
PARAMS: Mapping[str, int] = {
    "max_leverage": 20,
    "initial_margin_ratio_bps": 500,
    "maintenance_margin_ratio_bps": 250,
    "maker_fee_ppm": -100,
    "taker_fee_ppm": 500,
    "liquidation_fee_ppm": 10_000,
    "price_band_bps": 200,
    "min_position_size_e8": 100_000,
    "max_position_size_e8": 1_000 * 10**8,
    "max_open_interest_e8": 10_000 * 10**8,
    "max_slippage_per_hour_atoms": 10_000 * USDT,
}
FEED_LIMITS = {
    "max_confidence_bps": 100,
    "max_deviation_bps": 10_000,
    "stale_seconds": 60,
    "too_old_seconds": 600,
}


def symbol_hash(symbol: str) -> bytes:
    return sha256(symbol.encode()).digest()


def market_of(symbol: str) -> Pubkey:
    return pda(PROGRAM, b"market", symbol_hash(symbol))


class Exchange:
    """Configuration, vault and people with roles; `create` makes the configuration itself."""

    def __init__(self, chain: Chain, vault: VaultWorld) -> None:
        self.chain, self.vault = chain, vault
        self.admin, self.guardian, self.relayer, self.payer = (chain.person() for _ in range(4))

    def create(self, **changes: Any) -> Exchange:
        self.chain.send(self.create_config(**changes))
        return self

    def read(self) -> SimpleNamespace:
        return self.chain.read(CONFIG)

    def read_beat(self) -> SimpleNamespace:
        return self.chain.read(BEAT)

    def create_config(self, **changes: Any) -> Call:
        roles = {"admin": self.admin, "guardian": self.guardian, "relayer": self.relayer}
        args = roles | dict(CONFIG_ARGS)
        assert set(changes) <= set(args), changes
        accounts = {
            "upgrade_authority": self.chain.upgrade_authority,
            "config": CONFIG,
            "beat": BEAT,
            "program_data": program_data(PROGRAM),
        }
        return Call(PROGRAM, "create_config", accounts, {"args": args | changes})

    def propose_change(self, change_hash: bytes) -> Call:
        return self._admin("propose_change", change_hash=change_hash)

    def propose_admin(self, new_admin: Pubkey) -> Call:
        return self._admin("propose_admin", new_admin=new_admin)

    def accept_admin(self, new_admin: Pubkey) -> Call:
        return Call(PROGRAM, "accept_admin", {"config": CONFIG, "new_admin": new_admin})

    def set_min_batch_size(self, min_batch_size: int) -> Call:
        return self._admin("set_min_batch_size", min_batch_size=min_batch_size)

    def approve_relayer(self, relayer: Pubkey) -> Call:
        return self._admin("approve_relayer", relayer=relayer)

    def set_allowed_versions(self, versions: int, signer: Pubkey | None = None) -> Call:
        return self._guard("set_allowed_versions", signer, versions=versions)

    def set_pause_bits(self, pause_bits: int, signer: Pubkey | None = None) -> Call:
        return self._guard("set_pause_bits", signer, pause_bits=pause_bits)

    def revoke_relayer(self, relayer: Pubkey, signer: Pubkey | None = None) -> Call:
        return self._guard("revoke_relayer", signer, relayer=relayer)

    def set_active_relayer(self, relayer: Pubkey, signer: Pubkey | None = None) -> Call:
        return self._guard("set_active_relayer", signer, relayer=relayer)

    def set_canary(self, market: Pubkey, version: int, batches: int, signer: Pubkey | None = None) -> Call:
        call = self._guard("set_canary", signer, version=version, batches=batches)
        return call.but(market=market)

    def set_guardian(self, guardian: Pubkey) -> Call:
        return self._admin("set_guardian", guardian=guardian)

    def set_config_limits(self, **limits: int) -> Call:
        assert set(limits) <= set(CONFIG_LIMITS), limits
        return self._admin("set_config_limits", limits=dict(CONFIG_LIMITS) | limits)

    def raise_delay(self, delay_seconds: int) -> Call:
        return self._admin("raise_delay", delay_seconds=delay_seconds)

    def migrate_config(self, payer: Pubkey | None = None) -> Call:
        return Call(PROGRAM, "migrate_config", {"payer": payer or self.payer, "config": CONFIG})

    def wait_for(self, call: Call, market: Pubkey | None = None) -> Call:
        """Propose a change and let the delay pass: the call is due."""
        self.chain.send(self.propose_change(self.change_hash(call, market)))
        self.chain.advance(self.read().delay_seconds)
        return call

    def beat(self, relayer: Pubkey | None = None) -> Call:
        accounts = {"config": CONFIG, "beat": BEAT, "active_relayer": relayer or self.relayer}
        return Call(PROGRAM, "beat", accounts)

    def take_over(self, relayer: Pubkey) -> Call:
        return Call(PROGRAM, "take_over", {"config": CONFIG, "beat": BEAT, "relayer": relayer})

    def create_market(
        self, name: str, feed: Pubkey, *, params: Mapping[str, int] = PARAMS, **changes: Any
    ) -> Call:
        """`changes` replace arguments that follow from the market's name."""
        args = {
            "symbol_hash": symbol_hash(name),
            "symbol": name.encode().ljust(32, b"\0"),
            "base_asset": b"BTC".ljust(16, b"\0"),
            "quote_asset": b"USDT".ljust(16, b"\0"),
            "fee_recipient": self.admin,
            "params": params,
        }
        assert set(changes) <= set(args), changes
        args |= changes
        market = pda(PROGRAM, b"market", args["symbol_hash"])
        accounts = {
            "payer": self.payer,
            "config": CONFIG,
            "admin": self.admin,
            "market": market,
            "price_feed": feed,
            "vault_state": self.vault.state,
            "pool": pool_of(market),
            "authority": POSITION_AUTHORITY,
        }
        return Call(PROGRAM, "create_market", accounts, {"args": args})

    def change_hash(self, call: Call, market: Pubkey | None = None) -> bytes:
        """What `propose_change` is told of a delayed change; a new market's feed belongs to it."""
        about = market or call.accounts.get("price_feed") if call.name == "create_market" else market
        return sha256(bytes(call.instruction.data) + (bytes(about) if about else b"")).digest()

    def feed(self, symbol: str, price_e6: int) -> FeedWorld:
        """A new feed of three publishers with a price."""
        feed = FeedWorld(self.chain, symbol).create(limits=FEED_LIMITS)
        self.chain.advance(1)
        feed.publish(price_e6, confidence_e6=0)
        return feed

    def market(self, symbol: str = "BTC-PERP", price_e6: int = 50_000 * 10**6, **params: int) -> Market:
        """A new market with a feed of its own."""
        from .market import Market

        assert set(params) <= set(PARAMS), params
        feed = self.feed(symbol, price_e6)
        self.chain.send(self.create_market(symbol, feed.address, params=dict(PARAMS) | params))
        return Market(self, symbol, feed)

    def _admin(self, name: str, **args: Any) -> Call:
        return Call(PROGRAM, name, {"config": CONFIG, "admin": self.admin}, args)

    def _guard(self, name: str, signer: Pubkey | None, **args: Any) -> Call:
        return Call(PROGRAM, name, {"config": CONFIG, "signer": signer or self.admin}, args)
