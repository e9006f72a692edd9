"""The network as a tiny class: one method of JSON-RPC in, its result out, typed errors otherwise."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any, Protocol

from gdx_sdk.errors import RpcError, TransportError

if TYPE_CHECKING:
    import httpx
    from solana.rpc.async_api import AsyncClient


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
    """JSON-RPC over HTTP with keep-alive; the connection opens at the first call."""

    def __init__(self, endpoint: str, *, timeout_s: float = 30.0) -> None:
        self.endpoint, self.timeout_s = endpoint, timeout_s
        self._http: httpx.AsyncClient | None = None
        self._ids = itertools.count(1)

    async def call(self, method: str, params: list[Any]) -> Any:
        """Post one call."""
        import httpx

        if self._http is None:
            self._http = httpx.AsyncClient(
                timeout=self.timeout_s, transport=httpx.AsyncHTTPTransport(retries=1)
            )
        body = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        try:
            reply = await self._http.post(self.endpoint, json=body)
        except httpx.TimeoutException as error:
            raise TransportError(method, f"{self.endpoint} did not answer in {self.timeout_s} s") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            cause = str(error) or type(error).__name__
            raise TransportError(method, f"{self.endpoint} cannot be reached: {cause}") from error
        if reply.status_code in (429, 502, 503, 504):
            raise TransportError(method, f"{self.endpoint} answered HTTP {reply.status_code}")
        return unwrap(method, reply.content, f"{self.endpoint} answered HTTP {reply.status_code}")

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


def transport_for(endpoint: object, *, timeout_s: float) -> RpcTransport:
    """The transport for what a caller gave: an URL, solana-py's client, or a transport."""
    if isinstance(endpoint, str):
        return HttpTransport(endpoint, timeout_s=timeout_s)
    if hasattr(endpoint, "call"):
        return endpoint  # type: ignore[return-value]
    if hasattr(endpoint, "send_rpc_request"):
        return SolanaPyTransport(endpoint)  # type: ignore[arg-type]
    provider = getattr(endpoint, "_provider", None)  # solana-py before 0.38 has no raw request
    if provider is not None and hasattr(provider, "endpoint_uri"):
        return HttpTransport(str(provider.endpoint_uri), timeout_s=timeout_s)
    raise TypeError(
        f"endpoint must be a URL, an AsyncClient or an RpcTransport, not {type(endpoint).__name__}"
    )


def unwrap(method: str, content: bytes, said: str) -> Any:
    """The `result` of a JSON-RPC reply."""
    try:
        reply = _loads(content)
    except ValueError as error:
        raise RpcError(method, f"{said}, and that is not JSON: {content[:80]!r}") from error
    if not isinstance(reply, dict) or not ("result" in reply or "error" in reply):
        raise RpcError(method, f"{said}, and that is not JSON-RPC: {content[:80]!r}")
    if reply.get("error") is not None:
        refusal = reply["error"] if isinstance(reply["error"], dict) else {"message": str(reply["error"])}
        code = refusal.get("code")
        reason = str(refusal.get("message", refusal))
        raise RpcRefusal(method, reason, code if isinstance(code, int) else None, refusal.get("data"))
    return reply["result"]


def _loads(content: bytes) -> Any:
    try:
        import msgspec
    except ImportError:
        return json.loads(content)
    return msgspec.json.decode(content)
