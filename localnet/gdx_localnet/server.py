"""The embedded chain over HTTP and WebSocket: one ASGI app, two ports, one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import uvicorn

from gdx_localnet.connections import IDLE_TIMEOUT_S, ConnectionGuard, guarded_protocol
from gdx_localnet.errors import EngineError
from gdx_localnet.faults.middleware import FaultMiddleware
from gdx_localnet.ports import bind_ports
from gdx_localnet.rpc.dispatcher import answer
from gdx_localnet.rpc.parsed_accounts import ui_amount_text
from gdx_localnet.svm import EmbeddedChain
from gdx_localnet.ws import SubscriptionHub

MAX_BODY_BYTES = 50 * 1024
"""The validator's limit on a request's body."""

_START_TIMEOUT_S = 10.0
_WS_MAX_BYTES = 64 * 1024
_SOL_DECIMALS = 9

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_CORS = [(b"access-control-allow-origin", b"*"), (b"vary", b"origin")]
_JSON = (b"content-type", b"application/json; charset=utf-8")
_TEXT = (b"content-type", b"text/plain; charset=utf-8")


class RpcApp:
    """The ASGI app: POST is JSON-RPC, GET /health says ok, a WebSocket subscribes."""

    def __init__(self, chain: EmbeddedChain, hub: SubscriptionHub) -> None:
        self._chain, self._hub = chain, hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or one socket."""
        if scope["type"] == "websocket":
            await self._hub.serve(scope, receive, send)
        elif scope["type"] == "http":
            await self._serve_http(scope, receive, send)

    async def _serve_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        verb, path = scope["method"], scope["path"]
        if path == "/health" and verb in ("GET", "POST"):
            await _respond(send, 200, b"ok", [])
        elif verb == "GET" and path in ("/v0/circulating-supply", "/v0/total-supply"):
            await _respond(send, 200, self._supply_sol().encode(), [])
        elif verb == "POST":
            await self._serve_post(scope, receive, send)
        elif verb == "OPTIONS":
            allow = [(b"allow", b"OPTIONS, POST"), (b"access-control-allow-methods", b"OPTIONS, POST")]
            headers = [*allow, (b"access-control-allow-headers", b"*"), (b"access-control-max-age", b"86400")]
            await _respond(send, 200, b"", [_JSON, *headers])
        else:
            text = b"Used HTTP Method is not allowed. POST or OPTIONS is required\n"
            await _respond(send, 405, text, [_TEXT])

    def _supply_sol(self) -> str:
        total: int = self._chain.rpc("getSupply")["value"]["total"]
        return ui_amount_text(total, _SOL_DECIMALS)

    async def _serve_post(self, scope: Scope, receive: Receive, send: Send) -> None:
        content_type = dict(scope["headers"]).get(b"content-type", b"").lower()
        if not _is_json(content_type):
            text = b"Supplied content type is not allowed. Content-Type: application/json is required\n"
            await _respond(send, 415, text, [_TEXT])
            return
        body = await _read_body(receive)
        if body is None:
            text = b"request body size exceeds allowed maximum"
            await _respond(send, 413, text, [_TEXT, (b"connection", b"close")])
            return
        try:
            answered = answer(self._chain, body)
        except UnicodeDecodeError as error:
            text = f"utf-8 encoding error at byte {error.start} in request body".encode()
            await _respond(send, 400, text, [_TEXT])
            return
        await _respond(send, 200, answered, [_JSON])


def _is_json(content_type: bytes) -> bool:
    """`application/json`, alone or with parameters that have values."""
    kind, *parameters = (part.strip() for part in content_type.split(b";"))
    return kind == b"application/json" and all(b"=" in parameter for parameter in parameters)


async def _read_body(receive: Receive) -> bytes | None:
    """The whole body, or None when it is longer than allowed (the rest is not read)."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


async def _respond(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length, *_CORS]})
    await send({"type": "http.response.body", "body": body})


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


@dataclass(slots=True)
class ServerHandle:
    """A running server. `rpc_port` carries HTTP, `rpc_port + 1` WebSocket."""

    chain: EmbeddedChain
    host: str
    rpc_port: int
    _stop: Callable[[], None]

    @property
    def url(self) -> str:
        """HTTP endpoint."""
        return f"http://{self.host}:{self.rpc_port}"

    @property
    def ws_url(self) -> str:
        """WebSocket endpoint."""
        return f"ws://{self.host}:{self.rpc_port + 1}"

    def stop(self) -> None:
        """Stop serving; the chain stays usable in this process."""
        self._stop()


async def serve(
    chain: EmbeddedChain,
    *,
    host: str = "127.0.0.1",
    rpc_port: int = 8899,
    stop: asyncio.Event | None = None,
    on_ready: Callable[[ServerHandle], None] | None = None,
) -> None:
    """Serve `chain` until `stop` is set (or the task is cancelled). Raises PortInUse."""
    sockets = bind_ports(host, rpc_port)
    port = sockets[0].getsockname()[1]
    chain.served_at = (f"{host}:{port}", f"{host}:{port + 1}")
    loop, stop = asyncio.get_running_loop(), stop or asyncio.Event()
    hub = SubscriptionHub(chain, loop)
    app = FaultMiddleware(RpcApp(chain, hub), chain.faults, MAX_BODY_BYTES)
    guard = ConnectionGuard()
    servers = [_Server(_config(app, guard)) for _ in sockets]
    guard.states += [server.server_state for server in servers]
    runs = [asyncio.ensure_future(s.serve([sock])) for s, sock in zip(servers, sockets, strict=True)]
    ticker = asyncio.ensure_future(_tick(chain))
    try:
        await _until_started(servers)
        if on_ready is not None:
            on_ready(ServerHandle(chain, host, port, partial(_set_from_any_thread, loop, stop)))
        await stop.wait()
    finally:
        chain.served_at = None
        ticker.cancel()
        await hub.close()
        for server in servers:
            server.should_exit = server.force_exit = True
        await asyncio.gather(*runs, return_exceptions=True)
        for sock in sockets:
            sock.close()


def _set_from_any_thread(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended already
        loop.call_soon_threadsafe(stop.set)


async def _until_started(servers: list[_Server]) -> None:
    # uvicorn tells nobody when it starts; it takes a few milliseconds.
    while not all(server.started for server in servers):  # noqa: ASYNC110
        await asyncio.sleep(0.002)


def _config(app: FaultMiddleware, guard: ConnectionGuard) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_level="warning",
        log_config=None,
        access_log=False,
        lifespan="off",
        http=guarded_protocol(guard),
        timeout_keep_alive=int(IDLE_TIMEOUT_S),
        ws="websockets-sansio",
        ws_max_size=_WS_MAX_BYTES,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=1,
        server_header=False,
        date_header=False,
    )


async def _tick(chain: EmbeddedChain) -> None:
    """Open slots on time even when nobody asks anything."""
    while True:
        await asyncio.sleep(chain.slot_ms / 1000)
        chain.catch_up()


def start_in_thread(chain: EmbeddedChain, *, host: str = "127.0.0.1", rpc_port: int = 0) -> ServerHandle:
    """Serve `chain` from a thread of this process; returns once it answers. Raises PortInUse."""
    ready = threading.Event()
    handles: list[ServerHandle] = []
    failures: list[BaseException] = []

    def on_ready(handle: ServerHandle) -> None:
        handles.append(handle)
        ready.set()

    def run() -> None:
        try:
            asyncio.run(serve(chain, host=host, rpc_port=rpc_port, on_ready=on_ready))
        except BaseException as error:
            failures.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="gdx-localnet", daemon=True)
    thread.start()
    if not ready.wait(_START_TIMEOUT_S) or not handles:
        raise failures[0] if failures else EngineError("the embedded chain did not start to serve in time")
    served = handles[0]

    def stop() -> None:
        served.stop()
        thread.join(_START_TIMEOUT_S)

    return ServerHandle(chain, host, served.rpc_port, stop)
