"""HTTP transport: every way an endpoint can fail is a typed error."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gdx_sdk.client import Client, HttpTransport, RpcRefusal
from gdx_sdk.errors import InputError, RpcError, TransportError
from gdx_sdk.testing import FakeRpc

Answer = Callable[[dict[str, Any]], bytes]


@asynccontextmanager
async def endpoint(answer: Callable[[bytes], Awaitable[bytes]]) -> AsyncIterator[str]:
    """A server that reads one HTTP request per connection and sends what `answer` makes of its body."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        )
        writer.write(await answer(await reader.readexactly(length)))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def http(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


async def test_a_result_comes_back() -> None:
    async def answer(body: bytes) -> bytes:
        call = json.loads(body)
        return http(
            json.dumps(
                {"jsonrpc": "2.0", "id": call["id"], "result": [call["method"], call["params"]]}
            ).encode()
        )

    async with endpoint(answer) as url, Client(url) as client:
        assert await client.rpc("getX", [1]) == ["getX", [1]]
        assert await client.rpc("getY") == ["getY", []]


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (http(b"<html>"), RpcError, "not JSON"),
        (http(b"[1]"), RpcError, "not JSON-RPC"),
        (http(b"oops", "500 Internal Server Error"), RpcError, "HTTP 500"),
        (http(b"slow down", "429 Too Many Requests"), TransportError, "HTTP 429"),
        (http(b'{"error":{"code":-32602,"message":"bad","data":{"a":1}}}'), RpcRefusal, "bad"),
        (http(b'{"error":"strange"}'), RpcRefusal, "strange"),
        (b"", TransportError, "cannot be reached"),
    ],
)
async def test_what_is_no_result_is_a_typed_error(reply: bytes, kind: type[RpcError], words: str) -> None:
    async def answer(_: bytes) -> bytes:
        return reply

    async with endpoint(answer) as url, Client(url) as client:
        with pytest.raises(kind, match=words) as failed:
            await client.rpc("getX")
    assert type(failed.value) is kind
    assert failed.value.method == "getX"


async def test_silence_ends_with_the_timeout() -> None:
    async def answer(_: bytes) -> bytes:
        await asyncio.sleep(30)
        return b""

    async with endpoint(answer) as url, Client(url, timeout_s=0.05) as client:
        with pytest.raises(TransportError, match=r"did not answer in 0\.05 s"):
            await client.rpc("getX")


async def test_nobody_there_is_a_transport_error() -> None:
    async with endpoint(None) as url:  # type: ignore[arg-type]
        pass
    async with Client(url) as client:
        with pytest.raises(TransportError, match="cannot be reached"):
            await client.get_slot()
    async with Client("not a url") as client:
        with pytest.raises(TransportError, match="cannot be reached"):
            await client.get_slot()


def test_what_is_no_endpoint_is_refused() -> None:
    with pytest.raises(TypeError, match="URL, an AsyncClient or an RpcTransport, not int"):
        Client(5)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="processed, confirmed, finalized"):
        Client(FakeRpc(), commitment="max")


async def test_closing_twice_is_fine() -> None:
    transport = HttpTransport("http://127.0.0.1:9")
    await transport.aclose()
    await transport.aclose()
