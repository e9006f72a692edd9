"""What a client can subscribe to, read from its request, and the notifications each kind makes."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from solders.account import Account
from solders.pubkey import Pubkey
from solders.signature import Signature

from gdx_localnet import base58
from gdx_localnet.events import Commitment
from gdx_localnet.ledger import TransactionRecord
from gdx_localnet.rpc.accounts import Filter, read_filters
from gdx_localnet.rpc.encoding import encode_account
from gdx_localnet.rpc.faults import invalid_params
from gdx_localnet.rpc.params import ACCOUNT_ENCODINGS, Args, wrong_type
from gdx_localnet.svm import EmbeddedChain

ALL = "all"
"""Key of subscriptions that concern everything of their kind."""


@dataclass(slots=True)
class Subscription:
    """One subscription. `kind` names the notification (`kind` + "Notification"), `key` what it concerns."""

    kind: str
    key: Hashable
    commitment: Commitment
    encoding: str | None = None
    data_slice: tuple[int, int] | None = None
    filters: tuple[Filter, ...] = ()
    wants_received: bool = False

    def account_value(self, chain: EmbeddedChain, address: Pubkey, account: Account) -> dict[str, Any]:
        """The account as this subscriber wants it."""
        return encode_account(chain, address, account, self.encoding, self.data_slice)


def _key(value: Any, length: int, what: str) -> bytes:
    if not isinstance(value, str):
        raise wrong_type(value, "a string")
    raw = base58.decode(value) if len(value) <= 2 * length else None
    if raw is None or len(raw) != length:
        raise invalid_params(f"Invalid Request: Invalid {what} provided")
    return raw


def _read_account(args: Args) -> Subscription:
    config = args.config(1)
    return Subscription(
        "account",
        Pubkey.from_bytes(_key(args.raw(0), 32, "pubkey")),
        config.commitment(),
        config.choice("encoding", ACCOUNT_ENCODINGS),
        config.data_slice(),
    )


def _read_program(args: Args) -> Subscription:
    config = args.config(1)
    return Subscription(
        "program",
        Pubkey.from_bytes(_key(args.raw(0), 32, "pubkey")),
        config.commitment(),
        config.choice("encoding", ACCOUNT_ENCODINGS),
        config.data_slice(),
        tuple(read_filters(config)),
    )


def _read_logs(args: Args) -> Subscription:
    wanted, commitment = args.raw(0), args.config(1).commitment()
    if isinstance(wanted, str):
        if wanted not in ("all", "allWithVotes"):
            choices = "`all`, `allWithVotes`, `mentions`"
            raise invalid_params(f"Invalid params: unknown variant `{wanted}`, expected one of {choices}.")
        return Subscription("logs", ALL, commitment)
    if not isinstance(wanted, dict) or not isinstance(wanted.get("mentions"), list):
        raise wrong_type(wanted, "enum RpcTransactionLogsFilter")
    if len(wanted["mentions"]) != 1:
        raise invalid_params("Invalid Request: Only 1 address supported")
    return Subscription("logs", Pubkey.from_bytes(_key(wanted["mentions"][0], 32, "pubkey")), commitment)


def _read_signature(args: Args) -> Subscription:
    config = args.config(1)
    return Subscription(
        "signature",
        Signature.from_bytes(_key(args.raw(0), 64, "signature")),
        config.commitment(),
        wants_received=config.flag("enableReceivedNotification"),
    )


def _read_slot(args: Args) -> Subscription:
    _expect_nothing(args)
    return Subscription("slot", ALL, Commitment.PROCESSED)


def _read_root(args: Args) -> Subscription:
    _expect_nothing(args)
    return Subscription("root", ALL, Commitment.FINALIZED)


def _expect_nothing(args: Args) -> None:
    if args.values:
        raise invalid_params("Invalid parameters: No parameters were expected")


READERS: dict[str, tuple[int, Callable[[Args], Subscription]]] = {
    "accountSubscribe": (1, _read_account),
    "programSubscribe": (1, _read_program),
    "logsSubscribe": (1, _read_logs),
    "signatureSubscribe": (1, _read_signature),
    "slotSubscribe": (0, _read_slot),
    "rootSubscribe": (0, _read_root),
}
"""Method → required parameters and reader."""

UNSUBSCRIBES = {name.replace("Subscribe", "Unsubscribe"): name.removesuffix("Subscribe") for name in READERS}


def notification(kind: str, subscription_id: int, slot: int | None, value: Any) -> dict[str, Any]:
    """A notification's body; `slot` None leaves the context out (slot and root have none)."""
    result = value if slot is None else {"context": {"slot": slot}, "value": value}
    params = {"result": result, "subscription": subscription_id}
    return {"jsonrpc": "2.0", "method": f"{kind}Notification", "params": params}


def logs_value(record: TransactionRecord) -> dict[str, Any]:
    """The value of a logs notification."""
    return {"signature": str(record.signature), "err": record.err, "logs": record.meta.logs()}
