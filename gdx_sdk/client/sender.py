"""Sending: trial run, budget, signature, broadcast until landed or dead, and what became of it."""

from __future__ import annotations

import base64
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal

from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from gdx_sdk.client._confirming import Confirmation, landed_record, may_land
from gdx_sdk.client.fees import RecentFees
from gdx_sdk.client.policies import RECENT_FEES, FeePolicy
from gdx_sdk.client.reader import Reader
from gdx_sdk.client.replies import (
    LandedRecord,
    SentTransaction,
    SignatureStatus,
    Simulation,
    logs_from,
    reading,
)
from gdx_sdk.client.timing import Timer
from gdx_sdk.client.transport import RpcRefusal
from gdx_sdk.client.watch import Pauses, SignatureWatch
from gdx_sdk.errors import (
    ChainError,
    DryRunRefusal,
    InputError,
    RpcError,
)
from gdx_sdk.tx.failures import decode_failure
from gdx_sdk.tx.transaction import (
    MAX_COMPUTE_UNITS,
    SignedTransaction,
    Signer,
    Tables,
    compile_message,
    to_signed,
    unsigned_transaction,
    with_budget,
)

ComputeLimit = int | Literal["simulate"]
PriorityFee = int | Literal["recent"] | FeePolicy
AnySigner = Signer | Keypair

COMPUTE_MARGIN_PERCENT = 10  # state may differ a little between trial run and landing
COMPUTE_MARGIN_UNITS = 1_000
REMEMBERED_SIGNATURES = 4_096
MAX_PRICE = 2**64 - 1


class Sender:
    """Sends transactions for a `Client`. In a dry run nothing here can sign or send."""

    def __init__(
        self,
        reader: Reader,
        timer: Timer,
        *,
        dry_run: bool,
        confirm_timeout_s: float,
        watch: SignatureWatch | None = None,
    ) -> None:
        self._reader, self._timer, self._watch = reader, timer, watch
        self.dry_run, self._confirm_timeout_s = dry_run, confirm_timeout_s
        self._fees = RecentFees(reader, timer)
        self._used: OrderedDict[str, None] = OrderedDict()

    async def simulate(
        self, instructions: Sequence[Instruction], payer: Pubkey, lookup_tables: Tables = ()
    ) -> Simulation:
        """Trial run without signatures, on the newest blockhash."""
        budgeted = _with_default_limit(instructions)
        message = compile_message(budgeted, payer, lookup_tables=lookup_tables)
        raw = base64.b64encode(bytes(unsigned_transaction(message))).decode()
        config = {
            "encoding": "base64",
            "commitment": self._reader.commitment,
            "sigVerify": False,
            "replaceRecentBlockhash": True,
        }
        result = await self._reader.rpc("simulateTransaction", [raw, config])
        with reading("simulateTransaction", result):
            return _simulation(result["value"], [instruction.program_id for instruction in budgeted])

    async def sign(
        self,
        instructions: Sequence[Instruction],
        signers: Sequence[AnySigner],
        *,
        payer: Pubkey | None = None,
        lookup_tables: Tables = (),
        compute_unit_limit: int,
        priority_fee: PriorityFee = 0,
    ) -> SignedTransaction:
        """A signed transaction on the newest blockhash that differs from every one signed here before.

        Two equal transactions on one blockhash have one signature, and the cluster applies it once: the
        second one's compute limit is raised by a unit (lowered, at the highest) to make it another one.
        """
        if self.dry_run:
            raise DryRunRefusal("signing a transaction")
        fee_payer = _payer(payer, signers)
        price = await self._price(instructions, priority_fee)
        latest = await self._reader.get_latest_blockhash()
        for limit in _limits_from(compute_unit_limit):
            budgeted = with_budget(instructions, compute_unit_limit=limit, priority_fee_microlamports=price)
            message = compile_message(
                budgeted, fee_payer, lookup_tables=lookup_tables, blockhash=latest.blockhash
            )
            signed = replace(
                to_signed(message, signers, latest.last_valid_block_height), priority_fee_microlamports=price
            )
            if signed.signature not in self._used:
                break
        self._used[signed.signature] = None
        if len(self._used) > REMEMBERED_SIGNATURES:
            self._used.popitem(last=False)
        return signed

    async def broadcast(self, signed: SignedTransaction) -> None:
        """Hand the bytes to the cluster without a trial run there; repeating it is harmless, landed or not.

        Raises the chain's refusal when the endpoint runs the transaction before it answers and that fails.
        """
        if self.dry_run:
            raise DryRunRefusal("sending a transaction")
        raw = base64.b64encode(signed.raw).decode()
        config = {"encoding": "base64", "skipPreflight": True, "maxRetries": 0}
        try:
            await self._reader.rpc("sendTransaction", [raw, config])
        except RpcRefusal as refusal:
            if _is_there_already(refusal):
                return
            raise _refused(refusal) from refusal

    async def confirm(self, signed: SignedTransaction, *, commitment: str | None = None) -> SignatureStatus:
        """Wait until the transaction is at `commitment`, sending it again meanwhile.

        Raises the chain's refusal when it landed and failed, `TransactionExpired` when its blockhash is dead,
        `ConfirmationTimeout` when neither shows in time.
        """
        return await self._confirm(signed, commitment or self._reader.commitment)

    async def _confirm(
        self, signed: SignedTransaction, level: str, sending_failed: RpcError | None = None
    ) -> SignatureStatus:
        pauses = Pauses(self._timer, self._watch, signed.signature, level)
        waiting = Confirmation(
            self._reader,
            self._timer,
            pauses,
            signed,
            level,
            self._confirm_timeout_s,
            self.broadcast,
            sending_failed,
        )
        try:
            return await waiting.wait()
        except (ChainError, RpcError) as error:
            error.signature = signed.signature
            raise
        finally:
            pauses.close()

    async def send(
        self,
        instructions: Sequence[Instruction],
        signers: Sequence[AnySigner],
        *,
        payer: Pubkey | None = None,
        lookup_tables: Tables = (),
        compute_unit_limit: ComputeLimit = "simulate",
        priority_fee: PriorityFee = "recent",
    ) -> SentTransaction:
        """Trial run, sign, send, wait until applied; see `Client.send`."""
        fee_payer = _payer(payer, signers)
        if compute_unit_limit == "simulate" or self.dry_run:
            trial = await self.simulate(instructions, fee_payer, lookup_tables)
            if trial.error is not None:
                raise trial.error
            if self.dry_run:
                return SentTransaction("", 0, trial.compute_units, 0, trial.logs)
            compute_unit_limit = limit_with_margin(trial.compute_units)
        signed = await self.sign(
            instructions,
            signers,
            payer=fee_payer,
            lookup_tables=lookup_tables,
            compute_unit_limit=compute_unit_limit,
            priority_fee=priority_fee,
        )
        try:
            await self.broadcast(signed)
        except RpcError as error:
            if not may_land(error):
                raise
            status = await self._confirm(signed, self._reader.commitment, error)
        else:
            status = await self.confirm(signed)
        return await self._details(signed, status.slot)

    async def await_foreign(self, signature: str, last_valid_block_height: int) -> SignatureStatus:
        """Wait for a transaction that somebody else signed and sends."""
        return await self.confirm(SignedTransaction(signature, b"", last_valid_block_height))

    async def _price(self, instructions: Sequence[Instruction], fee: PriorityFee) -> int:
        if isinstance(fee, FeePolicy) or fee == "recent":
            return await self._fees.price(instructions, RECENT_FEES if fee == "recent" else fee)
        if type(fee) is not int or not 0 <= fee <= MAX_PRICE:
            rule = 'must be microlamports per compute unit, a FeePolicy or "recent"'
            raise InputError("priority_fee", fee, rule)
        return fee

    async def _details(self, signed: SignedTransaction, slot: int) -> SentTransaction:
        """It was applied, and no failure to learn what it cost may hide that."""
        try:
            found = await landed_record(self._reader, self._timer, signed.signature)
        except RpcError:
            found = None
        record = found or LandedRecord(0, 0, ())
        return SentTransaction(
            signed.signature,
            slot,
            record.compute_units,
            record.fee_lamports,
            record.logs,
            signed.priority_fee_microlamports,
            is_cost_known=found is not None,
        )


def limit_with_margin(compute_units: int) -> int:
    """The compute limit to sign for when a trial run took `compute_units`."""
    padded = compute_units * (100 + COMPUTE_MARGIN_PERCENT) // 100 + COMPUTE_MARGIN_UNITS
    return min(padded, MAX_COMPUTE_UNITS)


def _limits_from(compute_unit_limit: int) -> Iterator[int]:
    """The limit asked for, then those nearest to it that make another transaction."""
    if type(compute_unit_limit) is not int or not 0 < compute_unit_limit <= MAX_COMPUTE_UNITS:
        rule = f'must be 1 to {MAX_COMPUTE_UNITS}, or "simulate" when sending'
        raise InputError("compute_unit_limit", compute_unit_limit, rule)
    yield from range(compute_unit_limit, MAX_COMPUTE_UNITS + 1)
    yield from range(compute_unit_limit - 1, 0, -1)


def _payer(payer: Pubkey | None, signers: Sequence[AnySigner]) -> Pubkey:
    if payer is not None:
        return payer
    if not signers:
        raise InputError("signers", (), "must not be empty without a payer")
    return Signer.of(signers[0]).pubkey


def _with_default_limit(instructions: Sequence[Instruction]) -> list[Instruction]:
    return with_budget(instructions, compute_unit_limit=MAX_COMPUTE_UNITS)


def _simulation(value: dict[str, Any], program_ids: Sequence[Pubkey]) -> Simulation:
    logs = logs_from(value.get("logs"))
    error = decode_failure(value["err"], logs, program_ids) if value.get("err") is not None else None
    returned = value.get("returnData") or {}
    data = base64.b64decode(returned["data"][0]) if returned.get("data") else b""
    return Simulation(error, int(value.get("unitsConsumed") or 0), logs, data)


def _is_there_already(refusal: RpcRefusal) -> bool:
    """An endpoint that runs a transaction before it passes it on refuses one that has landed."""
    return _said_of(refusal).get("err") == "AlreadyProcessed"


def _refused(refusal: RpcRefusal) -> RpcError | ChainError:
    data = _said_of(refusal)
    if data.get("err") is None:
        return refusal
    with reading(refusal.method, refusal.data):
        return decode_failure(data["err"], logs_from(data.get("logs")))


def _said_of(refusal: RpcRefusal) -> dict[str, Any]:
    """What a refusal says of the transaction's trial run; nothing when there was none."""
    return refusal.data if isinstance(refusal.data, dict) else {}
