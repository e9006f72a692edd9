"""JSON-RPC's envelope: from text to calls, and from results to answers; as strict as a validator."""

from __future__ import annotations

import json
import logging
import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from gdx_localnet.rpc.faults import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    PARSE_ERROR,
    RpcFault,
)

_log = logging.getLogger("gdx_localnet")

MAX_DEPTH = 127
"""Arrays and objects inside one another, at most: the recursion limit of the validator's JSON reader."""

_MEMBERS = frozenset(("jsonrpc", "method", "params", "id"))
_U64_MAX, _I64_MIN = 2**64 - 1, -(2**63)
_MOST_DIGITS = 400
_UNSUPPORTED = "Unsupported JSON-RPC protocol version"

Invoke = Callable[[str, Any], Any]
"""Answers one method with its `params` as they came; raises RpcFault."""


class _Object(dict[str, Any]):
    """An object of which some member came more than once."""

    repeated: frozenset[str] = frozenset()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    found = _Object(members)
    found.repeated = frozenset(
        name for name, count in Counter(name for name, _ in pairs).items() if count > 1
    )
    return found


def _integer(text: str) -> int | float:
    """An integer that fits 64 bits; a longer one is a floating point number to the validator, −0 too."""
    if len(text) > _MOST_DIGITS:
        raise ValueError("number out of range")
    value = int(text)
    return value if _I64_MIN <= value <= _U64_MAX and text != "-0" else _float(text)


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError("number out of range")
    return value


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


_encoder = msgspec.json.Encoder()
_decoder = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant
)


def read_json(text: str) -> Any:
    """The value of JSON `text`. Raises ValueError: not JSON, too deep, or half a character in it."""
    try:
        value = _decoder.decode(text)
    except RecursionError as error:
        raise ValueError("too deep") from error
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise ValueError("too deep")
    if "\\u" in text:
        json.dumps(value, ensure_ascii=False).encode()  # a lone surrogate does not encode: UnicodeEncodeError
    return value


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level := [member for member in level if isinstance(member, list | dict)]:
        depth += 1
        level = [inner for member in level for inner in _inner(member)]
    return depth


def _inner(member: list[Any] | dict[str, Any]) -> Iterable[Any]:
    return member.values() if isinstance(member, dict) else member


@dataclass(frozen=True, slots=True)
class _Call:
    """One call. `fault` is set when it is not a proper one; a notification wants no answer."""

    name: str
    params: Any
    identifier: Any
    is_notification: bool
    fault: RpcFault | None = None


def respond(text: str, invoke: Invoke) -> Any:
    """The answer to one request or a batch; None when nothing is to be said (to notifications)."""
    try:
        request = read_json(text)
    except ValueError:
        return error_answer(None, _parse_error())
    try:
        calls = [_read_call(member) for member in (request if isinstance(request, list) else [request])]
    except RpcFault as fault:
        return error_answer(None, fault)
    answers = [answer for call in calls if (answer := _answer(call, invoke)) is not None]
    if isinstance(request, list):
        return answers or None
    return answers[0] if answers else None


def _parse_error() -> RpcFault:
    return RpcFault(PARSE_ERROR, "Parse error")


def _read_call(member: Any) -> _Call:
    """Raises RpcFault when not even an `id` can be made out."""
    if not isinstance(member, dict):
        raise _parse_error()
    identifier = member.get("id")
    repeated = member.repeated if isinstance(member, _Object) else frozenset()
    if "id" in repeated or not _is_identifier(identifier):
        raise _parse_error()
    name, params, version = member.get("method"), member.get("params"), member.get("jsonrpc")
    is_formed = isinstance(name, str) and (params is None or isinstance(params, list | dict))
    if repeated or not is_formed or not member.keys() <= _MEMBERS or version not in (None, "2.0"):
        return _Call("", None, identifier, False, RpcFault(INVALID_REQUEST, "Invalid request"))
    fault = RpcFault(INVALID_REQUEST, _UNSUPPORTED) if version is None else None
    return _Call(str(name), params, identifier, "id" not in member, fault)


def _is_identifier(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int):
        return value is None or isinstance(value, str)
    return value >= 0


def _answer(call: _Call, invoke: Invoke) -> dict[str, Any] | None:
    if call.fault is not None:
        answer = error_answer(call.identifier, call.fault)
        if call.fault.message == _UNSUPPORTED:  # the validator answers in the version that was asked in
            del answer["jsonrpc"]
        return answer
    if call.is_notification:
        return None
    try:
        return {"jsonrpc": "2.0", "result": invoke(call.name, call.params), "id": call.identifier}
    except RpcFault as fault:
        return error_answer(call.identifier, fault)
    except Exception:
        _log.exception("%s failed", call.name)
        return error_answer(call.identifier, RpcFault(INTERNAL_ERROR, "Internal error"))


def error_answer(identifier: Any, fault: RpcFault) -> dict[str, Any]:
    """An answer that carries a fault."""
    return {"jsonrpc": "2.0", "error": fault.body(), "id": identifier}


def encode(answer: Any) -> str:
    """An answer as JSON text."""
    try:
        return _encoder.encode(answer).decode()
    except (TypeError, ValueError, OverflowError):  # an identifier beyond 64 bits, as it was given
        return json.dumps(answer, separators=(",", ":"))
