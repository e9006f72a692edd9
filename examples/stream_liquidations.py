"""Follow prices and positions as they change, and liquidate the moment the program would allow it."""

from __future__ import annotations

import asyncio
from typing import Any

from exchange import FEED, MARKET, open_exchange
from solders.pubkey import Pubkey

from gdx_sdk import Side, Streams
from gdx_sdk import instructions as ix
from gdx_sdk.accounts import PerpMarket, PriceFeed, UserPosition, market_state, position_state
from gdx_sdk.math import is_liquidatable
from gdx_sdk.streams import AccountUpdate, Gap, Stream
from gdx_sdk.units import format_price, format_size


async def follow(stream: Stream[Any], changes: asyncio.Queue[AccountUpdate[Any]]) -> None:
    """Hand on what changes. A gap mends itself; a bot that must not act on old data would pause here."""
    async for item in stream:
        if isinstance(item, Gap):
            print(f"may have missed something since slot {item.from_slot}: {item.reason}")
        elif isinstance(item, AccountUpdate):
            await changes.put(item)


async def find_target(changes: asyncio.Queue[AccountUpdate[Any]]) -> tuple[Pubkey, UserPosition, PriceFeed]:
    """Wait for the first position that the program would let anybody liquidate."""
    seen: dict[Pubkey, Any] = {}
    while True:
        change = await changes.get()
        seen[change.address] = change.account
        market, feed = seen.get(MARKET), seen.get(FEED)
        for address, position in seen.items():
            if isinstance(position, UserPosition) and market is not None and feed is not None:
                state, ratio = position_state(position), market.maintenance_margin_ratio
                if is_liquidatable(state, market_state(market), feed.price_e6, ratio):
                    return address, position, feed


async def main() -> None:
    changes: asyncio.Queue[AccountUpdate[Any]] = asyncio.Queue()
    in_market = [UserPosition.memcmp("market", MARKET)]
    async with open_exchange() as exchange, Streams(exchange.client) as streams:
        client, alice, bob = exchange.client, exchange.alice, exchange.bob
        async with (
            streams.stream_program(UserPosition, in_market) as positions,
            streams.stream_account(PerpMarket, MARKET) as market,
            streams.stream_account(PriceFeed, FEED) as feed,
            asyncio.TaskGroup() as group,
        ):
            tasks = [group.create_task(follow(stream, changes)) for stream in (positions, market, feed)]
            target = group.create_task(find_target(changes))
            await exchange.settle(await exchange.trade(alice, bob, "1.5", "50000", Side.BUY))
            for price in ("46000", "44000"):
                await exchange.set_price(price)
            address, position, price_feed = await target
            print(f"{format_size(position.size)} may be liquidated at {format_price(price_feed.price_e6)}")
            # 1.5 may be liquidated at 44000
            step = ix.liquidate(bob.pubkey(), address, MARKET, size_e8=position.size, price_feed=FEED)
            await client.send([step], [bob])
            for task in tasks:
                task.cancel()


asyncio.run(main())
