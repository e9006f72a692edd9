"""What can be subscribed to, as JSON-RPC spells it; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from solders.pubkey import Pubkey

from gdx_sdk.runtime.filters import MemcmpFilter

Kind = Literal["account", "program", "logs", "signature", "slot", "root"]


@dataclass(frozen=True, slots=True)
class SubscriptionRequest:
    """One subscription: its kind, its parameters, and what it concerns, for messages."""

    kind: Kind
    params: tuple[Any, ...] = ()
    subject: str = ""

    @property
    def method(self) -> str:
        """The JSON-RPC method that subscribes."""
        return f"{self.kind}Subscribe"

    @property
    def name(self) -> str:
        """The subscription in words."""
        return f"{self.kind} {self.subject}".rstrip()


def account_request(address: Pubkey, *, commitment: str = "confirmed") -> SubscriptionRequest:
    """Every change of one account."""
    config = {"encoding": "base64", "commitment": commitment}
    return SubscriptionRequest("account", (str(address), config), str(address))


def program_request(
    program_id: Pubkey, filters: Sequence[MemcmpFilter | int] = (), *, commitment: str = "confirmed"
) -> SubscriptionRequest:
    """Every change of the accounts that a program owns; a filter is a memcmp or a data length."""
    config: dict[str, Any] = {"encoding": "base64", "commitment": commitment}
    config["filters"] = filters_to_rpc(filters)
    return SubscriptionRequest("program", (str(program_id), config), str(program_id))


def logs_request(mention: Pubkey | None = None, *, commitment: str = "confirmed") -> SubscriptionRequest:
    """The logs of every transaction that names `mention`; without it of all but votes."""
    wanted: Any = "all" if mention is None else {"mentions": [str(mention)]}
    return SubscriptionRequest("logs", (wanted, {"commitment": commitment}), str(mention or "all"))


def signature_request(signature: str, *, commitment: str = "confirmed") -> SubscriptionRequest:
    """The one moment when a transaction reaches `commitment`; the endpoint then ends the subscription."""
    return SubscriptionRequest("signature", (signature, {"commitment": commitment}), signature)


def slot_request() -> SubscriptionRequest:
    """Every slot that the node begins to process."""
    return SubscriptionRequest("slot")


def root_request() -> SubscriptionRequest:
    """Every slot that became final."""
    return SubscriptionRequest("root")


def filters_to_rpc(filters: Sequence[MemcmpFilter | int]) -> list[dict[str, Any]]:
    """Filters as JSON-RPC takes them."""
    return [{"dataSize": part} if isinstance(part, int) else part.to_rpc() for part in filters]


def passes_filters(data: bytes, filters: Sequence[MemcmpFilter | int]) -> bool:
    """Whether account data passes every filter, as the endpoint decides."""
    return all(
        len(data) == part
        if isinstance(part, int)
        else data[part.offset : part.offset + len(part.data)] == part.data
        for part in filters
    )


def websocket_url(http_url: str) -> str:
    """The WebSocket endpoint that goes with an HTTP one: a port that is named is raised by one."""
    scheme, separator, rest = http_url.partition("://")
    host, slash, path = rest.partition("/")
    name, colon, port = host.rpartition(":")
    if colon and port.isdecimal():
        host = f"{name}:{int(port) + 1}"
    return f"{scheme.replace('http', 'ws', 1)}{separator}{host}{slash}{path}"
