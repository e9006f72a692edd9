"""Deposit in the single steps that `Client.send` takes at once: build, try, sign, send, wait."""

from __future__ import annotations

import asyncio

from exchange import open_exchange

from gdx_sdk import instructions as ix
from gdx_sdk import pdas
from gdx_sdk.accounts import Collateral
from gdx_sdk.client import limit_with_margin
from gdx_sdk.units import format_quote, quote_atoms_from


async def main() -> None:
    async with open_exchange() as exchange:
        client, alice = exchange.client, exchange.alice

        # Building is pure: no network, no key, and the same bytes every time.
        owner = alice.pubkey()
        deposit = ix.deposit(owner, quote_atoms_from("250.50"), quote_mint=exchange.mint)

        # A trial run needs no signature; it says what the transaction would cost, or why it is refused.
        trial = await client.simulate([deposit], payer=owner)
        assert trial.error is None, trial.error
        limit = limit_with_margin(trial.compute_units)

        # Signed bytes can be sent again and again: they are applied once or never.
        signed = await client.sign([deposit], [alice], compute_unit_limit=limit, priority_fee=1_000)
        for _ in range(2):
            await client.broadcast(signed)
        status = await client.confirm(signed)
        assert status.error is None

        account = await client.fetch(Collateral, pdas.collateral(owner))
        print(f"{format_quote(account.free_atoms)} USDT free")  # 250.5 USDT free


asyncio.run(main())
