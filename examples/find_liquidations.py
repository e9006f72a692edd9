"""Scan a market's positions for those that may be liquidated, and take one over."""

from __future__ import annotations

import asyncio

from exchange import FEED, MARKET, open_exchange
from solders.pubkey import Pubkey

from gdx_sdk import Side, pdas
from gdx_sdk import instructions as ix
from gdx_sdk.accounts import (
    POSITION_FIELDS,
    PerpMarket,
    PriceFeed,
    UserPosition,
    market_state,
    position_columns,
    position_state,
)
from gdx_sdk.math import is_liquidatable, liquidatable_rows
from gdx_sdk.units import format_size


async def main() -> None:
    async with open_exchange() as exchange:
        client, alice, bob = exchange.client, exchange.alice, exchange.bob
        await exchange.settle(await exchange.trade(alice, bob, "1.5", "50000", Side.BUY))

        async def liquidatable() -> list[tuple[Pubkey, UserPosition]]:
            """Decide exactly as the program does, from one scan and two accounts."""
            market, feed = await client.fetch(PerpMarket, MARKET), await client.fetch(PriceFeed, FEED)
            ratio = market.maintenance_margin_ratio
            return [
                (address, position)
                for address, position in await client.scan(
                    UserPosition, [UserPosition.memcmp("market", MARKET)]
                )
                if is_liquidatable(position_state(position), market_state(market), feed.price_e6, ratio)
            ]

        async def liquidatable_at_once() -> list[Pubkey]:
            """The same of thousands of positions: only five fields travel, as numpy columns."""
            market, feed = await client.fetch(PerpMarket, MARKET), await client.fetch(PriceFeed, FEED)
            by_market = UserPosition.memcmp("market", MARKET)
            scanned = await client.scan(UserPosition, [by_market], fields=POSITION_FIELDS)
            money, ratio = position_columns(scanned.table), market.maintenance_margin_ratio
            rows = liquidatable_rows(money, market_state(market), feed.price_e6, ratio)
            return [scanned.address(row) for row in rows]

        for price in ("46000", "44000"):
            await exchange.set_price(price)
            found = await liquidatable()
            assert await liquidatable_at_once() == [address for address, _ in found]
            print(f"at {price}: {len(found)}")
        # at 46000: 0
        # at 44000: 1

        address, position = found[0]
        assert address == pdas.position(alice.pubkey(), MARKET)
        step = ix.liquidate(bob.pubkey(), address, MARKET, size_e8=position.size, price_feed=FEED)
        await client.send([step], [bob])
        left = await client.fetch(UserPosition, address)
        print(f"of {format_size(position.size)} is left {format_size(left.size)}")
        # of 1.5 is left 0.16768292


asyncio.run(main())
