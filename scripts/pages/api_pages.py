"""Renders docs/api/<module>.md: every public name of a module, whose docstring mkdocstrings puts in."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType


@dataclass(frozen=True)
class ApiPage:
    """One page of the reference."""

    name: str
    title: str
    module: str
    introduction: str


PAGES = (
    ApiPage("client", "Client", "gdx_sdk.client", "Connects to a cluster: reads, sends, waits."),
    ApiPage("instructions", "Instructions", "gdx_sdk.instructions", "Pure: nothing here sends anything."),
    ApiPage("accounts", "Accounts", "gdx_sdk.accounts", "Offsets are on the pages of the programs."),
    ApiPage("pdas", "Addresses", "gdx_sdk.pdas", "Every address is derived, none is configured."),
    ApiPage("batch", "Batches and proofs", "gdx_sdk.batch", "The bytes are in [batches](../batches.md)."),
    ApiPage("math", "Maths", "gdx_sdk.math", "Exact integers, equal to the programs."),
    ApiPage("units", "Units", "gdx_sdk.units", "Decimals come in and go out here, and nowhere else."),
    ApiPage("validity", "Oracle validity", "gdx_sdk.validity", "What may be done on which price."),
    ApiPage("events", "Events", "gdx_sdk.events", "Their fields are on the pages of the programs."),
    ApiPage("errors", "Errors", "gdx_sdk.errors", "One tree; a class per error of each program below it."),
    ApiPage("tx", "Transactions", "gdx_sdk.tx", "From instructions to signed bytes, without a network."),
    ApiPage("idlgen", "Generator", "gdx_sdk.idlgen", "`gdx idl generate` calls it."),
    ApiPage("plugins", "Plugins", "gdx_sdk.plugins", "Matchers and keepers of your own."),
    ApiPage("testing", "Testing", "gdx_sdk.testing", "Fakes for your own tests."),
    ApiPage("localnet", "Local chain", "gdx_localnet", "A chain of your own, embedded or a validator."),
)


def public_names(module_name: str) -> list[str]:
    """What the module offers: its `__all__`, or what it defines itself; modules within it left out."""
    module = import_module(module_name)
    names = getattr(module, "__all__", None) or [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module_name
    ]
    return [name for name in names if not isinstance(getattr(module, name), ModuleType)]


def shown(value: object) -> str:
    """A constant as the page shows it."""
    return f"bytes `{value.hex()}`" if isinstance(value, bytes) else f"`{value!r}`"


def render(page: ApiPage) -> str:
    """The page as it has to be: constants in a table, then functions and classes."""
    module = import_module(page.module)
    members = {name: getattr(module, name) for name in public_names(page.module)}
    constants = {
        name: value for name, value in members.items() if isinstance(value, int | bytes | str | dict)
    }
    blocks = [f"# {page.title}", f"`{page.module}`. {page.introduction}"]
    if constants:
        rows = [f"| `{name}` | {shown(value)} |" for name, value in constants.items()]
        blocks.append("\n".join(["| constant | value |", "|---|---|", *rows]))
    blocks += [f"::: {page.module}.{name}" for name in members if name not in constants]
    return "\n\n".join(blocks) + "\n"
