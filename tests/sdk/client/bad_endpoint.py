"""An HTTP endpoint that answers whatever a test likes, byte for byte."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress


@asynccontextmanager
async def endpoint(
    answer: Callable[[bytes], Awaitable[bytes]],
    *,
    after: Callable[[asyncio.StreamWriter], Awaitable[None]] | None = None,
) -> AsyncIterator[str]:
    """A server that reads one HTTP request per connection and sends what `answer` makes of its body."""
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        with suppress(ConnectionError, asyncio.CancelledError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length")
            )
            writer.write(await answer(await reader.readexactly(length)))
            await writer.drain()
            if after is not None:
                await after(writer)
        writer.close()
        serving.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for task in serving:
            task.cancel()


def http(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    """A response with this body."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{more}\r\n".encode() + body


def result(request: bytes, text: str) -> bytes:
    """The JSON-RPC answer to `request` with this result."""
    return http(f'{{"jsonrpc":"2.0","id":{json.loads(request)["id"]},"result":{text}}}'.encode())
