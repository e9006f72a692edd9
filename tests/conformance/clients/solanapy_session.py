"""A session of solana-py, with the SDK's instructions and accounts: its setup comes on standard input."""

from __future__ import annotations

from python_session import PythonSession, keep, main, see, see_notifications
from solana.rpc.commitment import Confirmed
from solana.rpc.core import RPCException
from solana.rpc.websocket_api import SolanaWsClient
from solders.pubkey import Pubkey
from solders.rpc.config import RpcTransactionLogsFilterMentions

from gdx_sdk import instructions as ix
from gdx_sdk.accounts import Collateral, SettlementBatch, UserPosition
from gdx_sdk.errors.registry import explain
from gdx_sdk.events import events_in_transaction
from gdx_sdk.programs import PROGRAM_IDS


class SolanaPySession(PythonSession):
    """The SDK builds and reads; solana-py sends and fetches."""

    async def read(self, kind: type, name: str):
        return kind.decode(bytes((await self.client.get_account_info(self.at[name])).value.data))

    async def see_free(self, name: str) -> None:
        see(name, str((await self.read(Collateral, "collateral")).free_atoms))

    async def exchange(self) -> None:
        setup, owner = self.setup, self.user.pubkey()
        mint = Pubkey.from_string(setup["quote_mint"])
        await self.send(ix.open_account(owner))
        await self.send(ix.deposit(owner, setup["deposit_atoms"], quote_mint=mint))
        await self.see_free("free after the deposit")
        await self.send(ix.open_position(owner, self.market, leverage=5))
        await self.send(ix.add_collateral(owner, self.market, setup["margin_atoms"]))
        position = await self.read(UserPosition, "position")
        see("collateral of the position", str(position.collateral))
        seen = events_in_transaction(await self.view(await self.settle(), "base64"))
        see("events of the batch", sorted(type(one.event).__name__ for one in seen))
        position = await self.read(UserPosition, "position")
        see("size after the batch", str(position.size))
        see("entry price after the batch", str(position.entry_price))
        record = await self.read(SettlementBatch, "batch")
        see("trades in the record of the batch", [str(record.sequence), record.trade_count])
        await self.find_positions(PROGRAM_IDS["position_mgmt"])
        await self.send(ix.withdraw(owner, setup["withdraw_atoms"], quote_mint=mint))
        await self.see_free("free after the withdrawal")
        held = (await self.client.get_token_account_balance(self.at["user_token"])).value.amount
        see("tokens after the withdrawal", held)
        try:
            await self.send(ix.withdraw(owner, setup["deposit_atoms"], quote_mint=mint))
            see("too large a withdrawal", "went through")
        except RPCException as error:
            code = int(error.args[0].message.rpartition("0x")[2], 16)
            see("too large a withdrawal", [code, explain(code).name])

    async def subscriptions(self) -> None:
        transaction, before = await self.notify()
        signature = transaction.signatures[0]
        found: dict[str, object] = {}
        async with SolanaWsClient(self.setup["ws_url"]) as socket:
            await socket.signature_subscribe(signature=signature, commitment=Confirmed)
            await socket.account_subscribe(pubkey=self.friend, commitment=Confirmed, encoding="base64")
            mentions = RpcTransactionLogsFilterMentions(self.friend)
            await socket.logs_subscribe(filter_=mentions, commitment=Confirmed)
            await socket.program_subscribe(
                program_id=Pubkey.default(), commitment=Confirmed, encoding="base64"
            )
            await socket.slot_subscribe()
            await socket.root_subscribe()
            await self.client.send_transaction(transaction)
            while not keep(await socket.recv(), found):
                pass
        see_notifications(found, signature, before)


if __name__ == "__main__":
    main(SolanaPySession)
