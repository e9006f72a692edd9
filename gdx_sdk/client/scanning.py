"""Thousands of accounts of one ``getProgramAccounts`` reply: their addresses, and some fields as columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from solders.pubkey import Pubkey

from gdx_sdk.client.replies import reading
from gdx_sdk.client.transport import typed_reader
from gdx_sdk.runtime.columns import Window, table_from_base64

if TYPE_CHECKING:
    from gdx_sdk.runtime.columns import Table

METHOD = "getProgramAccounts"

Texts = tuple[list[str], list[str]]  # addresses in base58, data in base64


@dataclass(frozen=True, slots=True, eq=False)
class AccountColumns:
    """What a scan for fields found. `table` is a numpy array with a column per field, a row per account."""

    addresses: Sequence[str]  # in base58, as the node sent them
    table: Table

    def __len__(self) -> int:
        return len(self.addresses)

    def address(self, row: int) -> Pubkey:
        """The address of a row's account."""
        return Pubkey.from_string(self.addresses[row])


def columns_of(part: Window, result: Any) -> AccountColumns:
    """The accounts of a result, `part` of each.

    Raises RpcError when it holds no accounts in base64, CodecError when an account's data is not what `part`
    asked for.
    """
    addresses, datas = texts_of(result)
    return AccountColumns(addresses, table_from_base64(part, datas))


def texts_of(result: Any) -> Texts:
    """Addresses and data of a result, as `reading_accounts` read it or as somebody else parsed it."""
    if isinstance(result, tuple):
        return result
    with reading(METHOD, result):
        texts = [entry["pubkey"] for entry in result], [entry["account"]["data"][0] for entry in result]
        for text in chain(*texts):
            if not isinstance(text, str):
                raise TypeError(f"{text!r} is no text")
    return texts


@contextmanager
def reading_accounts() -> Iterator[None]:
    """Within, answers are read straight into addresses and data where msgspec is installed.

    That takes a third of the time of a tree of dicts.
    """
    token = typed_reader.set(_reader())
    try:
        yield
    finally:
        typed_reader.reset(token)


@cache
def _reader() -> Callable[[bytes, int], Texts | None] | None:
    try:
        import msgspec
    except ImportError:
        return None
    account = msgspec.defstruct("Account", [("data", tuple[str, str])], gc=False)
    entry = msgspec.defstruct("Entry", [("pubkey", str), ("account", account)], gc=False)
    entries: Any = list[entry]  # type: ignore[valid-type]  # a type made at run time
    fields: list[tuple[str, Any, Any]] = [("result", entries, None), ("id", Any, None), ("error", Any, None)]
    answers = msgspec.json.Decoder(msgspec.defstruct("Answer", fields, gc=False))
    decode: Callable[[bytes], Any] = answers.decode

    def read(content: bytes, identifier: int) -> Texts | None:
        try:
            answer = decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        if answer.result is None or answer.error is not None or answer.id != identifier:
            return None
        return [e.pubkey for e in answer.result], [e.account.data[0] for e in answer.result]

    return read
