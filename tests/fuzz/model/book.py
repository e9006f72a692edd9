"""Every account that a run expects on the chain, field by field, and the bytes that these fields make."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from functools import cache
from operator import itemgetter
from types import SimpleNamespace
from typing import Any

from solders.pubkey import Pubkey

from tests.programs.harness.codec import idl

Fields = dict[str, Any]
_CODES = {"u8": "B", "i8": "b", "u16": "H", "i16": "h", "u32": "I", "i32": "i", "u64": "Q", "i64": "q"}
_CODES |= {"bool": "?", "pubkey": "32s"}
TOKEN_KIND = "token"
_TOKEN = struct.Struct("<32s32sQI32sBIQQ4s32s")


class Layout:
    """An account type of fixed size as one run of scalars."""

    def __init__(self, program: str, kind: str) -> None:
        self._types = idl(program).types
        self._plain_structs: dict[str, itemgetter[Any] | None] = {}
        self._kind = {"defined": {"name": kind}}
        codes: list[str] = []
        self._collect(self._kind, codes)
        self._struct = struct.Struct("<" + "".join(codes))
        names = {name: tag for tag, name in idl(program).accounts.items()}
        self._discriminator = names[kind]
        self.size = len(self._discriminator) + self._struct.size

    def pack(self, fields: Fields) -> bytes:
        """The account's bytes; `struct.error` when a value does not fit its field."""
        values: list[Any] = []
        self._flatten(self._kind, fields, values)
        return self._discriminator + self._struct.pack(*values)

    def _collect(self, kind: Any, codes: list[str]) -> None:
        if isinstance(kind, str):
            codes.append(_CODES[kind])
        elif "array" in kind:
            element, length = kind["array"]
            if element == "u8":
                codes.append(f"{length}s")
                return
            for _ in range(length):
                self._collect(element, codes)
        else:
            for entry in self._types[kind["defined"]["name"]]["fields"]:
                self._collect(entry["type"], codes)

    def _flatten(self, kind: Any, value: Any, values: list[Any]) -> None:
        if isinstance(kind, str):
            values.append(bytes(value) if kind == "pubkey" else value)
        elif "array" in kind:
            element, _ = kind["array"]
            if element == "u8":
                values.append(value)
                return
            for item in value:
                self._flatten(element, item, values)
        elif getter := self._getter(kind["defined"]["name"]):
            values.extend(getter(value))
        else:
            for entry in self._types[kind["defined"]["name"]]["fields"]:
                self._flatten(entry["type"], value[entry["name"]], values)

    def _getter(self, name: str) -> itemgetter[Any] | None:
        """Reads all fields of a structure of numbers at once."""
        if name not in self._plain_structs:
            fields = self._types[name]["fields"]
            is_plain = all(isinstance(one["type"], str) and one["type"] != "pubkey" for one in fields)
            names = [one["name"] for one in fields]
            self._plain_structs[name] = itemgetter(*names) if is_plain and len(names) > 1 else None
        return self._plain_structs[name]


@cache
def layout(program: str, kind: str) -> Layout:
    """The layout of an account type."""
    return Layout(program, kind)


@dataclass
class Entry:
    """One account; `lamports` beyond the rent of its size are `extra_lamports`."""

    program: str
    kind: str
    fields: Fields
    extra_lamports: int = 0
    packed: bytes = b""

    def pack(self) -> bytes:
        if self.kind == TOKEN_KIND:
            return pack_token(self.fields)
        return layout(self.program, self.kind).pack(self.fields)

    def clone(self) -> Entry:
        other = copy(self)
        other.fields = clone(self.fields)
        return other


def clone(fields: Fields) -> Fields:
    """A copy that shares nothing but the items of lists, which are replaced and never changed."""
    return {
        name: item.copy() if type(item) is list else clone(item) if type(item) is dict else item
        for name, item in fields.items()
    }


def plain(value: Any) -> Any:
    """A decoded account as mappings and lists."""
    if isinstance(value, SimpleNamespace):
        return {name: plain(item) for name, item in vars(value).items() if name != "type_name"}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def pack_token(fields: Fields) -> bytes:
    """An SPL token account without extensions."""
    delegate = fields["delegate"]
    return _TOKEN.pack(
        bytes(fields["mint"]),
        bytes(fields["owner"]),
        fields["amount"],
        delegate is not None,
        bytes(delegate) if delegate else bytes(32),
        fields["state"],
        0,
        0,
        fields["delegated"],
        bytes(4),
        bytes(32),
    )


def read_token(data: bytes) -> Fields:
    """Fields of an SPL token account."""
    mint, owner, amount, has_delegate, delegate, state, _, _, delegated, _, _ = _TOKEN.unpack(data)
    return {
        "mint": Pubkey.from_bytes(mint),
        "owner": Pubkey.from_bytes(owner),
        "amount": amount,
        "delegate": Pubkey.from_bytes(delegate) if has_delegate else None,
        "state": state,
        "delegated": delegated,
    }


Accounts = dict[Pubkey, Entry]


@dataclass
class Draft:
    """What one transaction would leave; `commit` makes it so, dropping it changes nothing."""

    accounts: Accounts
    now_ts: int
    slot: int
    changed: dict[Pubkey, Entry | None] = field(default_factory=dict)

    def read(self, key: Pubkey) -> Fields:
        """Fields to look at only."""
        return self._entry(key).fields

    def edit(self, key: Pubkey) -> Fields:
        """Fields to change."""
        if key not in self.changed:
            self.changed[key] = self._entry(key).clone()
        return self._entry(key).fields

    def has(self, key: Pubkey, kind: str) -> bool:
        found = self.changed[key] if key in self.changed else self.accounts.get(key)
        return found is not None and found.kind == kind

    def create(self, key: Pubkey, program: str, kind: str, fields: Fields) -> None:
        """A new account; fields that are not given are zero."""
        zeros = _zeros({"defined": {"name": kind}}, program)
        assert set(fields) <= set(zeros), set(fields) - set(zeros)
        self.changed[key] = Entry(program, kind, zeros | fields)

    def close(self, key: Pubkey) -> None:
        self.changed[key] = None

    def of_kind(self, kind: str) -> Iterator[tuple[Pubkey, Fields]]:
        """Every account of a type."""
        for key in self.accounts.keys() | self.changed.keys():
            if self.has(key, kind):
                yield key, self.read(key)

    def pack(self) -> None:
        """Makes the bytes of what changed; `struct.error` when a value does not fit its field."""
        for entry in self.changed.values():
            if entry is not None:
                entry.packed = entry.pack()

    def kinds(self) -> set[str]:
        """Types of the accounts that changed."""
        return {(entry or self.accounts[key]).kind for key, entry in self.changed.items()}

    def commit(self) -> None:
        for key, entry in self.changed.items():
            if entry is None:
                del self.accounts[key]
            else:
                self.accounts[key] = entry

    def _entry(self, key: Pubkey) -> Entry:
        found = self.changed[key] if key in self.changed else self.accounts[key]
        assert found is not None, f"{key} is closed"
        return found


def _zeros(kind: Any, program: str) -> Any:
    if isinstance(kind, str):
        return {"pubkey": Pubkey.default(), "bool": False}.get(kind, 0)
    if "array" in kind:
        element, length = kind["array"]
        return bytes(length) if element == "u8" else [_zeros(element, program) for _ in range(length)]
    entries = idl(program).types[kind["defined"]["name"]]["fields"]
    return {entry["name"]: _zeros(entry["type"], program) for entry in entries}
