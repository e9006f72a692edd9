"""Frames of a subscription socket, read strictly: one that cannot be read may have been a notification."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from gdx_sdk.errors import RpcError

SOCKET = "websocket"


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification: `slot` it is true as of, `value` as JSON-RPC gives it."""

    kind: str
    subscription_id: int
    slot: int
    value: Any


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to the request `id`: its result, or the members of its error."""

    id: int
    result: Any = None
    error: dict[str, Any] | None = None


def parse_frame(raw: str | bytes) -> list[Answer | Notification]:
    """The messages of one frame; `RpcError` quotes a frame that is not JSON-RPC."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise RpcError(SOCKET, f"received what is not JSON: {_short(raw)}") from error
    try:
        return [_parse(part) for part in (body if isinstance(body, list) else [body])]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RpcError(SOCKET, f"received what is not JSON-RPC: {_short(raw)}") from error


def _parse(body: dict[str, Any]) -> Answer | Notification:
    if "method" in body:
        return _notification(body)
    error = body.get("error")
    identifier = body["id"]
    if error is not None and identifier is None:  # the endpoint could not read what we sent
        raise RpcError(SOCKET, str(error["message"]), error.get("code"))
    if error is None and "result" not in body:
        raise KeyError("result")
    return Answer(_integer(identifier), body.get("result"), dict(error) if error is not None else None)


def _notification(body: dict[str, Any]) -> Notification:
    kind, params = str(body["method"]), body["params"]
    if not kind.endswith("Notification"):
        raise ValueError(kind)
    result, value = params["result"], params["result"]
    if isinstance(result, int):
        slot = result
    elif "context" in result:
        slot, value = result["context"]["slot"], result["value"]
    else:
        slot = result["slot"]
    return Notification(
        kind.removesuffix("Notification"), _integer(params["subscription"]), _integer(slot), value
    )


def _integer(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(f"{value!r} is no integer")
    return value


def _short(raw: str | bytes) -> str:
    return repr(raw if len(raw) <= 80 else raw[:80]) + ("" if len(raw) <= 80 else f" … ({len(raw)} long)")
