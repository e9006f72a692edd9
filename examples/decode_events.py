"""Decode the events of a transaction: each tells the state after, and numbers that show a gap."""

from __future__ import annotations

import asyncio

from exchange import open_exchange

from gdx_sdk import Side
from gdx_sdk import instructions as ix
from gdx_sdk.events import events_in_transaction, position_mgmt
from gdx_sdk.units import format_quote, format_size, quote_atoms_from


async def main() -> None:
    async with open_exchange() as exchange:
        client, alice, bob = exchange.client, exchange.alice, exchange.bob
        deposit = ix.deposit(alice.pubkey(), quote_atoms_from("75"), quote_mint=exchange.mint)
        sent = await client.send([deposit], [alice])

        transaction = await client.get_transaction(sent.signature)
        assert transaction is not None
        (seen,) = events_in_transaction(transaction)
        print(f"{seen.program}: {type(seen.event).__name__}")  # collateral_vault: Deposited

        # A batch is one event; its header counts the market's events, so that a gap shows.
        trade = await exchange.trade(alice, bob, "0.5", "50000", Side.BUY)
        _, sent = await exchange.settle(trade)
        transaction = await client.get_transaction(sent.signature)
        assert transaction is not None
        (seen,) = events_in_transaction(transaction)
        assert isinstance(seen.event, position_mgmt.BatchSettled)
        settled = seen.event
        print(f"batch {settled.batch_sequence} of {settled.trade_count} trade")  # batch 1 of 1 trade
        print(f"open interest {format_size(settled.open_interest_e8)}")  # open interest 0.5
        print(f"fees {format_quote(settled.accrued_fees_atoms)} USDT")  # fees 10 USDT


asyncio.run(main())
