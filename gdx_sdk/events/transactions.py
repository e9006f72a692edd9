"""All events of one transaction: our programs write them as calls to themselves, never cut as logs are."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from solders.transaction import VersionedTransaction

from gdx_sdk.errors import CodecError
from gdx_sdk.programs import PROGRAM_IDS
from gdx_sdk.runtime import Event
from gdx_sdk.runtime.filters import from_base58

_PROGRAMS = {str(address): name for name, address in PROGRAM_IDS.items()}


@dataclass(frozen=True, slots=True)
class SeenEvent:
    """An event, the program that wrote it, and the instruction of the transaction it happened in."""

    program: str
    event: Event
    instruction_index: int


def events_in_transaction(transaction: dict[str, Any]) -> list[SeenEvent]:
    """The events of our programs in `transaction`, as `Client.get_transaction` returns it, in order.

    Empty for a transaction that failed; `CodecError` when its parts are missing or an event is malformed.
    """
    try:
        meta = transaction["meta"]
        if meta["err"] is not None:
            return []
        keys = account_keys(transaction, meta)
        return [seen for inner in meta.get("innerInstructions") or () for seen in _events_of(inner, keys)]
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        found = sorted(transaction) if isinstance(transaction, dict) else transaction
        raise CodecError(
            "transaction", found, f"lacks a part, or has one of another shape: {error!r}"
        ) from error


def transaction_of(transaction: dict[str, Any]) -> VersionedTransaction:
    """The signed transaction in a reply of `Client.get_transaction`."""
    return VersionedTransaction.from_bytes(base64.b64decode(transaction["transaction"][0]))


def account_keys(transaction: dict[str, Any], meta: dict[str, Any]) -> list[str]:
    """Every account that its instructions may name, those from lookup tables included, in order."""
    loaded = meta.get("loadedAddresses") or {}
    static = [str(key) for key in transaction_of(transaction).message.account_keys]
    return [*static, *loaded.get("writable", ()), *loaded.get("readonly", ())]


def _events_of(inner: dict[str, Any], keys: list[str]) -> Iterator[SeenEvent]:
    for call in inner["instructions"]:
        program = _PROGRAMS.get(keys[call["programIdIndex"]])
        if program is None:
            continue
        module = import_module(f"gdx_sdk._generated.{program}.events")
        event = module.event_from_cpi(from_base58(call["data"]))
        if event is not None:
            yield SeenEvent(program, event, int(inner["index"]))
