"""What an IDL does not say of an instruction's accounts: their types, read from the program's sources."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

PROGRAMS = Path(__file__).resolve().parents[2] / "programs"
_CONTEXT = re.compile(r"pub fn (\w+)(?:<[^>]*>)?\(\s*ctx: Context<(?:'[^,]+, )*(\w+)")
_STRUCT = re.compile(r"#\[derive\(Accounts\)\].*?pub struct (\w+)<'info> \{\n(.*?)\n\}", re.S)
_FIELD = re.compile(r"^    pub (\w+): (.+),$", re.M)
_WRAPPERS = re.compile(r"^(?:Box|Option)<(.*)>$")
_TYPED = re.compile(r"^(?:AccountLoader|Account|InterfaceAccount|Interface|Program)<'info, (\w+)>$")
_UNTYPED = {"Signer<'info>": "", "UncheckedAccount<'info>": "", "SystemAccount<'info>": "wallet"}


@cache
def account_types(program: str) -> dict[str, dict[str, str]]:
    """{instruction: {account: name of its type}}; signers and unchecked accounts have none."""
    source = PROGRAMS / program / "src"
    contexts = dict(_CONTEXT.findall((source / "lib.rs").read_text()))
    structs = {
        name: {field: _type_name(kind) for field, kind in _FIELD.findall(body)}
        for path in sorted((source / "instructions").glob("*.rs"))
        for name, body in _STRUCT.findall(path.read_text())
    }
    return {instruction: structs[context] for instruction, context in contexts.items()}


def _type_name(kind: str) -> str:
    while wrapped := _WRAPPERS.match(kind):
        kind = wrapped[1]
    if typed := _TYPED.match(kind):
        return {"System": "system program", "TokenInterface": "token program"}.get(typed[1], typed[1])
    if kind in _UNTYPED:
        return _UNTYPED[kind]
    raise ValueError(f"no rule says what an account of type {kind} is")
