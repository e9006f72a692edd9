"""One plain JSON-RPC call to a chain, without an event loop."""

from __future__ import annotations

import time
from typing import Any

from gdx_sdk.errors import RpcError, TransportError

_FIRST_PAUSE_S = 0.25
_MOST_PAUSE_S = 10.0
_AWAY = (429, 500, 502, 503, 504)


def call(url: str, method: str, *params: Any, timeout_s: float = 30.0, attempts: int = 1) -> Any:
    """The result of a call, tried `attempts` times while the endpoint is away or asks to be left alone.

    Raises TransportError when it stays away, RpcError for its refusal.
    """
    import httpx

    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
    pause_s = _FIRST_PAUSE_S
    for attempt in range(1, attempts + 1):
        retry_after_s = 0.0
        try:
            reply = httpx.post(url, json=body, timeout=timeout_s)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = f"{url} cannot be reached: {str(error) or type(error).__name__}"
        else:
            if reply.status_code not in _AWAY:
                return _result(method, reply)
            reason = f"{url} answered HTTP {reply.status_code}"
            retry_after_s = _seconds(reply.headers.get("retry-after", ""))
        if attempt < attempts:
            time.sleep(min(max(pause_s, retry_after_s), _MOST_PAUSE_S))
            pause_s *= 2
    tries = f" ({attempts} tries)" if attempts > 1 else ""
    raise TransportError(method, reason + tries)


def _seconds(text: str) -> float:
    return float(text) if text.isdigit() else 0.0


def _result(method: str, reply: Any) -> Any:
    try:
        answer = reply.json()
    except ValueError as error:
        shown = reply.text[:80]
        raise RpcError(method, f"answered HTTP {reply.status_code}, and not JSON: {shown!r}") from error
    if not isinstance(answer, dict) or not ("result" in answer or "error" in answer):
        raise RpcError(method, f"answered what is not JSON-RPC: {answer!r:.80}")
    if answer.get("error") is not None:
        refusal = answer["error"] if isinstance(answer["error"], dict) else {}
        raise RpcError(method, str(refusal.get("message", answer["error"])), refusal.get("code"))
    return answer["result"]


def is_healthy(url: str, timeout_s: float = 2.0) -> bool:
    """Whether a chain answers that it is healthy."""
    try:
        return bool(call(url, "getHealth", timeout_s=timeout_s) == "ok")
    except RpcError:
        return False
