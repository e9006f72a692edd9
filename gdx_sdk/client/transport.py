"""The network as a tiny class: one method of JSON-RPC in, its result out, typed errors otherwise."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Protocol

from gdx_sdk.errors import RpcError, TransportError

if TYPE_CHECKING:
    import httpx
    from solana.rpc.async_api import AsyncClient


MAX_ANSWER_BYTES = 512 * 1024 * 1024
BUSY_STATUSES = (429, 502, 503, 504)
"""Too many requests, or a gateway without a node behind it: the node did nothing."""


typed_reader: ContextVar[Callable[[bytes, int], Any] | None] = ContextVar("typed_reader", default=None)
"""How a caller wants an answer's body read, given the request's id, whatever transports are between.

It answers None for a body that it does not understand, which is then read the usual way.
"""


class RpcTransport(Protocol):
    """Anything that can carry a JSON-RPC call: HTTP, solana-py's client, or a fake."""

    async def call(self, method: str, params: list[Any]) -> Any:
        """The `result`; `RpcError` when the endpoint refuses, `TransportError` when it cannot be asked."""

    async def aclose(self) -> None:
        """Let go of connections that the transport opened itself."""


class RpcRefusal(RpcError):
    """The endpoint's JSON-RPC error, with its `data` (a failed simulation, for example)."""

    def __init__(self, method: str, reason: str, code: int | None, data: Any) -> None:
        super().__init__(method, reason, code)
        self.data = data


class HttpTransport:
    """JSON-RPC over HTTP with keep-alive; the connection opens at the first call.

    `timeout_s` is for a whole call, from connecting to the answer's last byte: an endpoint that drips bytes
    does not keep it longer. An answer over `max_answer_bytes` (decompressed) is given up.
    """

    def __init__(
        self, endpoint: str, *, timeout_s: float = 30.0, max_answer_bytes: int = MAX_ANSWER_BYTES
    ) -> None:
        self.endpoint, self.timeout_s, self.max_answer_bytes = endpoint, timeout_s, max_answer_bytes
        self._http: httpx.AsyncClient | None = None
        self._ids = itertools.count(1)

    async def call(self, method: str, params: list[Any]) -> Any:
        """Post one call."""
        import asyncio

        import httpx

        if self._http is None:
            self._http = httpx.AsyncClient(
                timeout=self.timeout_s, transport=httpx.AsyncHTTPTransport(retries=1)
            )
        identifier = next(self._ids)
        body = {"jsonrpc": "2.0", "id": identifier, "method": method, "params": params}
        try:
            async with asyncio.timeout(self.timeout_s):
                reply, content = await self._post(self._http, method, body)
        except (httpx.TimeoutException, TimeoutError) as error:
            raise TransportError(
                method,
                f"{self.endpoint} did not answer in {self.timeout_s} s",
                may_have_arrived=not isinstance(error, httpx.ConnectTimeout),
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            cause = str(error) or type(error).__name__
            never_left = isinstance(error, httpx.ConnectError | httpx.UnsupportedProtocol | httpx.InvalidURL)
            raise TransportError(
                method, f"{self.endpoint} cannot be reached: {cause}", may_have_arrived=not never_left
            ) from error
        said = f"{self.endpoint} answered HTTP {reply.status_code}"
        if reply.status_code in BUSY_STATUSES:
            wait_s = retry_after_s(reply.headers.get("retry-after"))
            raise TransportError(method, said, may_have_arrived=False, retry_after_s=wait_s)
        if reply.status_code >= 500 and not content.lstrip().startswith(b"{"):
            raise TransportError(method, f"{said}: {content[:80]!r}")
        return unwrap(method, content, said, identifier)

    async def _post(
        self, http: httpx.AsyncClient, method: str, body: dict[str, Any]
    ) -> tuple[httpx.Response, bytes]:
        async with http.stream("POST", self.endpoint, json=body) as reply:
            parts, size = [], 0
            async for part in reply.aiter_bytes():
                size += len(part)
                if size > self.max_answer_bytes:
                    limit = f"more than {self.max_answer_bytes} bytes"
                    raise RpcError(method, f"{self.endpoint} answered {limit}; ask for less")
                parts.append(part)
            return reply, b"".join(parts)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None


class SolanaPyTransport:
    """Calls through a `solana.rpc.async_api.AsyncClient`, which stays its owner's to close."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def call(self, method: str, params: list[Any]) -> Any:
        """One raw request over the client's own connection, headers and limits."""
        from solana.exceptions import SolanaRpcException
        from solana.rpc.jsonrpc import JsonRpcRequest, SolanaJsonRpcError

        try:
            return await self._client.send_rpc_request(JsonRpcRequest(method=method, params=params), Any)
        except SolanaJsonRpcError as error:
            raise RpcRefusal(method, error.message, error.code, error.data) from error
        except SolanaRpcException as error:
            raise TransportError(method, f"solana-py's client failed: {error}") from error

    async def aclose(self) -> None:
        """Nothing: the connections are not ours."""


def unwrap(method: str, content: bytes, said: str, identifier: int) -> Any:
    """The `result` of a JSON-RPC reply to the request `identifier`.

    Raises `RpcRefusal` (the endpoint refuses) and `RpcError` (that is no answer to this request).
    """
    read = typed_reader.get()
    if read is not None and (result := read(content, identifier)) is not None:
        return result
    try:
        reply = _loads(content)
    except (ValueError, RecursionError) as error:
        raise RpcError(method, f"{said}, and that is not JSON: {content[:80]!r}") from error
    if not isinstance(reply, dict) or not ("result" in reply or "error" in reply):
        raise RpcError(method, f"{said}, and that is not JSON-RPC: {content[:80]!r}")
    if reply.get("error") is not None:
        refusal = reply["error"] if isinstance(reply["error"], dict) else {"message": str(reply["error"])}
        code = refusal.get("code")
        reason = str(refusal.get("message", refusal))
        raise RpcRefusal(method, reason, code if isinstance(code, int) else None, refusal.get("data"))
    if (found := reply.get("id")) != identifier:
        raise RpcError(method, f"{said} with id {found!r}, but the request's was {identifier}")
    return reply["result"]


def retry_after_s(header: str | None) -> float | None:
    """Seconds that a `Retry-After` header asks for: a number, or a date; None when it says neither."""
    if header is None:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:  # "-0000": no zone is stated, and HTTP has only one
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _loads(content: bytes) -> Any:
    try:
        import msgspec
    except ImportError:
        return json.loads(content)
    return msgspec.json.decode(content)
