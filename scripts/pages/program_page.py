"""Renders docs/programs/<program>.md from the IDL, the layouts, the errors and what the tests saw."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from html import escape
from importlib import import_module
from pathlib import Path
from typing import Any

from gdx_sdk import pdas
from gdx_sdk.errors.registry import all_errors
from gdx_sdk.programs import PROGRAM_IDS, name_of
from scripts.pages.rust_accounts import account_types

ROOT = Path(__file__).resolve().parents[2]
EVENT_ACCOUNTS = ("event_authority", "program")
_SYSVARS = {
    "Sysvar1nstructions1111111111111111111111111": "instructions sysvar",
    "SysvarC1ock11111111111111111111111111111111": "clock sysvar",
}
_KNOWN = {
    pdas.vault_state(): '`["vault_state"]` of collateral_vault',
    pdas.vault_token(): '`["vault_token"]` of collateral_vault',
    pdas.config(): '`["config"]` of position_mgmt',
    pdas.relayer_beat(): '`["beat"]` of position_mgmt',
    pdas.position_authority(): '`["authority"]` of position_mgmt',
    **{pdas.program_data(program_id): f"program data of {name}" for name, program_id in PROGRAM_IDS.items()},
    **{
        pdas.event_authority(program_id): f'`["__event_authority"]` of {name}'
        for name, program_id in PROGRAM_IDS.items()
    },
}
_ADDRESSES = {str(key): label for key, label in _KNOWN.items()} | _SYSVARS


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [list(head), ["---"] * len(head), *[[without_bars(str(cell)) for cell in row] for row in rows]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def without_bars(cell: str) -> str:
    """A cell whose bars do not end it, in every dialect of Markdown: as entities, code with them as HTML."""
    if "|" not in cell:
        return cell
    as_html = re.sub(r"`([^`]*\|[^`]*)`", lambda code: f"<code>{escape(code[1])}</code>", cell)
    return as_html.replace("|", "&#124;")


def sentence(docs: Sequence[str] | None) -> str:
    """Doc lines as one line."""
    return " ".join(line.strip() for line in docs or ())


def type_name(kind: Any) -> str:
    """An IDL type in words: `u64`, `[u8; 32]`, `Publisher[8]`."""
    if isinstance(kind, str):
        return kind
    if "defined" in kind:
        return f"[{kind['defined']['name']}](#{kind['defined']['name'].lower()})"
    if "array" in kind:
        element, length = kind["array"]
        return f"{type_name(element)} × {length}"
    if "vec" in kind:
        return f"{type_name(kind['vec'])} list"
    return f"{type_name(kind['option'])} or none"


@cache
def own_names(program: str) -> dict[str, set[str]]:
    """Names of a program's own accounts and of its events."""
    document = json.loads((ROOT / f"idl/{program}.json").read_text())
    accounts = import_module(f"gdx_sdk._generated.{program}.accounts")
    names = {entry["name"] for entry in document["accounts"]}
    return {
        "accounts": {name for name in names if PROGRAM_IDS[program] == getattr(accounts, name).PROGRAM_ID},
        "events": {entry["name"] for entry in document.get("events", [])},
    }


class ProgramPage:
    """One program's page."""

    def __init__(self, program: str) -> None:
        self.program = program
        self.idl = json.loads((ROOT / f"idl/{program}.json").read_text())
        self.client = import_module(f"gdx_sdk._generated.{program}")
        self.types = {entry["name"]: entry for entry in self.idl["types"]}
        self.seen = json.loads((ROOT / "bench/outcomes.json").read_text())[program]

    def render(self) -> str:
        """The whole page."""
        example = (ROOT / f"docs/programs/examples/{self.program}.md").read_text()
        parts = [
            f"# {self.program}\n",
            "<!-- Written by `make pages` from the IDL; the worked example is in "
            f"docs/programs/examples/{self.program}.md. -->\n",
            f"{self.idl['metadata']['description']}.\n",
            f"Program id `{self.idl['address']}`; numbers are little-endian, [units](../units.md) end the "
            "names, and what each instruction costs is in [costs](../costs.md).\n",
            example,
            "## Accounts\n",
            *[self._account(entry["name"]) for entry in self.idl["accounts"] if self._is_own(entry)],
            "## Instructions\n",
            *[self._instruction(entry) for entry in self.idl["instructions"]],
            "## Events\n",
            "Each is an instruction that the program sends to itself (`emit_cpi!`), so that no log limit "
            "cuts it off; `gdx_sdk.events.events_in_transaction` reads them.\n",
            *[self._record(entry["name"]) for entry in self.idl.get("events", [])],
            "## Types\n",
            *[self._record(name) for name in self._nested_types()],
            "## Errors\n",
            self._errors(),
        ]
        return "\n".join(part for part in parts if part)

    def _is_own(self, entry: dict[str, Any]) -> bool:
        """IDLs list accounts of other programs too, where an instruction reads them."""
        return entry["name"] in own_names(self.program)["accounts"]

    def _account(self, name: str) -> str:
        generated = getattr(self.client.accounts, name)
        entry = self.types[name]
        head = f"### {name}\n\n{sentence(entry.get('docs'))}\n\n" if entry.get("docs") else f"### {name}\n\n"
        tag = f"{generated.SIZE} bytes, discriminator `{generated.DISCRIMINATOR.hex()}`.\n\n"
        return head + tag + self._fields(generated, entry)

    def _record(self, name: str) -> str:
        entry = self.types[name]
        docs = f"{sentence(entry['docs'])}\n\n" if entry.get("docs") else ""
        if entry["type"]["kind"] == "enum":
            variants = enumerate(entry["type"]["variants"])
            values = [(index, f"`{one['name']}`", _docs(one)) for index, one in variants]
            return f"### {name}\n\n{docs}" + table(("value", "name", ""), values)
        generated = getattr(self.client.types, name, None)
        if generated is not None and getattr(generated, "SIZE", None):
            tag = f"{generated.SIZE} bytes.\n\n"
            return f"### {name}\n\n{docs}{tag}" + self._fields(generated, entry)
        rows = [(f"`{one['name']}`", type_name(one["type"]), _docs(one)) for one in entry["type"]["fields"]]
        return f"### {name}\n\n{docs}" + table(("field", "type", ""), rows)

    def _fields(self, generated: Any, entry: dict[str, Any]) -> str:
        """Fields of a record of fixed size, with where each begins and how long it is."""
        layout = {field.name: field for field in generated.LAYOUT.fields}
        rows = [
            (
                layout[one["name"]].offset,
                layout[one["name"]].size,
                f"`{one['name']}`",
                type_name(one["type"]),
                _docs(one),
            )
            for one in entry["type"]["fields"]
        ]
        return table(("offset", "bytes", "field", "type", ""), rows)

    def _nested_types(self) -> list[str]:
        """Types that an account, an instruction or an event of this page names, and what those name."""
        roots = [self.types[entry["name"]]["type"] for entry in self.idl["accounts"] if self._is_own(entry)]
        roots += [self.types[entry["name"]]["type"] for entry in self.idl.get("events", [])]
        roots += [arg["type"] for entry in self.idl["instructions"] for arg in entry["args"]]
        found: set[str] = set()
        while roots:
            for name in _named_in(roots.pop()):
                if name not in found:
                    found.add(name)
                    roots.append(self.types[name]["type"])
        return sorted(found)

    def _instruction(self, entry: dict[str, Any]) -> str:
        types = account_types(self.program)[entry["name"]]
        rows = [
            (
                f"`{one['name']}`" + (" (optional)" if one.get("optional") else ""),
                self._link("accounts", types.get(one["name"], "")),
                " ".join(word for word in ("signer", "writable") if one.get(word)),
                self._address(one, types.get(one["name"], "")),
                sentence(one.get("docs")),
            )
            for one in entry["accounts"]
            if one["name"] not in EVENT_ACCOUNTS
        ]
        parts = [f"### {entry['name']}\n", f"{sentence(entry.get('docs'))}\n"]
        parts.append(table(("account", "type", "", "address", ""), rows))
        if any(one["name"] == "event_authority" for one in entry["accounts"]):
            parts.append("And the two accounts of an event: `event_authority`, `program`.\n")
        if entry["args"]:
            args = [(f"`{arg['name']}`", type_name(arg["type"]), _docs(arg)) for arg in entry["args"]]
            parts.append(table(("argument", "type", ""), args))
        parts += self._outcomes(entry["name"])
        return "\n".join(parts)

    def _outcomes(self, name: str) -> Iterator[str]:
        seen = self.seen.get(name, {"errors": [], "events": []})
        if seen["events"]:
            links = ", ".join(self._link("events", event) for event in seen["events"])
            yield f"Events: {links}\n"
        if seen["errors"]:
            yield (
                "Refused in the tests with: "
                + ", ".join(self._error_link(error) for error in seen["errors"])
                + "\n"
            )

    def _error_link(self, full_name: str) -> str:
        program, name = full_name.split(".")
        label = f"`{name}`" if program == self.program else f"`{full_name}`"
        page = "" if program == self.program else f"{program}.md"
        return f"[{label}]({page}#errors)"

    def _link(self, kind: str, name: str) -> str:
        """Where an account or an event is described: on this page, on another program's, or nowhere."""
        homes = [self.program, *PROGRAM_IDS]
        home = next((home for home in homes if name in own_names(home)[kind]), None)
        page = "" if home == self.program else f"{home}.md"
        return f"[{name}]({page}#{name.lower()})" if home else name

    def _address(self, account: dict[str, Any], type_name: str) -> str:
        if address := account.get("address"):
            return _ADDRESSES.get(address) or name_of(address).replace("_", " ")
        if "pda" in account:
            return f"`[{', '.join(_seed(seed) for seed in account['pda']['seeds'])}]`"
        told = re.search(r"Address: (`[^`]+`)", sentence(self.types.get(type_name, {}).get("docs")))
        return told[1] if told else ""

    def _errors(self) -> str:
        rows = [
            (
                error.code,
                f"`{error.name}`",
                error.sentence,
                error.cause,
                error.fix,
                "yes" if error.is_retryable else "",
            )
            for error in all_errors()
            if error.program == self.program
        ]
        return table(("code", "name", "sentence", "usual cause", "what to do", "passes by itself"), rows)


def _docs(entry: dict[str, Any]) -> str:
    return sentence(entry.get("docs"))


def _seed(seed: dict[str, Any]) -> str:
    if seed["kind"] == "const":
        raw = bytes(seed["value"])
        return f'"{raw.decode()}"' if raw.isascii() else raw.hex()
    return str(seed["path"])


def _named_in(kind: Any) -> Iterator[str]:
    """Names of the defined types within a type."""
    if isinstance(kind, dict):
        if "defined" in kind:
            yield kind["defined"]["name"]
        for value in kind.values():
            yield from _named_in(value)
    elif isinstance(kind, list):
        for value in kind:
            yield from _named_in(value)


@cache
def render(program: str) -> str:
    """The page as it has to be."""
    return ProgramPage(program).render()
