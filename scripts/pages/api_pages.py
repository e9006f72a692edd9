"""Renders docs/api/<module>.md: every public name of a module, whose docstring mkdocstrings puts in."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import groupby
from types import ModuleType


@dataclass(frozen=True)
class ApiPage:
    """One page of the reference."""

    name: str
    title: str
    module: str
    more: str = ""


PAGES = (
    ApiPage("client", "Client", "gdx_sdk.client"),
    ApiPage("streams", "Streams", "gdx_sdk.streams"),
    ApiPage("instructions", "Instructions", "gdx_sdk.instructions"),
    ApiPage("accounts", "Accounts", "gdx_sdk.accounts", "Offsets are on the pages of the programs."),
    ApiPage("pdas", "Addresses", "gdx_sdk.pdas"),
    ApiPage("batch", "Batches and proofs", "gdx_sdk.batch", "And in [batches](../batches.md)."),
    ApiPage("math", "Maths", "gdx_sdk.math", "The rules in words are in [the protocol](../protocol.md)."),
    ApiPage("units", "Units", "gdx_sdk.units"),
    ApiPage("validity", "Oracle validity", "gdx_sdk.validity"),
    ApiPage("events", "Events", "gdx_sdk.events", "Their fields are on the pages of the programs."),
    ApiPage("errors", "Errors", "gdx_sdk.errors"),
    ApiPage("tx", "Transactions", "gdx_sdk.tx"),
    ApiPage("idlgen", "Generator", "gdx_sdk.idlgen", "More is in [IDLs and clients](../idl.md)."),
    ApiPage("runtime", "Runtime of generated clients", "gdx_sdk.runtime"),
    ApiPage(
        "programs", "Compiled programs", "gdx_sdk.programs", "`PROGRAM_IDS` has their addresses by name."
    ),
    ApiPage("anchorpy", "anchorpy", "gdx_sdk.anchorpy"),
    ApiPage("plugins", "Plugins", "gdx_sdk.plugins"),
    ApiPage("hookspecs", "Hooks", "gdx_sdk.hookspecs"),
    ApiPage("testing", "Testing", "gdx_sdk.testing"),
    ApiPage("localnet", "Local chain", "gdx_localnet"),
)
_DRAWN = re.compile(r"\S {2,}\S|[├└]|^ {4}|^from \S+ import", re.M)


def public_names(module_name: str) -> list[str]:
    """What the module offers: its `__all__`, or what it defines itself; modules and solders' own left out."""
    module = import_module(module_name)
    names = getattr(module, "__all__", None) or [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module_name
    ]
    return [name for name in names if not _is_elsewhere(getattr(module, name))]


def _is_elsewhere(value: object) -> bool:
    """A module of its own, or something of solders that is only passed on."""
    return isinstance(value, ModuleType) or str(getattr(value, "__module__", "")).startswith("solders")


def shown(value: object) -> str:
    """A constant as the page shows it."""
    return f"bytes `{value.hex()}`" if isinstance(value, bytes) else f"`{value!r}`"


def paragraphs(said: list[str]) -> Iterator[str]:
    """Paragraphs of a docstring; what is drawn with spaces, and code, stays as it is."""
    for is_drawn, texts in groupby(said, key=lambda text: bool(_DRAWN.search(text))):
        if is_drawn:
            yield "```text\n" + "\n\n".join(texts) + "\n```"
        else:
            yield from (text.replace("``", "`") for text in texts)


def render(page: ApiPage) -> str:
    """The page as it has to be: constants in a table, then functions and classes."""
    module = import_module(page.module)
    members = {name: getattr(module, name) for name in public_names(page.module)}
    constants = {
        name: value for name, value in members.items() if isinstance(value, int | bytes | str | dict)
    }
    said = (inspect.getdoc(module) or "").split("\n\n")
    blocks = [f"# {page.title}", f"`{page.module}`", *paragraphs(said), *filter(None, [page.more])]
    if constants:
        rows = [f"| `{name}` | {shown(value)} |" for name, value in constants.items()]
        blocks.append("\n".join(["| constant | value |", "|---|---|", *rows]))
    blocks += [f"::: {page.module}.{name}" for name in members if name not in constants]
    return "\n\n".join(blocks) + "\n"
