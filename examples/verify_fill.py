"""Verify a fill: the relayer shows a trade and its proof, the chain has the root, nobody is trusted."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from exchange import open_exchange

from gdx_sdk import ProofError, Side, pdas, verify_batch, verify_fill
from gdx_sdk.accounts import SettlementBatch
from gdx_sdk.batch import merkle_proof


async def main() -> None:
    async with open_exchange() as exchange:
        alice, bob = exchange.alice, exchange.bob
        trades = [await exchange.trade(alice, bob, "0.1", "50000", Side.BUY) for _ in range(5)]
        batch, _ = await exchange.settle(*trades)

        # What the relayer publishes of one trade: the trade itself, and the hashes beside its path.
        mine = trades[3]
        proof = merkle_proof([trade.leaf() for trade in trades], 3)

        # What the user reads: the record of the batch, written by the program.
        address = pdas.settlement_batch(batch.batch_id)
        record = await exchange.client.fetch(SettlementBatch, address)
        verify_fill(mine, proof, record.merkle_root, trade_count=record.trade_count)
        print(f"trade {mine.trade_id} is under the root of batch {record.sequence}")
        # trade 4 is under the root of batch 1

        # One atom of fee more, and it is another trade.
        altered = replace(mine, taker_fee_atoms=mine.taker_fee_atoms + 1)
        try:
            verify_fill(altered, proof, record.merkle_root, trade_count=record.trade_count)
        except ProofError as error:
            print(str(error).split(" under ")[0])  # trade 4 is not at place 3

        # With all trades of a batch everything it did can be recomputed.
        verify_batch(trades, batch)


asyncio.run(main())
