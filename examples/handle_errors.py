"""Handle refusals: by class, by number, with the sentence the program said and what helps."""

from __future__ import annotations

import asyncio

from exchange import MARKET, open_exchange
from solders.keypair import Keypair

from gdx_sdk import AccountNotFound, InexactQuantity, ProgramError, explain, pdas
from gdx_sdk import instructions as ix
from gdx_sdk.accounts import UserPosition
from gdx_sdk.errors.programs import collateral_vault
from gdx_sdk.units import quote_atoms_from


async def main() -> None:
    # Before anything is sent: a value that breaks a rule says field, value and rule.
    try:
        quote_atoms_from("1.0000001")
    except InexactQuantity as error:
        print(error.field)  # amount

    async with open_exchange() as exchange:
        client, alice = exchange.client, exchange.alice
        withdraw = ix.withdraw(alice.pubkey(), quote_atoms_from("5"), quote_mint=exchange.mint)

        # One class per error of a program; nothing was signed, because the trial run is refused.
        try:
            await client.send([withdraw], [alice])
        except collateral_vault.InsufficientFreeCollateral as error:
            print(error.code, error.sentence)
            # 6001 the amount is greater than the free collateral

        # Or any refusal, with what usually helps.
        try:
            await client.send([withdraw], [alice])
        except ProgramError as error:
            entry = explain(error.code)
            print(entry.fix, "- retry" if entry.is_retryable else "- do not retry")
            # release collateral from positions first, or take a smaller amount - do not retry

        try:
            await client.fetch(UserPosition, pdas.position(Keypair().pubkey(), MARKET))
        except AccountNotFound:
            print("no such position")  # no such position


asyncio.run(main())
