"""Every stream of one client, over one socket."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from solders.pubkey import Pubkey

from gdx_sdk.errors import InputError
from gdx_sdk.runtime import Account, MemcmpFilter
from gdx_sdk.streams.accounts import AccountStream, ProgramStream
from gdx_sdk.streams.connection import Connection
from gdx_sdk.streams.options import StreamOptions
from gdx_sdk.streams.slots import SlotStream
from gdx_sdk.streams.stream import Stream
from gdx_sdk.streams.transactions import EventStream, LogsStream, SignatureStream

if TYPE_CHECKING:
    from gdx_sdk.client import Client, Timer

A = TypeVar("A", bound=Account)


class Streams:
    """Streams that `client` backs: what a socket misses is read with the client's own calls.

    `url` is the WebSocket endpoint; without it the client's own, `client.ws_url`. All
    streams share one connection, which opens with the first of them and is made again when it is lost.
    `rng` draws the jitter of the waits, `timer` waits.

    Used as `async with Streams(client) as streams:`, which closes what is still open at the end.
    """

    def __init__(
        self,
        client: Client,
        url: str | None = None,
        *,
        options: StreamOptions | None = None,
        timer: Timer | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.client, self.options = client, options or StreamOptions()
        endpoint = url or client.ws_url
        if endpoint is None:
            raise InputError("url", None, "must be given: the client knows of no WebSocket endpoint")
        self.url = endpoint
        self.timer: Timer = timer or client.timer
        self.rng = rng or random.Random()
        self._connection: Connection | None = None
        self._connecting = asyncio.Lock()
        self._opened: set[Stream[Any]] = set()
        self._is_closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every stream and the connection."""
        self._is_closed = True
        for stream in list(self._opened):
            await stream.aclose()
        if self._connection is not None:
            await self._connection.aclose()

    async def connect(self) -> Connection:
        """The open connection; one that is lost is replaced. `TransportError` when it cannot be made."""
        async with self._connecting:
            if self._is_closed:
                raise InputError("streams", self.url, "are closed")
            if self._connection is not None:
                if self._connection.is_open:
                    return self._connection
                await self._connection.aclose()
            connection = Connection(self.url, options=self.options)
            try:
                await connection.open()
                await connection.hear_slots()
            except BaseException:
                await connection.aclose()
                raise
            self._connection = connection
            return connection

    def stream_account(
        self, kind: type[A], address: Pubkey, *, commitment: str | None = None
    ) -> AccountStream[A]:
        """The account of type `kind` at `address`: its present state, then every change."""
        return AccountStream(self, kind, address, commitment or self.client.commitment)

    def stream_program(
        self,
        kind: type[A],
        filters: Sequence[MemcmpFilter | int] = (),
        *,
        program_id: Pubkey | None = None,
        commitment: str | None = None,
    ) -> ProgramStream[A]:
        """Every account of type `kind` that passes the filters: `kind.memcmp(field, value)` or a length."""
        return ProgramStream(self, kind, filters, program_id, commitment or self.client.commitment)

    def stream_logs(self, address: Pubkey, *, commitment: str | None = None) -> LogsStream:
        """The logs of every transaction from now on that names `address`."""
        return LogsStream(self, address, commitment or self.client.commitment)

    def stream_events(self, address: Pubkey, *, commitment: str | None = None) -> EventStream:
        """The events of our programs in every transaction from now on that names `address`.

        A program's id gives all of its events, a market's or position's address those it took part in.
        """
        return EventStream(self, address, commitment or self.client.commitment)

    def stream_signature(self, signature: str, *, commitment: str | None = None) -> SignatureStream:
        """One item, once the transaction has reached the commitment; also if it has already."""
        return SignatureStream(self, signature, commitment or self.client.commitment)

    def stream_slots(self) -> SlotStream:
        """Slots as the node begins them."""
        return SlotStream(self)
