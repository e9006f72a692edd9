"""The set-up that the examples share: a local chain with a vault, a feed, one market and two traders.

Alice and Bob have 10,000 USDT each behind a position in BTC-PERP at 50,000 USDT. One key is administrator,
relayer and payer here; on a real cluster these are different keys.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gdx_localnet import launch
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from gdx_sdk import Client, SealedBatch, SentTransaction, Side, Trade, pdas
from gdx_sdk import instructions as ix
from gdx_sdk.accounts import FundingState, GlobalConfig, PerpMarket
from gdx_sdk.batch import V1, seal_batch
from gdx_sdk.math import fee_atoms, notional_atoms
from gdx_sdk.testing.settings import FEED_LIMITS, MARKET_PARAMS, WITHDRAW_LIMIT, config_args
from gdx_sdk.units import price_e6_from, quote_atoms_from, size_e8_from

SYMBOL = "BTC-PERP"
MARKET, FEED = pdas.market(SYMBOL), pdas.price_feed(SYMBOL)


@dataclass
class Exchange:
    """The chain's client, the keys, and what examples do again and again."""

    client: Client
    url: str
    admin: Keypair
    alice: Keypair
    bob: Keypair
    mint: Pubkey
    publishers: list[Keypair] = field(default_factory=lambda: [Keypair() for _ in range(3)])
    trade_id: int = 0
    published_ts: int = 0

    async def set_price(self, price: str) -> None:
        """Publish a price; a publisher's time has to grow, and may be a few seconds ahead of the chain's."""
        price_e6 = price_e6_from(price)
        now_ts = self.published_ts = max(await self.client.get_time(), self.published_ts + 1)
        steps = [
            ix.publish_price(key.pubkey(), FEED, price_e6=price_e6, confidence_e6=0, publish_ts=now_ts)
            for key in self.publishers
        ]
        await self.client.send(steps, [self.admin, *self.publishers])

    async def wait(self, seconds: int) -> None:
        """Move the clock, which only the embedded chain can."""
        now_ts = await self.client.get_time() + seconds
        await self.client.rpc("gdx_setClock", [now_ts])

    async def trade(self, taker: Keypair, maker: Keypair, size: str, price: str, side: Side) -> Trade:
        """What a matcher would have made of two orders; nothing is sent."""
        self.trade_id += 1
        price_e6, size_e8 = price_e6_from(price), size_e8_from(size)
        notional = notional_atoms(price_e6, size_e8)
        return Trade(
            trade_id=self.trade_id,
            market=MARKET,
            taker=pdas.position(taker.pubkey(), MARKET),
            maker=pdas.position(maker.pubkey(), MARKET),
            taker_side=side,
            price_e6=price_e6,
            size_e8=size_e8,
            taker_fee_atoms=fee_atoms(notional, MARKET_PARAMS.taker_fee_ppm),
            maker_fee_atoms=fee_atoms(notional, MARKET_PARAMS.maker_fee_ppm),
            executed_at_ms=await self.client.get_time() * 1_000,
        )

    async def settle(self, *trades: Trade) -> tuple[SealedBatch, SentTransaction]:
        """Settle trades as the market's next batch."""
        market = await self.client.fetch(PerpMarket, MARKET)
        config = await self.client.fetch(GlobalConfig, pdas.config())
        sequence, previous_id = market.last_batch_sequence + 1, market.last_batch_id
        batch = seal_batch(V1, MARKET, sequence, previous_id, trades, flush=True)
        epoch, relayer = config.relayer_epoch, self.admin
        step = ix.settle_batch(relayer.pubkey(), batch, relayer_epoch=epoch, price_feed=FEED)
        return batch, await self.client.send([step], [relayer])

    async def build(self) -> None:
        """Create the vault, the configuration, the feed, the market and the traders' positions."""
        admin = self.admin.pubkey()
        roles = {"admin": admin, "guardian": admin, "fee_recipient": admin}
        vault = ix.create_vault(admin, self.mint, withdraw_limit=WITHDRAW_LIMIT, delay_s=0, **roles)
        publishers = [key.pubkey() for key in self.publishers]
        feed = ix.create_feed(
            admin,
            SYMBOL,
            authority=admin,
            publishers=publishers,
            min_publishers=3,
            limits=FEED_LIMITS,
            delay_s=0,
        )
        for step in (vault, ix.create_config(admin, config_args(admin)), feed):
            await self.client.send([step], [self.admin])
        market = ix.create_market(admin, SYMBOL, MARKET_PARAMS, base_asset="BTC", fee_recipient=admin)
        funding = ix.create_funding(admin, MARKET, max_rate_e9=1_000_000)
        for step in (market, funding):
            await self.client.send([step], [self.admin])
        for trader in (self.alice, self.bob):
            await self.join(trader, "10000")
        await self.set_price("50000")

    async def join(self, trader: Keypair, amount: str) -> None:
        """Deposit and put everything behind a position."""
        owner, atoms = trader.pubkey(), quote_atoms_from(amount)
        deposit = ix.deposit(owner, atoms, quote_mint=self.mint)
        await self.client.send([ix.open_account(owner), deposit], [trader])
        opened = ix.open_position(owner, MARKET, leverage=10)
        await self.client.send([opened, ix.add_collateral(owner, MARKET, atoms)], [trader])

    async def funding(self) -> FundingState:
        """The market's funding account."""
        return await self.client.fetch(FundingState, pdas.funding_state(MARKET))


@asynccontextmanager
async def open_exchange() -> AsyncIterator[Exchange]:
    """Start a local chain with the exchange on it; everything is gone afterwards."""
    with launch() as chain:
        keys = chain.keys
        async with Client(chain.url) as client:
            exchange = Exchange(
                client, chain.url, keys["authority"], keys["alice"], keys["bob"], chain.mints["usdt"]
            )
            await exchange.build()
            yield exchange
