"""From a method's name and parameters to its result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from gdx_localnet.errors import LocalnetError
from gdx_localnet.rpc.envelope import encode, respond
from gdx_localnet.rpc.faults import METHOD_NOT_FOUND, RpcFault, invalid_params
from gdx_localnet.rpc.params import Args, read_params

if TYPE_CHECKING:
    from gdx_localnet.svm import EmbeddedChain

VERSION = "4.2.0"
"""The Agave release whose runtime this LiteSVM carries; given as `solana-core` and `apiVersion`."""

Handler = Callable[["EmbeddedChain", Args], Any]


@dataclass(frozen=True, slots=True)
class Method:
    """A registered method: its handler, how many positional parameters it takes, what its trailing object
    is called in a validator's messages."""

    handler: Handler
    required: int
    accepted: int
    config: str


METHODS: dict[str, Method] = {}
_FAMILIES = ("accounts", "blocks", "cluster", "controls", "send", "tokens", "transactions")


def method(
    name: str, *, required: int = 0, accepted: int, config: str = "RpcContextConfig"
) -> Callable[[Handler], Handler]:
    """Register a handler for `name`."""

    def register(handler: Handler) -> Handler:
        METHODS[name] = Method(handler, required, accepted, config)
        return handler

    return register


def with_context(slot: int, value: Any) -> dict[str, Any]:
    """A result that names the slot it speaks for."""
    return {"context": {"apiVersion": VERSION, "slot": slot}, "value": value}


def call(chain: EmbeddedChain, name: str, params: Any) -> Any:
    """The result of one method; raises RpcFault."""
    _load_families()
    found = METHODS.get(name)
    if found is None:
        raise RpcFault(METHOD_NOT_FOUND, "Method not found")
    values = read_params(params, found.required, found.accepted)
    size = found.required if found.required == found.accepted else None
    args = Args(values, config=found.config, size=size)
    with chain.lock:
        chain.catch_up()
        try:
            return found.handler(chain, args)
        except RpcFault:
            raise
        except LocalnetError as error:
            raise invalid_params(str(error)) from error


@cache
def _load_families() -> None:
    """Import the modules that register methods; done on the first call, since they import this one."""
    for family in _FAMILIES:
        import_module(f"gdx_localnet.rpc.{family}")


def answer(chain: EmbeddedChain, body: bytes) -> bytes:
    """Answer one request or a batch; empty when nothing is to be said. Raises UnicodeDecodeError."""
    given = respond(body.decode(), partial(call, chain))
    return encode(given).encode() if given is not None else b""
