"""From request bytes to answer bytes."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from gdx_localnet.errors import LocalnetError
from gdx_localnet.rpc.faults import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    RpcFault,
    invalid_params,
)
from gdx_localnet.rpc.params import Args

if TYPE_CHECKING:
    from gdx_localnet.svm import EmbeddedChain

_log = logging.getLogger("gdx_localnet")

VERSION = "4.2.0"
"""The Agave release whose runtime this LiteSVM carries; given as `solana-core` and `apiVersion`."""

_NO_PARAMS = "Invalid parameters: No parameters were expected"

Handler = Callable[["EmbeddedChain", Args], Any]


@dataclass(frozen=True, slots=True)
class Method:
    """A registered method: its handler and how many positional parameters it takes."""

    handler: Handler
    required: int
    accepted: int


METHODS: dict[str, Method] = {}
_FAMILIES = ("accounts", "blocks", "cluster", "controls", "send", "tokens", "transactions")


def method(name: str, *, required: int = 0, accepted: int) -> Callable[[Handler], Handler]:
    """Register a handler for `name`."""

    def register(handler: Handler) -> Handler:
        METHODS[name] = Method(handler, required, accepted)
        return handler

    return register


def with_context(slot: int, value: Any) -> dict[str, Any]:
    """A result that names the slot it speaks for."""
    return {"context": {"apiVersion": VERSION, "slot": slot}, "value": value}


def call(chain: EmbeddedChain, name: str, params: list[Any]) -> Any:
    """The result of one method; raises RpcFault."""
    _load_families()
    found = METHODS.get(name)
    if found is None:
        raise RpcFault(METHOD_NOT_FOUND, "Method not found")
    _check_count(len(params), found)
    with chain.lock:
        chain.catch_up()
        try:
            return found.handler(chain, Args(params))
        except RpcFault:
            raise
        except LocalnetError as error:
            raise invalid_params(str(error)) from error


def _check_count(count: int, found: Method) -> None:
    if count < found.required:
        raise invalid_params(f"`params` should have at least {found.required} argument(s)")
    if count > found.accepted:
        if found.accepted == 0:
            raise invalid_params(_NO_PARAMS)
        range_text = (
            f"{found.required}"
            if found.required == found.accepted
            else f"from {found.required} to {found.accepted}"
        )
        raise RpcFault(
            INVALID_PARAMS,
            f"Invalid parameters: Expected {range_text} parameters.",
            json.dumps(f"Got: {count}"),
        )


@cache
def _load_families() -> None:
    """Import the modules that register methods; done on the first call, since they import this one."""
    for family in _FAMILIES:
        import_module(f"gdx_localnet.rpc.{family}")


def answer(chain: EmbeddedChain, body: bytes) -> bytes:
    """Answer one request or a batch; empty when nothing is to be said (notifications, an empty batch)."""
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        return _encode(error_answer(None, RpcFault(PARSE_ERROR, "Parse error")))
    if isinstance(request, list):
        if not all(isinstance(member, dict) for member in request):
            return _encode(error_answer(None, RpcFault(PARSE_ERROR, "Parse error")))
        answers = [given for member in request if (given := _answer_one(chain, member)) is not None]
        return _encode(answers) if answers else b""
    if not isinstance(request, dict):
        return _encode(error_answer(None, RpcFault(PARSE_ERROR, "Parse error")))
    given = _answer_one(chain, request)
    return _encode(given) if given is not None else b""


def _answer_one(chain: EmbeddedChain, request: dict[str, Any]) -> dict[str, Any] | None:
    identifier = request.get("id")
    is_usable = identifier is None or (isinstance(identifier, int | str) and not isinstance(identifier, bool))
    if not is_usable:
        return error_answer(None, RpcFault(PARSE_ERROR, "Parse error"))
    try:
        name, params = checked_request(request)
    except RpcFault as fault:
        answer = error_answer(identifier, fault)
        if "jsonrpc" not in request:
            del answer["jsonrpc"]
        return answer
    if "id" not in request:
        return None
    try:
        return {"jsonrpc": "2.0", "result": call(chain, name, params), "id": identifier}
    except RpcFault as fault:
        return error_answer(identifier, fault)
    except Exception:
        _log.exception("%s failed", name)
        return error_answer(identifier, RpcFault(INTERNAL_ERROR, "Internal error"))


def checked_request(request: dict[str, Any]) -> tuple[str, list[Any]]:
    """A request's method and parameters; raises RpcFault when it is not JSON-RPC 2.0."""
    name, params = request.get("method"), request.get("params")
    if "jsonrpc" not in request:
        raise RpcFault(INVALID_REQUEST, "Unsupported JSON-RPC protocol version")
    is_formed = isinstance(name, str) and (params is None or isinstance(params, list | dict))
    if request["jsonrpc"] != "2.0" or not is_formed:
        raise RpcFault(INVALID_REQUEST, "Invalid request")
    if isinstance(params, dict):
        _load_families()
        if str(name) in METHODS and METHODS[str(name)].accepted == 0:
            raise RpcFault(INVALID_PARAMS, _NO_PARAMS, f"Map({json.dumps(params)})")
        raise invalid_params("`params` should be an array")
    return str(name), params or []


def error_answer(identifier: Any, fault: RpcFault) -> dict[str, Any]:
    """An answer that carries a fault."""
    return {"jsonrpc": "2.0", "error": fault.body(), "id": identifier}


def _encode(answer: Any) -> bytes:
    return json.dumps(answer, separators=(",", ":")).encode()
