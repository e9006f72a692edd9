"""What the sessions of solana-py and anchorpy have in common; their releases of solana and solders differ.

One JSON line per observation; the same names as the sessions in JavaScript.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from collections.abc import Sequence
from typing import Any

from solana.rpc.async_api import AsyncClient
from solana.rpc.commitment import Confirmed
from solana.rpc.core import RPCException
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import CreateAccountParams, TransferParams, create_account, transfer
from solders.token import ID as TOKEN
from solders.token.associated import get_associated_token_address
from solders.transaction import VersionedTransaction

try:
    from solana.rpc.models import MemcmpOpts, TokenAccountOpts
except ModuleNotFoundError:  # the older release that anchorpy wants
    from solana.rpc.types import MemcmpOpts, TokenAccountOpts

SYSTEM = Pubkey.default()
ASSOCIATED = Pubkey.from_string("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
TABLES = Pubkey.from_string("AddressLookupTab1e1111111111111111111111111")
SOL = 10**9


def see(name: str, value: Any) -> None:
    """One observation."""
    print(json.dumps({"name": name, "value": value}), flush=True)


class PythonSession:
    """Parts of a session, each with its observations."""

    def __init__(self, setup: dict[str, Any], client: AsyncClient) -> None:
        self.setup, self.client = setup, client
        self.user = Keypair.from_bytes(bytes(setup["user"]))
        self.relayer = Keypair.from_bytes(bytes(setup["relayer"]))
        self.friend = Pubkey.from_string(setup["friend"])
        self.market = Pubkey.from_string(setup["market"])
        self.at = {name: Pubkey.from_string(text) for name, text in setup["addresses"].items()}

    async def exchange(self) -> None:
        """Deposit, settle, withdraw."""
        raise NotImplementedError

    async def subscriptions(self) -> None:
        """One notification of each kind."""
        raise NotImplementedError

    async def run(self) -> None:
        """The whole session."""
        for part in (self.sol, self.tokens, self.exchange, self.lookup_table, self.subscriptions):
            await part()

    async def sign(
        self,
        instructions: Sequence[Instruction],
        signers: Sequence[Keypair] = (),
        tables: Sequence[AddressLookupTableAccount] = (),
    ) -> VersionedTransaction:
        signers = signers or [self.user]
        latest = (await self.client.get_latest_blockhash()).value.blockhash
        message = MessageV0.try_compile(signers[0].pubkey(), list(instructions), list(tables), latest)
        return VersionedTransaction(message, list(signers))

    async def confirm(self, signature: Signature) -> None:
        await self.client.confirm_transaction(signature, Confirmed, sleep_seconds=0.1)

    async def send(self, *instructions: Instruction, **options: Any) -> Signature:
        transaction = await self.sign(instructions, **options)
        signature = (await self.client.send_transaction(transaction)).value
        await self.confirm(signature)
        return signature

    def pay(self, lamports: int) -> Instruction:
        user = self.user.pubkey()
        return transfer(TransferParams(from_pubkey=user, to_pubkey=self.friend, lamports=lamports))

    async def view(self, signature: Signature, encoding: str = "json") -> Any:
        """A transaction as plain JSON."""
        found = await self.client.get_transaction(
            signature, encoding, Confirmed, max_supported_transaction_version=0
        )
        return json.loads(found.to_json())["result"]

    async def sol(self) -> None:
        """Airdrop, transfer, refusal, history."""
        client, user = self.client, self.user.pubkey()
        await self.confirm((await client.request_airdrop(user, 5 * SOL)).value)
        see("balance after an airdrop", (await client.get_balance(user)).value)
        signature = await self.send(self.pay(SOL))
        see("balance of the friend", (await client.get_balance(self.friend)).value)
        meta = (await self.view(signature))["meta"]
        see("fee of a transfer", meta["fee"])
        see("error of a transfer", meta["err"])
        pairs = zip(meta["postBalances"], meta["preBalances"], strict=True)
        see("balances changed by a transfer", [after - before for after, before in pairs])
        parsed = (await self.view(signature, "jsonParsed"))["transaction"]["message"]["instructions"][0]
        see("parsed transfer", parsed["parsed"]["info"]["lamports"])
        (status,) = (await client.get_signature_statuses([signature])).value
        see("status of a transfer", status.err)
        try:
            await self.send(self.pay(10**15))
            see("too large a transfer", "went through")
        except RPCException as error:
            see("too large a transfer", "custom program error: 0x1" in str(error))
            see("logs of the refusal", len(error.args[0].data.logs) > 0)
        listed = (await client.get_signatures_for_address(self.friend, commitment=Confirmed)).value
        see("signatures of the friend", [entry.signature == signature for entry in listed])
        see("owner of the friend", str((await client.get_account_info(self.friend)).value.owner))
        nobody = Pubkey.from_string(self.setup["nobody"])
        see("account of nobody", (await client.get_account_info(nobody)).value)

    async def tokens(self) -> None:
        """A mint, an account, tokens in it."""
        client, user, mint = self.client, self.user.pubkey(), Keypair()
        rent = (await client.get_minimum_balance_for_rent_exemption(82)).value
        params = CreateAccountParams(
            from_pubkey=user, to_pubkey=mint.pubkey(), lamports=rent, space=82, owner=TOKEN
        )
        initialize = Instruction(
            TOKEN, bytes([20, 9]) + bytes(user) + b"\0", [AccountMeta(mint.pubkey(), False, True)]
        )
        await self.send(create_account(params), initialize, signers=[self.user, mint])
        see("decimals of the new mint", (await client.get_token_supply(mint.pubkey())).value.decimals)
        account = get_associated_token_address(user, mint.pubkey())
        metas = [AccountMeta(user, True, True), AccountMeta(account, False, True)]
        metas += [AccountMeta(key, False, False) for key in (user, mint.pubkey(), SYSTEM, TOKEN)]
        await self.send(Instruction(ASSOCIATED, b"", metas))
        see("empty token account", (await client.get_token_account_balance(account)).value.amount)
        metas = [AccountMeta(mint.pubkey(), False, True), AccountMeta(account, False, True)]
        metas.append(AccountMeta(user, True, False))
        await self.send(Instruction(TOKEN, b"\7" + (7 * SOL).to_bytes(8, "little"), metas))
        raw = (await client.get_account_info(account)).value.data
        see("minted", str(int.from_bytes(raw[64:72], "little")))
        see("supply", (await client.get_token_supply(mint.pubkey())).value.ui_amount_string)
        see("token balance", (await client.get_token_account_balance(account)).value.amount)
        options = TokenAccountOpts(mint=mint.pubkey())
        owned = (await client.get_token_accounts_by_owner_json_parsed(user, options)).value
        amounts = [entry.account.data.parsed["info"]["tokenAmount"]["amount"] for entry in owned]
        see("token accounts of the user", amounts)

    async def settle(self) -> Signature:
        """The relayer's batch."""
        given = self.setup["settle_batch"]
        metas = [AccountMeta(Pubkey.from_string(key), *flags) for key, *flags in given["accounts"]]
        program = Pubkey.from_string(given["program_id"])
        step = Instruction(program, base64.b64decode(given["data"]), metas)
        return await self.send(step, signers=[self.relayer])

    async def find_positions(self, program: Pubkey) -> None:
        """By their owner's bytes."""
        filters = [MemcmpOpts(offset=8, bytes=str(self.user.pubkey()))]
        found = await self.client.get_program_accounts(program, encoding="base64", filters=filters)
        see("positions found by memcmp", len(found.value))

    async def lookup_table(self) -> None:
        """Create, extend, use."""
        client, user = self.client, self.user.pubkey()
        slot = (await client.get_slot("finalized")).value
        table, bump = Pubkey.find_program_address([bytes(user), slot.to_bytes(8, "little")], TABLES)
        metas = [
            AccountMeta(table, False, True),
            AccountMeta(user, True, False),
            AccountMeta(user, True, True),
            AccountMeta(SYSTEM, False, False),
        ]
        create = Instruction(TABLES, bytes(4) + slot.to_bytes(8, "little") + bytes([bump]), metas)
        listed = (1).to_bytes(8, "little") + bytes(self.friend)
        await self.send(create, Instruction(TABLES, b"\2\0\0\0" + listed, metas))
        known = (await client.get_slot(Confirmed)).value
        while (await client.get_slot(Confirmed)).value <= known + 1:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.1)
        data = (await client.get_account_info(table)).value.data
        addresses = [Pubkey(data[start : start + 32]) for start in range(56, len(data), 32)]
        see("addresses of the lookup table", [str(key) for key in addresses])
        tables = [AddressLookupTableAccount(table, addresses)]
        transaction = await self.sign([self.pay(3)], tables=tables)
        simulated = (await client.simulate_transaction(transaction, sig_verify=True)).value
        see("simulated through the table", [simulated.err, simulated.units_consumed])
        signature = (await client.send_transaction(transaction)).value
        await self.confirm(signature)
        view = await self.view(signature)
        see("version of the transaction", view["version"])
        see("addresses loaded from the table", view["meta"]["loadedAddresses"]["writable"])

    async def notify(self) -> tuple[VersionedTransaction, int]:
        """A transfer to subscribe to, and the friend's balance before it."""
        before = (await self.client.get_balance(self.friend)).value
        return await self.sign([self.pay(2_000_000)]), before


def see_notifications(found: dict[str, Any], signature: Signature, before: int) -> None:
    """Their contents, by the name of the notification's class."""
    see("signature notification", found["SignatureNotification"].value.err)
    see("account notification", found["AccountNotification"].value.lamports - before)
    logs = found["LogsNotification"].value
    see("logs notification", [logs.err, logs.logs, logs.signature == signature])
    see("program notification", str(found["ProgramNotification"].value.account.owner))
    slot = found["SlotNotification"]
    see("slot notification", [name for name in ("parent", "root", "slot") if getattr(slot, name) >= 0])
    see("root notification", "number" if isinstance(found["RootNotification"], int) else "no number")


KINDS = (
    "SignatureNotification",
    "AccountNotification",
    "LogsNotification",
    "ProgramNotification",
    "SlotNotification",
    "RootNotification",
)


def keep(message: Any, found: dict[str, Any]) -> bool:
    """Keep the first notification of each kind; whether all are there."""
    kind = type(message).__name__
    if kind in KINDS:
        found.setdefault(kind, message.result)
    return len(found) == len(KINDS)


def main(session: type[PythonSession]) -> None:
    """Run with the setup on standard input."""

    async def run() -> None:
        setup = json.load(sys.stdin)
        async with AsyncClient(setup["url"], commitment=Confirmed) as client:
            await asyncio.wait_for(session(setup, client).run(), 240)

    asyncio.run(run())
