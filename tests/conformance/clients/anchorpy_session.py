"""A session of anchorpy, in an environment of its own: its setup comes on standard input."""

from __future__ import annotations

import re
from typing import Any

from anchorpy import Context, Provider, Wallet
from anchorpy.error import ProgramError
from python_session import PythonSession, keep, main, see, see_notifications
from solana.rpc.commitment import Confirmed
from solana.rpc.types import TxOpts
from solana.rpc.websocket_api import connect
from solders.pubkey import Pubkey
from solders.rpc.config import RpcTransactionLogsFilterMentions

from gdx_sdk.anchorpy import program
from gdx_sdk.events import events_in_transaction


def snake(name: str) -> str:
    """The legacy dialect writes camelCase, anchorpy's Python does not."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class AnchorpySession(PythonSession):
    """Instructions and accounts by anchorpy's Program over our legacy IDLs."""

    def program(self, name: str) -> Any:
        options = TxOpts(skip_confirmation=False, preflight_commitment=Confirmed)
        return program(name, Provider(self.client, Wallet(self.user), options))

    async def exchange(self) -> None:
        vault, positions = self.program("collateral_vault"), self.program("position_mgmt")
        setup, owner = self.setup, self.user.pubkey()
        given = {**self.at, "payer": owner, "owner": owner, "token_authority": owner, "market": self.market}
        given["quote_mint"] = Pubkey.from_string(setup["quote_mint"])
        given["system_program"] = Pubkey.default()
        given["depositor_token"] = given["recipient_token"] = self.at["user_token"]

        async def call(of: Any, events: str, name: str, *args: int) -> None:
            fixed = {"event_authority": self.at[events], "program": of.program_id}
            (entry,) = [one for one in of.idl.instructions if snake(one.name) == name]
            names = [snake(account.name) for account in entry.accounts]
            context = Context(accounts={one: {**given, **fixed}[one] for one in names})
            await self.confirm(await of.rpc[name](*args, ctx=context))

        async def free() -> str:
            return str((await vault.account["Collateral"].fetch(self.at["collateral"])).free_atoms)

        await call(vault, "vault_events", "open_account")
        await call(vault, "vault_events", "deposit", setup["deposit_atoms"])
        see("free after the deposit", await free())
        given |= {name: Pubkey.from_string(text) for name, text in setup["fixed_addresses"].items()}
        await call(positions, "market_events", "open_position", 5)
        await call(positions, "market_events", "add_collateral", setup["margin_atoms"])
        held = positions.account["UserPosition"]
        see("collateral of the position", str((await held.fetch(self.at["position"])).collateral))
        seen = events_in_transaction(await self.view(await self.settle(), "base64"))
        see("events of the batch", sorted(type(one.event).__name__ for one in seen))
        position = await held.fetch(self.at["position"])
        see("size after the batch", str(position.size))
        see("entry price after the batch", str(position.entry_price))
        record = await positions.account["SettlementBatch"].fetch(self.at["batch"])
        see("trades in the record of the batch", [str(record.sequence), record.trade_count])
        await self.find_positions(positions.program_id)
        await call(vault, "vault_events", "withdraw", setup["withdraw_atoms"])
        see("free after the withdrawal", await free())
        tokens = (await self.client.get_token_account_balance(self.at["user_token"])).value.amount
        see("tokens after the withdrawal", tokens)
        try:
            await call(vault, "vault_events", "withdraw", setup["deposit_atoms"])
            see("too large a withdrawal", "went through")
        except ProgramError as error:
            (name,) = [one.name for one in vault.idl.errors if one.code == error.code]
            see("too large a withdrawal", [error.code, name])

    async def subscriptions(self) -> None:
        transaction, before = await self.notify()
        signature = transaction.signatures[0]
        found: dict[str, Any] = {}
        async with connect(self.setup["ws_url"]) as socket:
            await socket.signature_subscribe(signature, Confirmed)
            await socket.account_subscribe(self.friend, Confirmed, "base64")
            await socket.logs_subscribe(RpcTransactionLogsFilterMentions(self.friend), Confirmed)
            await socket.program_subscribe(Pubkey.default(), Confirmed, "base64")
            await socket.slot_subscribe()
            await socket.root_subscribe()
            for _ in range(6):
                await socket.recv()  # the answers to the six
            await self.client.send_transaction(transaction)
            is_complete = False
            while not is_complete:
                for message in await socket.recv():
                    is_complete = keep(message, found)
        see_notifications(found, signature, before)


if __name__ == "__main__":
    main(AnchorpySession)
