"""Streams of transactions: their logs, the events in them, and the fate of a single one."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from solders.pubkey import Pubkey

from gdx_sdk.client.replies import logs_from, reading, text_from
from gdx_sdk.errors import InputError, RpcError, TransportError
from gdx_sdk.streams.items import EventUpdate, Origin, SignatureUpdate, TransactionLogs
from gdx_sdk.streams.requests import logs_request, signature_request
from gdx_sdk.streams.stream import Stream

if TYPE_CHECKING:
    from gdx_sdk.client.reader import Reader
    from gdx_sdk.streams._frames import Notification
    from gdx_sdk.streams.streams import Streams

Item = TypeVar("Item")

PAGE = 1_000
OVERLAP_SLOTS = 32
"""How far a listing reaches back behind the newest one listed before: nodes index a little late."""

REMEMBERED_SIGNATURES = 50_000
READ_WAIT_S, READ_TRIES, READ_AT_ONCE = 0.2, 25, 8


class _Transactions(Stream[Item]):
    """Each transaction that names an address, once: pushed, or found in the address's history after a gap.

    They come in the order they became known; a transaction that had to be read comes after later ones that
    were pushed before.
    """

    def __init__(self, streams: Streams, address: Pubkey, commitment: str) -> None:
        if commitment == "processed":
            raise InputError("commitment", commitment, "must be confirmed or finalized: history has no other")
        super().__init__(streams, logs_request(address, commitment=commitment))
        self._address, self._commitment = address, commitment
        self._anchor: str | None = None
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._has_history = False

    async def _items_of(
        self, client: Reader, told: Sequence[tuple[str, dict[str, Any] | None]]
    ) -> list[Item]:
        """The items of transactions: signature and, when it was pushed, the notification's value."""
        raise NotImplementedError

    async def _take(self, client: Reader, notifications: Sequence[Notification]) -> list[Item]:
        # All are read before any is remembered: what is remembered and then not yielded would be lost.
        pushed = [self._pushed(notification) for notification in notifications]
        told: list[tuple[str, dict[str, Any] | None]] = []
        for signature, value in pushed:
            if signature not in self._seen:
                told.append((signature, value))
                self._remember(signature)
        try:
            return await self._items_of(client, told)
        except BaseException:
            for signature, _ in told:  # not yielded: the next listing finds them
                self._seen.pop(signature, None)
            raise

    def _pushed(self, notification: Notification) -> tuple[str, dict[str, Any]]:
        with reading(self._request.method, notification.value):
            logs = logs_from(notification.value.get("logs"))
            value = {**notification.value, "slot": notification.slot, "logs": logs}
            return text_from(value["signature"]), value

    async def _read_state(self, client: Reader) -> tuple[int, list[Item]]:
        slot = await client.get_slot(commitment=self._commitment)
        listed = await self._listed(client)
        missing = [entry for entry in listed if entry["signature"] not in self._seen]
        items: list[Item] = []
        if self._has_history:
            items = await self._items_of(client, [(entry["signature"], None) for entry in missing])
        for entry in missing:
            self._remember(entry["signature"])
        self._move_anchor(listed, slot)
        self._has_history = True
        return slot, items

    async def _listed(self, client: Reader) -> list[dict[str, Any]]:
        """The address's transactions since the anchor, oldest first; at the very first the newest page."""
        pages: list[dict[str, Any]] = []
        before: str | None = None
        while True:
            config = {"commitment": self._commitment, "limit": PAGE, "until": self._anchor, "before": before}
            given = {name: value for name, value in config.items() if value is not None}
            page = await client.rpc("getSignaturesForAddress", [str(self._address), given])
            if not isinstance(page, list):
                raise RpcError("getSignaturesForAddress", f"the reply is not a list: {page!r:.80}")
            with reading("getSignaturesForAddress", page):
                pages += [{"signature": text_from(e["signature"]), "slot": int(e["slot"])} for e in page]
            if len(page) < PAGE or not self._has_history:
                return pages[::-1]
            before = pages[-1]["signature"]

    def _move_anchor(self, listed: Sequence[dict[str, Any]], slot: int) -> None:
        old_enough = [entry for entry in listed if entry["slot"] <= slot - OVERLAP_SLOTS]
        if old_enough:
            self._anchor = old_enough[-1]["signature"]
        elif not self._has_history and len(listed) >= PAGE:
            self._anchor = listed[0]["signature"]

    def _remember(self, signature: str) -> None:
        self._seen[signature] = None
        if len(self._seen) > REMEMBERED_SIGNATURES:
            self._seen.popitem(last=False)

    async def _transaction(self, client: Reader, signature: str) -> dict[str, Any]:
        for _ in range(READ_TRIES):
            found = await client.get_transaction(signature, commitment=self._commitment)
            if found is not None:
                return found
            await self._streams.timer.sleep_s(READ_WAIT_S)
        raise TransportError("getTransaction", f"{signature} was told but cannot be read")

    async def _transactions(self, client: Reader, signatures: Sequence[str]) -> list[dict[str, Any]]:
        """Each transaction, in order, a few at a time."""
        found: list[dict[str, Any]] = []
        for start in range(0, len(signatures), READ_AT_ONCE):
            part = signatures[start : start + READ_AT_ONCE]
            try:
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(self._transaction(client, signature)) for signature in part]
            except ExceptionGroup as errors:
                first = errors.exceptions[0]
                raise first from first.__cause__
            found += [task.result() for task in tasks]
        return found


class LogsStream(_Transactions[TransactionLogs]):
    """The logs of every transaction that names an address, failed ones too. Made by `Streams.stream_logs`."""

    async def _items_of(
        self, client: Reader, told: Sequence[tuple[str, dict[str, Any] | None]]
    ) -> list[TransactionLogs]:
        unread = [signature for signature, value in told if value is None]
        read = dict(zip(unread, await self._transactions(client, unread), strict=True))
        return [
            _logs_read(signature, read[signature]) if value is None else _logs_pushed(signature, value)
            for signature, value in told
        ]


class EventStream(_Transactions[EventUpdate]):
    """The events of our programs in every transaction that names an address. Made by `Streams.stream_events`.

    Each transaction is read, since logs may be cut and events are not in them.
    """

    async def _items_of(
        self, client: Reader, told: Sequence[tuple[str, dict[str, Any] | None]]
    ) -> list[EventUpdate]:
        from gdx_sdk.events import events_in_transaction

        applied = [(signature, value) for signature, value in told if not (value or {}).get("err")]
        found = await self._transactions(client, [signature for signature, _ in applied])
        updates = []
        for (signature, value), transaction in zip(applied, found, strict=True):
            origin = Origin.READ if value is None else Origin.PUSHED
            for seen in events_in_transaction(transaction):
                place = (signature, int(transaction["slot"]), seen.instruction_index)
                updates.append(EventUpdate(seen.event, seen.program, *place, origin))
        return updates


class SignatureStream(Stream[SignatureUpdate]):
    """One item, when a transaction reaches the commitment, then the end. By `Streams.stream_signature`."""

    def __init__(self, streams: Streams, signature: str, commitment: str) -> None:
        super().__init__(streams, signature_request(signature, commitment=commitment))
        self._signature, self._commitment = signature, commitment

    async def _take(self, client: Reader, notifications: Sequence[Notification]) -> list[SignatureUpdate]:
        for notification in notifications:
            value = notification.value
            if isinstance(value, dict) and "err" in value:
                return self._landed(notification.slot, value["err"], Origin.PUSHED)
        return []

    async def _read_state(self, client: Reader) -> tuple[int, list[SignatureUpdate]]:
        (status,) = await client.get_statuses([self._signature], search_history=True)
        if status is not None and status.has_reached(self._commitment):
            return status.slot, self._landed(status.slot, status.error, Origin.READ)
        return await client.get_slot(commitment=self._commitment), []

    def _landed(self, slot: int, error: Any, origin: Origin) -> list[SignatureUpdate]:
        if self._is_done:
            return []
        self._is_done = True
        return [SignatureUpdate(self._signature, slot, error, origin)]


def _logs_pushed(signature: str, value: dict[str, Any]) -> TransactionLogs:
    return TransactionLogs(signature, value["slot"], value.get("err"), value["logs"], Origin.PUSHED)


def _logs_read(signature: str, transaction: dict[str, Any]) -> TransactionLogs:
    with reading(f"getTransaction of {signature}", transaction):
        meta = transaction.get("meta") or {}
        logs = logs_from(meta.get("logMessages"))
        return TransactionLogs(signature, int(transaction["slot"]), meta.get("err"), logs, Origin.READ)
