"""A bounded queue with an end: what is in it is still delivered before the error that ended it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

from gdx_sdk.errors import InputError, StreamOverflow

T = TypeVar("T")


class Mailbox(Generic[T]):
    """One side puts, one side gets; cancelling either loses nothing."""

    def __init__(self, name: str, limit: int) -> None:
        if limit < 1:
            raise InputError("max_queue", limit, "must be at least 1")
        self.name, self.limit = name, limit
        self.error: BaseException | None = None
        self._items: deque[T] = deque()
        self._is_ended = False
        self._changed = asyncio.Event()
        self._has_room = asyncio.Event()

    def __len__(self) -> int:
        return len(self._items)

    @property
    def is_ended(self) -> bool:
        """Whether nothing more can be put in."""
        return self._is_ended

    def put_nowait(self, item: T) -> None:
        """Add an item; a full box ends with `StreamOverflow`, which whoever gets will see."""
        if self._is_ended:
            return
        if len(self._items) >= self.limit:
            self.end(StreamOverflow(self.name, self.limit))
            return
        self._items.append(item)
        self._changed.set()

    async def put(self, item: T) -> None:
        """Add an item once there is room."""
        while len(self._items) >= self.limit and not self._is_ended:
            self._has_room.clear()
            await self._has_room.wait()
        self.put_nowait(item)

    def end(self, error: BaseException | None = None) -> None:
        """Take nothing more. The first end counts; `error` None ends the iteration without one."""
        if not self._is_ended:
            self.error, self._is_ended = error, True
        self._changed.set()
        self._has_room.set()

    async def get(self) -> T:
        """The oldest item; after the last one the error, or `StopAsyncIteration`."""
        await self._wait()
        item = self._items.popleft()
        self._has_room.set()
        return item

    async def get_all(self) -> list[T]:
        """Every item there is, at least one; errors as `get`."""
        await self._wait()
        items = list(self._items)
        self._items.clear()
        self._has_room.set()
        return items

    async def _wait(self) -> None:
        while not self._items:
            if self.error is not None:
                raise self.error
            if self._is_ended:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
