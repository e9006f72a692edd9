"""The network as a tiny class: one method of JSON-RPC in, its result out, typed errors otherwise."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
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
    """Calls through a `solana.rpc.async_api.AsyncClient`, which stays its owner's to close.

    Its connection, headers and limits carry them; answers are read as those of `HttpTransport`, and a call
    takes at most `timeout_s`, which solana-py would stretch for an endpoint that drips bytes.
    """

    def __init__(self, client: AsyncClient, *, timeout_s: float = 30.0) -> None:
        self._provider: Any = client._provider
        self._ids, self.timeout_s = itertools.count(1), timeout_s

    async def call(self, method: str, params: list[Any]) -> Any:
        """One raw request."""
        import asyncio

        request = _Request({"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params})
        try:
            async with asyncio.timeout(self.timeout_s):
                text = await self._provider.make_request_unparsed(request)
        except TimeoutError as error:
            said = f"{self._provider.endpoint_uri} did not answer in {self.timeout_s} s"
            raise TransportError(method, said) from error
        except Exception as error:  # of several libraries, as the version of solana-py has it
            raise self._failed(method, error) from error
        said = f"{self._provider.endpoint_uri} answered"
        return unwrap(method, text.encode(), said, request.body["id"])

    def _failed(self, method: str, error: Exception) -> TransportError:
        cause = error.__cause__ or error
        reply = getattr(cause, "response", None)
        is_busy = getattr(reply, "status_code", None) in BUSY_STATUSES
        wait_s = retry_after_s(reply.headers.get("retry-after")) if is_busy and reply is not None else None
        said = f"solana-py's client of {self._provider.endpoint_uri} failed: {type(cause).__name__}: {cause}"
        return TransportError(method, said, may_have_arrived=not is_busy, retry_after_s=wait_s)

    async def aclose(self) -> None:
        """Nothing: the connections are not ours."""


@dataclass(frozen=True, slots=True)
class _Request:
    """What solana-py posts: anything with `to_json`."""

    body: dict[str, Any]

    def to_json(self) -> str:
        return json.dumps(self.body)


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
