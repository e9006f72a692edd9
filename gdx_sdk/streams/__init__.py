"""Subscriptions over WebSocket: `Connection` is the bare one, `Streams` the ones that survive a lost socket.

    async with Client(url) as client, Streams(client) as streams:
        async with streams.stream_account(PerpMarket, address) as stream:
            async for item in stream:
                ...  # AccountUpdate, Gap or Resynced

What a stream promises: an account's states come with rising slots and never an older one after a newer
one, nothing comes twice, and what the socket did not tell is read from the chain and said by `Gap` and
`Resynced`. A reader that is too slow gets `StreamOverflow`. Nothing is dropped in silence.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gdx_sdk.streams._frames import Notification
    from gdx_sdk.streams.accounts import AccountStream, ProgramStream
    from gdx_sdk.streams.connection import Connection, Subscription
    from gdx_sdk.streams.items import (
        AccountUpdate,
        EventUpdate,
        Gap,
        Origin,
        Resynced,
        SignatureUpdate,
        SlotUpdate,
        TransactionLogs,
    )
    from gdx_sdk.streams.options import StreamOptions
    from gdx_sdk.streams.requests import (
        SubscriptionRequest,
        account_request,
        logs_request,
        program_request,
        root_request,
        signature_request,
        slot_request,
        websocket_url,
    )
    from gdx_sdk.streams.slots import SlotStream
    from gdx_sdk.streams.stream import Stream
    from gdx_sdk.streams.streams import Streams
    from gdx_sdk.streams.transactions import EventStream, LogsStream, SignatureStream

_HOME = {
    "AccountStream": "accounts",
    "AccountUpdate": "items",
    "Connection": "connection",
    "EventStream": "transactions",
    "EventUpdate": "items",
    "Gap": "items",
    "LogsStream": "transactions",
    "Notification": "_frames",
    "Origin": "items",
    "ProgramStream": "accounts",
    "Resynced": "items",
    "SignatureStream": "transactions",
    "SignatureUpdate": "items",
    "SlotStream": "slots",
    "SlotUpdate": "items",
    "Stream": "stream",
    "StreamOptions": "options",
    "Streams": "streams",
    "Subscription": "connection",
    "SubscriptionRequest": "requests",
    "TransactionLogs": "items",
    "account_request": "requests",
    "logs_request": "requests",
    "program_request": "requests",
    "root_request": "requests",
    "signature_request": "requests",
    "slot_request": "requests",
    "websocket_url": "requests",
}

__all__ = [
    "AccountStream",
    "AccountUpdate",
    "Connection",
    "EventStream",
    "EventUpdate",
    "Gap",
    "LogsStream",
    "Notification",
    "Origin",
    "ProgramStream",
    "Resynced",
    "SignatureStream",
    "SignatureUpdate",
    "SlotStream",
    "SlotUpdate",
    "Stream",
    "StreamOptions",
    "Streams",
    "Subscription",
    "SubscriptionRequest",
    "TransactionLogs",
    "account_request",
    "logs_request",
    "program_request",
    "root_request",
    "signature_request",
    "slot_request",
    "websocket_url",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
