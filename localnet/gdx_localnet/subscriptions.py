"""What a client can subscribe to, read from its request, and the notifications each kind makes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from solders.account import Account
from solders.pubkey import Pubkey
from solders.signature import Signature

from gdx_localnet import base58
from gdx_localnet.events import Commitment, SlotOpened
from gdx_localnet.ledger import Ledger, TransactionRecord
from gdx_localnet.rpc.accounts import Filter, read_filters
from gdx_localnet.rpc.encoding import encode_account
from gdx_localnet.rpc.faults import RpcFault, invalid_params
from gdx_localnet.rpc.params import ACCOUNT_ENCODINGS, Args, Config, variant, wrong_type
from gdx_localnet.svm import EmbeddedChain

ALL = "all"
"""Key of subscriptions that concern everything of their kind."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription. `kind` names the notification (`kind` + "Notification"), `key` what it concerns.

    Two are equal when they ask for the same; `asked_filters` is the JSON of `filters`.
    """

    kind: str
    key: Hashable
    commitment: Commitment
    encoding: str | None = None
    data_slice: tuple[int, int] | None = None
    filters: tuple[Filter, ...] = field(default=(), compare=False)
    asked_filters: str = ""
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
        _filters(config),
        json.dumps(config.members.get("filters"), sort_keys=True),
    )


def _filters(config: Config) -> tuple[Filter, ...]:
    try:
        return tuple(read_filters(config))
    except RpcFault as fault:  # a subscription names the culprit twice over, as a validator does
        head = "Invalid params: "
        raise fault if fault.message.startswith(head) else invalid_params(head + fault.message) from fault


def _read_logs(args: Args) -> Subscription:
    kind, mentioned = variant(args.raw(0), ("all", "allWithVotes", "mentions"))
    commitment = args.config(1).commitment()
    if kind != "mentions":
        return Subscription("logs", ALL, commitment)
    if not isinstance(mentioned, list):
        raise wrong_type(mentioned, "a sequence")
    for text in mentioned:
        if not isinstance(text, str):
            raise wrong_type(text, "a string")
    if len(mentioned) != 1:
        raise invalid_params("Invalid Request: Only 1 address supported")
    return Subscription("logs", Pubkey.from_bytes(_key(mentioned[0], 32, "mentions")), commitment)


def _read_signature(args: Args) -> Subscription:
    config = args.config(1)
    return Subscription(
        "signature",
        Signature.from_bytes(_key(args.raw(0), 64, "signature")),
        config.commitment(),
        wants_received=config.flag("enableReceivedNotification"),
    )


def _read_slot(args: Args) -> Subscription:  # noqa: ARG001 - every reader takes them
    return Subscription("slot", ALL, Commitment.PROCESSED)


def _read_slots_updates(args: Args) -> Subscription:  # noqa: ARG001
    return Subscription("slotsUpdates", ALL, Commitment.PROCESSED)


def _read_root(args: Args) -> Subscription:  # noqa: ARG001
    return Subscription("root", ALL, Commitment.FINALIZED)


READERS: dict[str, tuple[int, int, str, Callable[[Args], Subscription]]] = {
    "accountSubscribe": (1, 2, "RpcAccountInfoConfig", _read_account),
    "programSubscribe": (1, 2, "RpcProgramAccountsConfig", _read_program),
    "logsSubscribe": (1, 2, "RpcTransactionLogsConfig", _read_logs),
    "signatureSubscribe": (1, 2, "RpcSignatureSubscribeConfig", _read_signature),
    "slotSubscribe": (0, 0, "", _read_slot),
    "slotsUpdatesSubscribe": (0, 0, "", _read_slots_updates),
    "rootSubscribe": (0, 0, "", _read_root),
}
"""Method → required and accepted parameters, a validator's name for the trailing object, and the reader."""

UNSUBSCRIBES = {name.replace("Subscribe", "Unsubscribe"): name.removesuffix("Subscribe") for name in READERS}

ABSENT = {
    "blockSubscribe": (1, 2),
    "blockUnsubscribe": (1, 1),
    "voteSubscribe": (0, 0),
    "voteUnsubscribe": (1, 1),
}
"""Methods that a validator does not serve without its flags; it counts their parameters all the same."""


def notification(kind: str, subscription_id: int, slot: int | None, value: Any) -> dict[str, Any]:
    """A notification's body; `slot` None leaves the context out (slot and root have none)."""
    result = value if slot is None else {"context": {"slot": slot}, "value": value}
    params = {"result": result, "subscription": subscription_id}
    return {"jsonrpc": "2.0", "method": f"{kind}Notification", "params": params}


def logs_value(record: TransactionRecord) -> dict[str, Any]:
    """The value of a logs notification."""
    return {"signature": str(record.signature), "err": record.err, "logs": record.meta.logs()}


def slots_updates(
    ledger: Ledger, event: SlotOpened, confirmed: Sequence[int], roots: Sequence[int]
) -> list[dict[str, Any]]:
    """What `slotsUpdatesSubscribe` tells when a slot opens, in a validator's order. Timestamps in unix ms."""
    block = ledger.blocks.get(event.parent_slot)
    failed = sum(record.err is not None for record in block.records) if block is not None else 0
    count = len(block.records) if block is not None else 0
    stats = {
        "numTransactionEntries": count,
        "numSuccessfulTransactions": count - failed,
        "numFailedTransactions": failed,
        "maxTransactionsPerEntry": min(count, 1),
    }
    updates: list[dict[str, Any]] = [
        {"type": "frozen", "slot": event.parent_slot, "stats": stats},
        {"type": "completed", "slot": event.parent_slot},
        {"type": "createdBank", "slot": event.slot, "parent": event.parent_slot},
        *({"type": "optimisticConfirmation", "slot": slot} for slot in confirmed),
        *({"type": "root", "slot": slot} for slot in roots),
    ]
    now_ms = time.time_ns() // 1_000_000
    return [{**update, "timestamp": now_ms} for update in updates]
