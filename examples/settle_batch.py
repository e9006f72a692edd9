"""Settle a batch by hand: trades, a sealed batch on the market's chain, one transaction."""

from __future__ import annotations

import asyncio

from exchange import FEED, MARKET, open_exchange

from gdx_sdk import Side, pdas
from gdx_sdk import instructions as ix
from gdx_sdk.accounts import GlobalConfig, PerpMarket, UserPosition
from gdx_sdk.batch import V2, seal_batch
from gdx_sdk.units import format_size


async def main() -> None:
    async with open_exchange() as exchange:
        client, alice, bob = exchange.client, exchange.alice, exchange.bob
        trades = [
            await exchange.trade(alice, bob, "0.3", "50000", Side.BUY),
            await exchange.trade(bob, alice, "0.1", "50010", Side.BUY),
        ]

        # A batch names its predecessor: sequence and id come from the market, which has seen the last one.
        market = await client.fetch(PerpMarket, MARKET)
        config = await client.fetch(GlobalConfig, pdas.config())
        batch = seal_batch(
            V2, MARKET, market.last_batch_sequence + 1, market.last_batch_id, trades, flush=True
        )
        print(f"sequence {batch.sequence}, {len(trades)} trades, {len(batch.positions)} positions")
        # sequence 1, 2 trades, 2 positions

        relayer = exchange.admin
        step = ix.settle_batch(relayer.pubkey(), batch, relayer_epoch=config.relayer_epoch, price_feed=FEED)
        await client.send([step], [relayer])

        # Settling the same batch again changes nothing, so a relayer that is in doubt just sends it again.
        await client.send([step], [relayer])
        market = await client.fetch(PerpMarket, MARKET)
        assert (market.last_batch_sequence, market.last_batch_id) == (1, batch.batch_id)
        for trader in (alice, bob):
            position = await client.fetch(UserPosition, pdas.position(trader.pubkey(), MARKET))
            print(format_size(position.size))
        # 0.2
        # -0.2


asyncio.run(main())
