"""Waiting for a transaction until it is applied, has failed, or can never land any more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from gdx_sdk.client.reader import Reader
from gdx_sdk.client.replies import LandedRecord, SignatureStatus, reading, record_from, status_from
from gdx_sdk.client.timing import Timer
from gdx_sdk.client.transport import RpcRefusal
from gdx_sdk.client.watch import Pauses
from gdx_sdk.errors import (
    ChainError,
    ConfirmationTimeout,
    GdxError,
    RpcError,
    TransactionExpired,
    TransportError,
)
from gdx_sdk.tx.failures import decode_failure
from gdx_sdk.tx.transaction import SignedTransaction

REBROADCAST_S = 2.0
RECORD_PAUSES_S = (0.05, 0.1, 0.2, 0.4, 0.8)
"""A node may know that a transaction is confirmed a little before it can show it."""


@dataclass(slots=True)
class Confirmation:
    """One transaction's wait. A call that fails meanwhile is made again until the time is up."""

    reader: Reader
    timer: Timer
    pauses: Pauses
    signed: SignedTransaction
    commitment: str
    timeout_s: float
    send_again: Callable[[SignedTransaction], Awaitable[None]]
    last_error: GdxError | None = None

    async def wait(self) -> SignatureStatus:
        """The status once it is at `commitment`; raises as `Client.confirm` says."""
        import asyncio

        try:
            async with asyncio.timeout(self.timeout_s) as limit:  # a call may take longer than is left
                status = await self._landed()
        except TimeoutError:
            if not limit.expired():
                raise
            raise self._timeout() from self.last_error
        return await self._settled(status)

    async def _landed(self) -> SignatureStatus:
        started = sent = self.timer.now_s()
        while True:
            status = await self._status()
            if status is not None and (status.error is not None or status.has_reached(self.commitment)):
                return status
            now = self.timer.now_s()
            if now - started > self.timeout_s:
                raise self._timeout() from self.last_error
            if status is None and now - sent >= REBROADCAST_S:
                await self._keep_alive()
                sent = now
            await self.pauses.wait()

    def _timeout(self) -> ConfirmationTimeout:
        waited = f"{self.signed.signature} not seen at {self.commitment} after {self.timeout_s} s"
        return ConfirmationTimeout("getSignatureStatuses", waited)

    async def _status(self) -> SignatureStatus | None:
        try:
            return (await self.reader.get_statuses([self.signed.signature]))[0]
        except TransportError as error:
            self.last_error = error
            return None

    async def _keep_alive(self) -> None:
        """Send again unless the blockhash is dead; the status tells, whatever the endpoint thinks of it."""
        try:
            if await self._is_dead():
                height = self.signed.last_valid_block_height
                said = f"{self.signed.signature} did not land by block height {height}"
                raise TransactionExpired(said) from self.last_error
            if self.signed.raw:
                await self.send_again(self.signed)
        except TransactionExpired:
            raise
        except (RpcError, ChainError) as error:
            self.last_error = error

    async def _is_dead(self) -> bool:
        """Whether a node that has seen the last valid block has not seen the transaction.

        The node that tells the status may be another one, and behind: its word counts only when it has come
        as far as the node that told the height.
        """
        level = "finalized" if self.commitment == "finalized" else "confirmed"
        info = await self.reader.rpc("getEpochInfo", [{"commitment": level}])
        with reading("getEpochInfo", info):
            slot, height = int(info["absoluteSlot"]), int(info["blockHeight"])
        if height <= self.signed.last_valid_block_height:
            return False
        params = [[self.signed.signature], {"searchTransactionHistory": True}]
        result = await self.reader.rpc("getSignatureStatuses", params)
        with reading("getSignatureStatuses", result):
            status = status_from(result["value"][0])
            return status is None and int(result["context"]["slot"]) >= slot

    async def _settled(self, status: SignatureStatus) -> SignatureStatus:
        if status.error is None:
            return status
        try:
            found = await landed_record(self.reader, self.timer, self.signed.signature)
        except RpcError as error:
            raise decode_failure(status.error, (), program_ids(self.signed)) from error
        logs = found.logs if found is not None else ()
        raise decode_failure(status.error, logs, program_ids(self.signed))


async def landed_record(reader: Reader, timer: Timer, signature: str) -> LandedRecord | None:
    """What the cluster recorded of a transaction that landed; None when the endpoint does not show it."""
    for pause_s in RECORD_PAUSES_S:
        found = await reader.get_transaction(signature)
        if found is not None:
            with reading(f"getTransaction of {signature}", found):
                return record_from(found)
        await timer.sleep_s(pause_s)
    return None


def may_land(error: RpcError) -> bool:
    """Whether the cluster may hold a transaction although handing it over failed so."""
    if isinstance(error, TransportError):
        return error.may_have_arrived
    return not isinstance(error, RpcRefusal)


def program_ids(signed: SignedTransaction) -> list[Pubkey]:
    """The programs of the transaction's instructions, in order."""
    if not signed.raw:
        return []
    message = VersionedTransaction.from_bytes(signed.raw).message
    return [message.account_keys[call.program_id_index] for call in message.instructions]
