"""`/livez`, `/readyz` and `/metrics`: each answer asks every dependency now; no stored "ok"."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gdx_keepers.core.metrics import Metrics
from gdx_keepers.errors import Fatal

Check = Callable[[], Awaitable[None]]
"""Returns when the dependency works; raises with the reason when it does not."""

CHECK_TIMEOUT_S = 2.0
MAX_REQUEST_BYTES = 8_192


@dataclass(frozen=True, slots=True)
class DependencyStatus:
    """What one check found."""

    name: str
    is_ok: bool
    reason: str = ""


class Health:
    """Two lists of named checks: liveness (false: restart me) and readiness (false: no work done)."""

    def __init__(self) -> None:
        self._live: dict[str, Check] = {}
        self._ready: dict[str, Check] = {}

    def add_liveness(self, name: str, check: Check) -> None:
        """Register something whose failure only a restart can mend."""
        self._live[name] = check

    def add_readiness(self, name: str, check: Check) -> None:
        """Register a dependency without which the keeper cannot do its work."""
        self._ready[name] = check

    async def livez(self) -> list[DependencyStatus]:
        """Status of every liveness check."""
        return await _ask_all(self._live)

    async def readyz(self) -> list[DependencyStatus]:
        """Status of every liveness and readiness check."""
        return await _ask_all({**self._live, **self._ready})


async def _ask_all(checks: dict[str, Check]) -> list[DependencyStatus]:
    return list(await asyncio.gather(*(_ask(name, check) for name, check in checks.items())))


async def _ask(name: str, check: Check) -> DependencyStatus:
    try:
        await asyncio.wait_for(check(), CHECK_TIMEOUT_S)
    except TimeoutError:
        return DependencyStatus(name, False, f"no answer within {CHECK_TIMEOUT_S:g} s")
    except Exception as error:  # whatever a dependency raises is the reason to report
        return DependencyStatus(name, False, f"{type(error).__name__}: {error}")
    return DependencyStatus(name, True)


class HealthServer:
    """A minimal HTTP/1.1 server for the three read-only pages; `port` 0 picks a free one."""

    def __init__(self, health: Health, metrics: Metrics, host: str, port: int) -> None:
        self._health, self._metrics, self._host, self._port = health, metrics, host, port
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port listened on."""
        return int(self._server.sockets[0].getsockname()[1]) if self._server else self._port

    async def start(self) -> None:
        """Listen; `Fatal` names host and port when they are taken."""
        try:
            self._server = await asyncio.start_server(self._serve, self._host, self._port)
        except OSError as error:
            raise Fatal(f"telemetry.listen = {self._host}:{self._port}: {error.strerror or error}") from error

    async def stop(self) -> None:
        """Close the listening socket."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, TimeoutError, asyncio.IncompleteReadError, ValueError):
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), CHECK_TIMEOUT_S)
            request = head[:MAX_REQUEST_BYTES].split(b"\r\n", 1)[0].decode("latin-1").split(" ")
            status, kind, body = await self._answer(request)
            writer.write(
                f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
                "Connection: close\r\n\r\n".encode()
                + body
            )
            await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def _answer(self, request: list[str]) -> tuple[str, str, bytes]:
        if len(request) != 3 or request[0] != "GET":
            return "405 Method Not Allowed", "text/plain", b"only GET\n"
        path = request[1].split("?", 1)[0]
        if path == "/metrics":
            return "200 OK", "text/plain; version=0.0.4; charset=utf-8", self._metrics.render()
        if path == "/livez":
            return _page(await self._health.livez())
        if path == "/readyz":
            return _page(await self._health.readyz())
        return "404 Not Found", "text/plain", b"try /livez, /readyz or /metrics\n"


def _page(statuses: list[DependencyStatus]) -> tuple[str, str, bytes]:
    is_ok = all(status.is_ok for status in statuses)
    body = {
        "ok": is_ok,
        "dependencies": {status.name: "ok" if status.is_ok else status.reason for status in statuses},
    }
    status_line = "200 OK" if is_ok else "503 Service Unavailable"
    return status_line, "application/json", json.dumps(body, indent=2).encode() + b"\n"
