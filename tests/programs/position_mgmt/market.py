"""One market: its people, trades and batches, and a call for each of its instructions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from gdx_sdk.batch import SealedBatch, Side, Trade, seal_batch, seal_heartbeat
from gdx_sdk.math import fee_atoms, notional_atoms
from tests.programs.harness.chain import Receipt
from tests.programs.harness.codec import Call, pda
from tests.programs.harness.oracle_world import FeedWorld
from tests.programs.harness.tokens import USDT
from tests.programs.harness.vault_world import POSITION_AUTHORITY, User, pool_of

from .exchange import CONFIG, PARAMS, PROGRAM, Exchange, market_of

ONE = 10**8
"""One base unit in 1e-8."""
V1, V2 = 1, 2


@dataclass(frozen=True)
class Trader:
    """A user with a position in one market."""

    owner: Pubkey
    collateral: Pubkey
    position: Pubkey
    user: User


@dataclass(frozen=True)
class Linked:
    """One position of a session wallet, as its two wallets see it: each with its own collateral."""

    session: Trader
    parent: Trader


def batch_address(batch_id: bytes) -> Pubkey:
    return pda(PROGRAM, b"batch", batch_id)


class Market:
    """A market with its feed and pool."""

    def __init__(self, exchange: Exchange, symbol: str, publishing: FeedWorld) -> None:
        self.exchange, self.chain = exchange, exchange.chain
        self.symbol, self.publishing, self.feed = symbol, publishing, publishing.address
        self.key = market_of(symbol)
        self.pool = pool_of(self.key)
        self.trade_id = 0

    def read(self) -> SimpleNamespace:
        return self.chain.read(self.key)

    def locked_atoms(self) -> int:
        return int(self.chain.read(self.pool).locked_atoms)

    def set_price(self, price_e6: int) -> None:
        """Publish a price a second from now."""
        self.chain.advance(1)
        self.publishing.publish(price_e6, confidence_e6=0)

    def jump_to(self, price_e6: int) -> None:
        """Another price, and alone in its minute, so that batches of now are measured against it only."""
        self.set_price(price_e6)
        self.chain.advance(60)
        self.set_price(price_e6)

    def trader(
        self, collateral_atoms: int = 10_000 * USDT, *, leverage: int = 10, free_atoms: int = 0
    ) -> Trader:
        """A user with an open position, `collateral_atoms` under it and `free_atoms` in the vault."""
        user = self.exchange.vault.user(deposited_atoms=collateral_atoms + free_atoms)
        trader = self.as_trader(user)
        self.chain.send(self.open_position(user.owner, leverage=leverage))
        if collateral_atoms:
            self.chain.send(self.add_collateral(trader, collateral_atoms))
        return trader

    def linked(self, collateral_atoms: int = 10_000 * USDT, *, free_atoms: int = 1_000 * USDT) -> Linked:
        """A session wallet's position with `collateral_atoms`; both wallets have `free_atoms` besides."""
        wallet = self.exchange.vault.user(deposited_atoms=free_atoms)
        parent_wallet = self.exchange.vault.user(deposited_atoms=collateral_atoms + free_atoms)
        session = self.as_trader(wallet)
        parent = Trader(parent_wallet.owner, parent_wallet.collateral, session.position, parent_wallet)
        self.chain.send(self.open_session_position(session.owner, parent.owner))
        if collateral_atoms:
            self.chain.send(self.add_collateral(parent, collateral_atoms))
        return Linked(session, parent)

    def traders(self, count: int, collateral_atoms: int = 10_000 * USDT, **kwargs: Any) -> list[Trader]:
        """Several, in ascending order of their positions' keys."""
        made = [self.trader(collateral_atoms, **kwargs) for _ in range(count)]
        return sorted(made, key=lambda trader: bytes(trader.position))

    def as_trader(self, user: User) -> Trader:
        position = pda(PROGRAM, b"position", user.owner, self.key)
        return Trader(user.owner, user.collateral, position, user)

    def position(self, trader: Trader) -> SimpleNamespace:
        return self.chain.read(trader.position)

    def trade(
        self,
        taker: Trader,
        maker: Trader,
        size_e8: int = ONE,
        *,
        price_e6: int | None = None,
        side: Side = Side.BUY,
        at_ms: int | None = None,
    ) -> Trade:
        """A trade at the market's fees; the taker buys unless told otherwise, at the oracle's price."""
        market = self.read()
        price = self.chain.read(self.feed).price_e6 if price_e6 is None else price_e6
        notional = notional_atoms(price, size_e8)
        self.trade_id += 1
        return Trade(
            self.trade_id,
            self.key,
            taker.position,
            maker.position,
            side,
            price,
            size_e8,
            fee_atoms(notional, market.taker_fee),
            fee_atoms(notional, market.maker_fee),
            self.chain.now_ts * 1_000 if at_ms is None else at_ms,
        )

    def seal(self, version: int, *trades: Trade, flush: bool = True) -> SealedBatch:
        """The next batch of the market's chain."""
        market = self.read()
        sequence = market.last_batch_sequence + 1
        return seal_batch(version, self.key, sequence, market.last_batch_id, trades, flush=flush)

    def heartbeat(self, version: int = V1) -> SealedBatch:
        """The next batch, without trades."""
        market = self.read()
        sequence, at_ms = market.last_batch_sequence + 1, self.chain.now_ts * 1_000
        return seal_heartbeat(version, self.key, sequence, market.last_batch_id, at_ms=at_ms)

    def settle(self, batch: SealedBatch) -> Call:
        epoch = self.exchange.read().relayer_epoch
        return self.settle_bytes(batch.encode(epoch), batch.positions, batch.batch_id)

    def settle_bytes(self, data: bytes, positions: Sequence[Pubkey], batch_id: bytes) -> Call:
        """A settle_batch of any bytes."""
        accounts = {
            "relayer": self.exchange.relayer,
            "market": self.key,
            "price_feed": self.feed,
            "batch": batch_address(batch_id),
        }
        metas = tuple(AccountMeta(key, False, True) for key in positions)
        return Call(PROGRAM, "settle_batch", accounts, {"data": data}, metas)

    def settled(self, version: int, *trades: Trade) -> tuple[SealedBatch, Receipt]:
        """Settle trades as the next batch."""
        batch = self.seal(version, *trades)
        return batch, self.chain.send(self.settle(batch))

    def open_position(self, owner: Pubkey, *, leverage: int = 10, payer: Pubkey | None = None) -> Call:
        accounts = {
            "payer": payer or owner,
            "owner": owner,
            "config": CONFIG,
            "market": self.key,
            "position": pda(PROGRAM, b"position", owner, self.key),
        }
        return Call(PROGRAM, "open_position", accounts, {"leverage": leverage})

    def open_session_position(self, owner: Pubkey, parent_wallet: Pubkey, *, leverage: int = 10) -> Call:
        accounts = {
            "parent_wallet": parent_wallet,
            "owner": owner,
            "config": CONFIG,
            "market": self.key,
            "position": pda(PROGRAM, b"position", owner, self.key),
        }
        return Call(PROGRAM, "open_session_position", accounts, {"leverage": leverage})

    def close_position(self, trader: Trader) -> Call:
        accounts = {"owner": trader.owner, "market": self.key, "position": trader.position}
        return Call(PROGRAM, "close_position", accounts)

    def add_collateral(self, trader: Trader, amount_atoms: int) -> Call:
        accounts = self._vault(owner=trader.owner, position=trader.position, collateral=trader.collateral)
        return Call(PROGRAM, "add_collateral", accounts, {"amount_atoms": amount_atoms})

    def request_release(self, trader: Trader, amount_atoms: int) -> Call:
        accounts = {
            "owner": trader.owner,
            "config": CONFIG,
            "market": self.key,
            "position": trader.position,
            "price_feed": self.feed,
        }
        return Call(PROGRAM, "request_release", accounts, {"amount_atoms": amount_atoms})

    def execute_release(self, trader: Trader) -> Call:
        accounts = self._vault(position=trader.position, collateral=trader.collateral, price_feed=self.feed)
        return Call(PROGRAM, "execute_release", accounts)

    def prune_batch(self, batch_id: bytes, relayer: Pubkey | None = None) -> Call:
        accounts = {
            "config": CONFIG,
            "market": self.key,
            "batch": batch_address(batch_id),
            "relayer": relayer or self.exchange.relayer,
        }
        return Call(PROGRAM, "prune_batch", accounts)

    def liquidate(self, liquidator: Trader, liquidatee: Trader, size_e8: int = 2**64 - 1) -> Call:
        accounts: dict[str, Pubkey | None] = {
            "liquidator": liquidator.owner,
            "market": self.key,
            "price_feed": self.feed,
            "fallback_feed": None,
            "position": liquidatee.position,
            "liquidator_position": liquidator.position,
        }
        return Call(PROGRAM, "liquidate", accounts, {"size_e8": size_e8})

    def resolve_bankruptcy(self, *, is_short_bankrupt: bool) -> Call:
        accounts = self._vault()
        del accounts["config"]
        return Call(PROGRAM, "resolve_bankruptcy", accounts, {"is_short_bankrupt": is_short_bankrupt})

    def sweep_fees(self) -> Call:
        accounts = self._vault()
        del accounts["config"]
        return Call(PROGRAM, "sweep_fees", accounts)

    def set_funding(self, funding_index: int, funding_rate_e9: int = 0) -> Call:
        authority = pda("funding_rate", b"funding", self.key)
        args = {"funding_index": funding_index, "funding_rate_e9": funding_rate_e9}
        return Call(PROGRAM, "set_funding", {"market": self.key, "funding_authority": authority}, args)

    def set_market_limits(self, **params: int) -> Call:
        assert set(params) <= set(PARAMS), params
        accounts = {"config": CONFIG, "admin": self.exchange.admin, "market": self.key}
        return Call(PROGRAM, "set_market_limits", accounts, {"params": dict(PARAMS) | params})

    def set_market_status(self, status: int) -> Call:
        accounts = {"config": CONFIG, "admin": self.exchange.admin, "market": self.key}
        return Call(PROGRAM, "set_market_status", accounts, {"status": status})

    def check_books(self) -> None:
        """What the pool holds is what the books say; both sides are equal; the vault's ledger adds up."""
        market = self.read()
        value = market.collateral_sum_atoms - market.cost_sum_atoms + market.accrued_fees_atoms
        value += market.insurance_fund + market.funding_pool_atoms - market.outstanding_loss_atoms
        value -= market.long_shortfall_atoms + market.short_shortfall_atoms
        assert value == self.locked_atoms()
        assert market.total_long_interest == market.total_short_interest == market.total_open_interest
        self.exchange.vault.check_ledger()

    def _vault(self, **accounts: Pubkey) -> dict[str, Pubkey | None]:
        return {
            "config": CONFIG,
            "market": self.key,
            "pool": self.pool,
            "vault_state": self.exchange.vault.state,
            "authority": POSITION_AUTHORITY,
            **accounts,
        }
