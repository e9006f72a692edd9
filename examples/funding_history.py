"""Funding: sample the premium, let an hour pass, pay it, and read the rates of the last day."""

from __future__ import annotations

import asyncio

from exchange import FEED, MARKET, open_exchange

from gdx_sdk import Side, pdas
from gdx_sdk import instructions as ix
from gdx_sdk.accounts import PerpMarket, UserPosition, market_state, position_state
from gdx_sdk.math import unpaid_funding_atoms
from gdx_sdk.units import format_quote

HOUR = 3_600


async def main() -> None:
    async with open_exchange() as exchange:
        client, admin = exchange.client, exchange.admin
        await exchange.wait(10)  # the least time between two samples
        for size in ("1", "0.1", "0.1"):
            trade = await exchange.trade(exchange.alice, exchange.bob, size, "50000", Side.BUY)
            await exchange.settle(trade)
            await client.send([ix.sample_premium(MARKET, price_feed=FEED)], [admin])
            now_ts = await client.get_time()
            await exchange.wait(HOUR - now_ts % HOUR)
            await exchange.set_price("50000")
            await client.send([ix.update_funding(MARKET, price_feed=FEED)], [admin])

        state = await exchange.funding()
        hours = range(state.next_hour - 3, state.next_hour)
        rates = [state.rates_e9[hour % len(state.rates_e9)] for hour in hours]
        print(f"the last hours: {rates} in 1e-9 per hour")
        # the last hours: [12500, 12500, 12500] in 1e-9 per hour

        # The index is what is owed so far; a position pays the difference when it is touched.
        market = await client.fetch(PerpMarket, MARKET)
        address = pdas.position(exchange.alice.pubkey(), MARKET)
        position = await client.fetch(UserPosition, address)
        owed = unpaid_funding_atoms(position_state(position), market_state(market))
        print(f"Alice owes {format_quote(owed)} USDT")  # Alice owes 0.75 USDT


asyncio.run(main())
