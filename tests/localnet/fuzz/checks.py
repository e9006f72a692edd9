"""What must hold of every answer, whatever was asked."""

from __future__ import annotations

import json
from typing import Any

from gdx_localnet.rpc.envelope import read_json

CODES = {-32700, -32600, -32601, -32602, -32001, -32002, -32004, -32007, -32008, -32015, -32016, -32020}
"""Codes that an answer may carry; −32603 only with the cause that `CAUSES` names."""

PARSE_ERROR = {"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": None}

CAUSES = ("Internal Error: Subscription refused",)


class Broken(AssertionError):
    """An answer that breaks a rule."""


def check_http(body: bytes, status: int, raw: bytes) -> dict[str, int]:
    """Check the answer to an HTTP request; how many members succeeded and failed."""
    if len(body) > 50 * 1024:
        _expect(status == 413, "413 for what is too long", raw)
        return {"too long": 1}
    try:
        text = body.decode()
    except UnicodeDecodeError:
        is_told = status == 400 and raw.startswith(b"utf-8 encoding error at byte ")
        _expect(is_told, "400 for what is not UTF-8", raw)
        return {"not utf-8": 1}
    _expect(status == 200, f"status 200, not {status}", raw)
    return check_answer(text, raw.decode())


def check_answer(text: str, raw: str) -> dict[str, int]:
    """Check the answer to the request `text`."""
    answer = json.loads(raw, parse_constant=_no_constant) if raw else None
    try:
        request = read_json(text)
    except ValueError:
        return _check_parse_error(answer)
    members = request if isinstance(request, list) else [request]
    if not all(_has_good_id(member) for member in members):
        return _check_parse_error(answer)
    # Notifications get no answer; every other member gets one, in its place.
    wanted = [member for member in members if not _is_notification(member)]
    given = answer if isinstance(request, list) and answer is not None else [] if answer is None else [answer]
    _expect(isinstance(given, list) and len(wanted) == len(given), "an answer for each member", answer)
    counts: dict[str, int] = {}
    for member, one in zip(wanted, given, strict=True):
        kind = _check_member(member, one)
        counts[kind] = counts.get(kind, 0) + 1
    return counts or {"silent": 1}


def _check_parse_error(answer: Any) -> dict[str, int]:
    _expect(answer == PARSE_ERROR, "a parse error", answer)
    return {"-32700": 1}


def _check_member(member: Any, given: Any) -> str:
    _expect(isinstance(given, dict), "an object as answer", given)
    _expect(("result" in given) != ("error" in given), "a result or an error", given)
    _expect("jsonrpc" in given or given["error"]["message"].startswith("Unsupported"), "a version", given)
    _expect(given["id"] == member.get("id"), f"id {member.get('id')!r}", given)
    _expect("error" in given or is_proper(member), "an error for what is no proper request", (member, given))
    if "result" in given:
        return "answered"
    error = given["error"]
    _expect(isinstance(error["code"], int) and isinstance(error["message"], str), "code and message", given)
    has_cause = error["code"] == -32603 and error["message"].startswith(CAUSES)
    _expect(error["code"] in CODES or has_cause, "a code with a cause", given)
    _expect(bool(error["message"]), "a message", given)
    return str(error["code"])


def is_proper(member: dict[str, Any]) -> bool:
    """Whether JSON-RPC 2.0 lets this request through."""
    is_called = isinstance(member.get("method"), str) and member.get("jsonrpc") == "2.0"
    is_plain = member.keys() <= {"jsonrpc", "id", "method", "params"} and not _repeated(member)
    return is_called and is_plain and isinstance(member.get("params"), list | dict | None)


def _repeated(member: dict[str, Any]) -> frozenset[str]:
    return getattr(member, "repeated", frozenset())


def _has_good_id(member: Any) -> bool:
    if not isinstance(member, dict) or "id" in _repeated(member):
        return False
    value = member.get("id")
    is_number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**64
    return value is None or isinstance(value, str) or is_number


def _is_notification(member: dict[str, Any]) -> bool:
    return "id" not in member and is_proper(member)


def _no_constant(word: str) -> Any:
    raise ValueError(word)


def _expect(holds: bool, wanted: str, given: Any) -> None:
    if not holds:
        raise Broken(f"wanted {wanted}, got {given!r:.2000}")
