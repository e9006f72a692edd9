"""The stream of slots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gdx_sdk.client.replies import reading
from gdx_sdk.streams.items import Origin, SlotUpdate
from gdx_sdk.streams.requests import slot_request
from gdx_sdk.streams.stream import Stream

if TYPE_CHECKING:
    from gdx_sdk.client.reader import Reader
    from gdx_sdk.streams._frames import Notification
    from gdx_sdk.streams.streams import Streams


class SlotStream(Stream[SlotUpdate]):
    """Slots as the node begins them, always rising: a fork's lower one is left out. By `stream_slots`."""

    def __init__(self, streams: Streams) -> None:
        super().__init__(streams, slot_request())
        self._last_slot = -1

    async def _take(self, client: Reader, notifications: Sequence[Notification]) -> list[SlotUpdate]:
        del client
        return [update for one in notifications for update in self._pushed(one)]

    async def _read_state(self, client: Reader) -> tuple[int, list[SlotUpdate]]:
        slot = await client.get_slot(commitment="processed")
        return slot, self._rising(SlotUpdate(slot, None, None, Origin.READ))

    def _pushed(self, notification: Notification) -> list[SlotUpdate]:
        value = notification.value
        with reading("slotSubscribe", value):
            parent_slot, root_slot = int(value["parent"]), int(value["root"])
        return self._rising(SlotUpdate(notification.slot, parent_slot, root_slot, Origin.PUSHED))

    def _rising(self, update: SlotUpdate) -> list[SlotUpdate]:
        if update.slot <= self._last_slot:
            return []
        self._last_slot = update.slot
        return [update]
