"""Instructions, accounts and events by name, read from the committed IDLs."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from gdx_sdk.programs import PROGRAM_IDS

from . import twin

IDL_FOLDER = Path(__file__).resolve().parents[3] / "idl"
EVENT_TAG = bytes.fromhex("e445a52e51cb9a1d")
SYSTEM = Pubkey.default()
_INTEGERS = {"u8": "B", "i8": "b", "u16": "H", "i16": "h", "u32": "I", "i32": "i", "u64": "Q", "i64": "q"}


def pda(program: str, *seeds: bytes | Pubkey) -> Pubkey:
    """Address that `program` (a name) derives from `seeds`."""
    return Pubkey.find_program_address([bytes(seed) for seed in seeds], PROGRAM_IDS[program])[0]


class Idl:
    """One program's IDL, by name."""

    def __init__(self, program: str) -> None:
        document = json.loads((IDL_FOLDER / f"{program}.json").read_text())
        self.program = program
        self.instructions = {entry["name"]: entry for entry in document["instructions"]}
        self.instruction_names = {
            bytes(entry["discriminator"]): entry["name"] for entry in document["instructions"]
        }
        self.accounts = {bytes(entry["discriminator"]): entry["name"] for entry in document["accounts"]}
        self.events = {bytes(entry["discriminator"]): entry["name"] for entry in document.get("events", [])}
        self.errors = {entry["name"]: int(entry["code"]) for entry in document["errors"]}
        self.sentences = {entry["code"]: (entry["name"], entry["msg"]) for entry in document["errors"]}
        self.types = {entry["name"]: entry["type"] for entry in document["types"]}
        self.zero_copy = {entry["name"] for entry in document["types"] if "serialization" in entry}

    def decode_account(self, data: bytes) -> SimpleNamespace:
        """The account, with its type's name as `type_name`."""
        name = self.accounts[data[:8]]
        value, _ = self._decode({"defined": {"name": name}}, data, 8)
        value.type_name = name
        twin.check_account(self.program, data, value)
        return value

    def decode_event(self, data: bytes) -> tuple[str, SimpleNamespace]:
        """Name and fields of an event; every byte has to be used."""
        name = self.events[data[:8]]
        value, end = self._decode({"defined": {"name": name}}, data, 8)
        assert end == len(data), f"{name}: {len(data) - end} bytes left over"
        twin.check_event(self.program, data, name, value)
        return name, value

    def encode(self, kind: Any, value: Any) -> bytes:
        """Borsh bytes of a value; a struct is given as a mapping or as an object with its fields."""
        if isinstance(kind, str):
            return _encode_scalar(kind, value)
        if "vec" in kind:
            return struct.pack("<I", len(value)) + b"".join(self.encode(kind["vec"], item) for item in value)
        if "array" in kind:
            element, length = kind["array"]
            assert len(value) == length, f"{length} elements expected, not {len(value)}"
            return b"".join(self.encode(element, item) for item in value)
        fields = value if isinstance(value, dict) else vars(value)
        entries = self.types[kind["defined"]["name"]]["fields"]
        assert set(fields) == {entry["name"] for entry in entries}, (kind, sorted(fields))
        return b"".join(self.encode(entry["type"], fields[entry["name"]]) for entry in entries)

    def _decode(self, kind: Any, data: bytes, at: int) -> tuple[Any, int]:
        if isinstance(kind, str):
            return _decode_scalar(kind, data, at)
        if "vec" in kind:
            length = int.from_bytes(data[at : at + 4], "little")
            return self._decode({"array": [kind["vec"], length]}, data, at + 4)
        if "array" in kind:
            element, length = kind["array"]
            if element == "u8":
                return data[at : at + length], at + length
            items = []
            for _ in range(length):
                item, at = self._decode(element, data, at)
                items.append(item)
            return items, at
        fields = {}
        for entry in self.types[kind["defined"]["name"]]["fields"]:
            fields[entry["name"]], at = self._decode(entry["type"], data, at)
        return SimpleNamespace(**fields), at


def _encode_scalar(kind: str, value: Any) -> bytes:
    if kind in _INTEGERS:
        return struct.pack(f"<{_INTEGERS[kind]}", value)
    if kind == "bytes":
        return struct.pack("<I", len(value)) + bytes(value)
    return bytes([value]) if kind == "bool" else bytes(value)


def _decode_scalar(kind: str, data: bytes, at: int) -> tuple[Any, int]:
    if kind in _INTEGERS:
        code = f"<{_INTEGERS[kind]}"
        return struct.unpack_from(code, data, at)[0], at + struct.calcsize(code)
    if kind == "bool":
        assert data[at] in (0, 1), f"a bool of {data[at]}"
        return data[at] == 1, at + 1
    assert kind == "pubkey", kind
    return Pubkey.from_bytes(data[at : at + 32]), at + 32


@cache
def idl(program: str) -> Idl:
    """The IDL of a program, read once."""
    return Idl(program)


@dataclass(frozen=True)
class Call:
    """One instruction with its accounts by name, so that a test can swap one of them.

    Accounts with a fixed address, the event authority and the program fill themselves in; None leaves an
    optional account out.
    """

    program: str
    name: str
    accounts: dict[str, Pubkey | None]
    args: dict[str, Any] = field(default_factory=dict)
    remaining: tuple[AccountMeta, ...] = ()
    unsigned: frozenset[str] = frozenset()
    readonly: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        known = {entry["name"] for entry in self.entries}
        assert set(self.accounts) <= known, f"{self.name} has no accounts {set(self.accounts) - known}"

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The accounts as the IDL lists them."""
        return idl(self.program).instructions[self.name]["accounts"]

    def but(self, **accounts: Pubkey | None) -> Call:
        """The same with other accounts."""
        return replace(self, accounts=self.accounts | accounts)

    def given(self, **args: Any) -> Call:
        """The same with other arguments."""
        assert set(args) <= set(self.args), f"{self.name} has no arguments {set(args) - set(self.args)}"
        return replace(self, args=self.args | args)

    def without_signature_of(self, name: str) -> Call:
        """The same, with one signer that does not sign."""
        return replace(self, unsigned=self.unsigned | {name})

    def with_read_only(self, name: str) -> Call:
        """The same, with one writable account that the transaction does not let be written."""
        return replace(self, readonly=self.readonly | {name})

    def address_of(self, name: str) -> Pubkey:
        """Address that goes into the instruction for the account called `name`."""
        entry = next(entry for entry in self.entries if entry["name"] == name)
        return self._address(entry) or PROGRAM_IDS[self.program]

    @property
    def instruction(self) -> Instruction:
        """What goes into a transaction."""
        source = idl(self.program).instructions[self.name]
        assert set(self.args) == {arg["name"] for arg in source["args"]}, (self.name, sorted(self.args))
        data = bytes(source["discriminator"])
        for arg in source["args"]:
            data += idl(self.program).encode(arg["type"], self.args[arg["name"]])
        metas = [self._meta(entry) for entry in self.entries]
        instruction = Instruction(PROGRAM_IDS[self.program], data, [*metas, *self.remaining])
        if not self.unsigned and not self.readonly:
            twin.check_instruction(self, idl(self.program), instruction)
        return instruction

    def _meta(self, entry: dict[str, Any]) -> AccountMeta:
        name, address = entry["name"], self._address(entry)
        if address is None:
            assert entry.get("optional"), f"{self.name} needs the account {name}"
            return AccountMeta(PROGRAM_IDS[self.program], False, False)
        is_signer = entry.get("signer", False) and name not in self.unsigned
        is_writable = entry.get("writable", False) and name not in self.readonly
        return AccountMeta(address, is_signer, is_writable)

    def _address(self, entry: dict[str, Any]) -> Pubkey | None:
        name = entry["name"]
        if name in self.accounts:
            return self.accounts[name]
        if name == "event_authority":
            return event_authority(self.program)
        if name == "program":
            return PROGRAM_IDS[self.program]
        if "address" in entry:
            return Pubkey.from_string(entry["address"])
        return None


def event_authority(program: str) -> Pubkey:
    """Address that signs a program's events."""
    return pda(program, b"__event_authority")
