"""Read a position: what it holds, what it is worth now, and where it would be liquidated."""

from __future__ import annotations

import asyncio

from exchange import FEED, MARKET, open_exchange

from gdx_sdk import Side, pdas
from gdx_sdk.accounts import PerpMarket, PriceFeed, UserPosition, market_state, position_state
from gdx_sdk.math import equity_atoms, liquidation_price_e6
from gdx_sdk.units import format_price, format_quote, format_size


async def main() -> None:
    async with open_exchange() as exchange:
        await exchange.settle(await exchange.trade(exchange.alice, exchange.bob, "1", "50000", Side.BUY))
        await exchange.set_price("51000")

        client, address = exchange.client, pdas.position(exchange.alice.pubkey(), MARKET)
        position = await client.fetch(UserPosition, address)
        market = await client.fetch(PerpMarket, MARKET)
        feed = await client.fetch(PriceFeed, FEED)

        equity = equity_atoms(position_state(position), market_state(market), feed.price_e6)
        price = liquidation_price_e6(position_state(position), market.maintenance_margin_ratio)
        print(f"size       {format_size(position.size)}")  # size       1
        print(f"entry      {format_price(position.entry_price)}")  # entry      50000
        print(f"collateral {format_quote(position.collateral)}")  # collateral 9975
        print(f"equity     {format_quote(equity)}")  # equity     10975
        print(f"liquidated at {format_price(price)}")  # liquidated at 41051.282052


asyncio.run(main())
