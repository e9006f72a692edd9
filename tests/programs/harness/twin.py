"""Generated clients read and write what the harness does: checked at each instruction, account and event."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import cache
from importlib import import_module
from inspect import signature
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from solders.instruction import Instruction

if TYPE_CHECKING:
    from .codec import Call, Idl


@cache
def generated(program: str) -> ModuleType:
    """The generated client of a program."""
    return import_module(f"gdx_sdk._generated.{program}")


def check_instruction(call: Call, source: Idl, instruction: Instruction) -> None:
    """The generated builder makes the same instruction of the same accounts and arguments."""
    client = generated(call.program)
    builder = getattr(client.instructions, call.name)
    accounts = {name: key for name, key in call.accounts.items() if key is not None}
    arguments: dict[str, Any] = {"accounts": accounts, "remaining_accounts": call.remaining}
    if _takes_arguments(call.program, call.name):
        kinds = {arg["name"]: arg["type"] for arg in source.instructions[call.name]["args"]}
        arguments["args"] = {name: _typed(client, source, kinds[name], call.args[name]) for name in kinds}
    built = builder(**arguments)
    assert built == instruction, f"the generated {call.name} differs: {built} instead of {instruction}"


@cache
def _takes_arguments(program: str, name: str) -> bool:
    return "args" in signature(getattr(generated(program).instructions, name)).parameters


def check_account(program: str, data: bytes, value: SimpleNamespace) -> None:
    """The generated account type reads the same fields and writes the same bytes."""
    read = getattr(generated(program).accounts, value.type_name).decode(data)
    expected = _plain(value)
    expected.pop("type_name")
    assert _plain(read) == expected, f"the generated {value.type_name} reads {read}"
    assert read.encode() == data, f"the generated {value.type_name} writes other bytes"


def check_event(program: str, data: bytes, name: str, value: SimpleNamespace) -> None:
    """The generated event type reads the same fields."""
    read = generated(program).events.decode_event(data)
    assert (type(read).__name__, _plain(read)) == (name, _plain(value)), f"the generated client reads {read}"


def _typed(client: ModuleType, source: Idl, kind: Any, value: Any) -> Any:
    if isinstance(kind, dict) and "defined" in kind:
        return getattr(client.types, kind["defined"]["name"]).decode(source.encode(kind, value))
    return value


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, SimpleNamespace):
        return {name: _plain(item) for name, item in vars(value).items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
