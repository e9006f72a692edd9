"""Connections that cost nothing: their number, their silence and the size of their heads are bounded."""

from __future__ import annotations

import asyncio
import logging
import resource
from dataclasses import dataclass, field

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from gdx_localnet.faults.middleware import TRANSPORT

_log = logging.getLogger("gdx_localnet")

MAX_CONNECTIONS = 20_000
"""Open connections of both ports together, unless the process may open fewer files."""

FILES_KEPT_FREE = 128
"""Files of the process that connections never take: the log, snapshots, whatever the host program opens."""

IDLE_TIMEOUT_S = 75.0
"""How long an HTTP connection may stay open without a request."""

REQUEST_TIMEOUT_S = 30.0
"""How long a request may take to come in, and how long an answer may wait for a client that does not read."""

MAX_HEAD_BYTES = 64 * 1024
"""The request line and the headers together, at most."""


@dataclass(slots=True)
class ConnectionGuard:
    """What one server's protocols share: the limit, and everything that counts towards it."""

    most: int = field(default_factory=lambda: most_connections())
    states: list[ServerState] = field(default_factory=list)
    refused: int = 0

    def is_full(self) -> bool:
        """Whether one more connection would be too many."""
        return sum(len(state.connections) for state in self.states) > self.most

    def refuse(self) -> None:
        """Count a refusal; the log hears of the first and of every thousandth."""
        if self.refused % 1_000 == 0:
            _log.warning("refused a connection: %d are open, the most there may be", self.most)
        self.refused += 1


def most_connections() -> int:
    """`MAX_CONNECTIONS`, or as many as this process may open files, less some for everything else."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(1, min(MAX_CONNECTIONS, soft - FILES_KEPT_FREE))


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP with deadlines, and a transport that the app can see (a fault cuts it)."""

    guard: ConnectionGuard
    _deadline: asyncio.TimerHandle | None = None
    _write_deadline: asyncio.TimerHandle | None = None
    _is_in_request = False
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, TRANSPORT: transport}
        if self.guard.is_full():
            self.guard.refuse()
            self._hang_up(503, f"too many connections: {self.guard.most} are open\n")
        else:
            self._restart(IDLE_TIMEOUT_S)

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel()
        if self._write_deadline is not None:
            self._write_deadline.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > MAX_HEAD_BYTES:
            self._hang_up(431, f"the request's head is longer than {MAX_HEAD_BYTES} bytes\n")

    def handle_websocket_upgrade(self) -> None:
        self._cancel()
        super().handle_websocket_upgrade()

    def on_message_begin(self) -> None:
        self._is_in_request = True
        self._restart(REQUEST_TIMEOUT_S)
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._head_bytes = -MAX_HEAD_BYTES  # whatever of the body came with the head does not count

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_in_request, self._head_bytes = False, 0
        self._cancel()
        super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._write_deadline is None:
            self._write_deadline = self.loop.call_later(REQUEST_TIMEOUT_S, self._give_up_writing)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._write_deadline is not None:
            self._write_deadline.cancel()
            self._write_deadline = None

    def _restart(self, seconds: float) -> None:
        self._cancel()
        self._deadline = self.loop.call_later(seconds, self._expire)

    def _cancel(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _expire(self) -> None:
        if self._is_in_request and (self.cycle is None or not self.cycle.response_started):
            self._hang_up(408, f"the request did not come in within {REQUEST_TIMEOUT_S:.0f} s\n")
        else:
            self.transport.close()

    def _give_up_writing(self) -> None:
        _log.warning("dropped an HTTP client: it reads too slowly")
        self.transport.abort()

    def _hang_up(self, status: int, text: str) -> None:
        """Answer with a status, whatever was asked, and close."""
        if self.transport.is_closing():
            return
        self._cancel()
        body = text.encode()
        head = f"HTTP/1.1 {status} {_REASONS[status]}\r\ncontent-type: text/plain; charset=utf-8\r\n"
        self.transport.write(
            f"{head}content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body
        )
        self.transport.close()


_REASONS = {408: "Request Timeout", 431: "Request Header Fields Too Large", 503: "Service Unavailable"}


def guarded_protocol(guard: ConnectionGuard) -> type[GuardedProtocol]:
    """A protocol class whose connections count towards `guard`."""
    return type("GuardedProtocol", (GuardedProtocol,), {"guard": guard})
