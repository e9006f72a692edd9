"""Changes of what is found by name or number: the program, its errors, its constants."""

from __future__ import annotations

from gdx_sdk.idlgen.concrete import Concrete
from gdx_sdk.idlgen.diff.changes import Changes
from gdx_sdk.idlgen.model import Constant, ErrorCode, Program
from gdx_sdk.idlgen.spelling import spell


def compare_program(old: Program, new: Program, found: Changes) -> None:
    """The program's name and address."""
    if old.name != new.name:
        found.broken("program-renamed", "$.metadata.name", f"the program {old.name} is now called {new.name}")
    if old.address != new.address:
        if old.address is None:
            found.safe("address-added", "$.address", f"the program's address {new.address} is now stated")
        else:
            sentence = f"the program's address was {old.address} and is now {new.address}"
            found.broken("program-address", "$.address", sentence)


def compare_errors(old: Program, new: Program, found: Changes) -> None:
    """Errors keep their number and their name; their text may change, and new numbers may come."""
    by_name, by_code = {e.name: e for e in new.errors}, {e.code: e for e in new.errors}
    names, codes = {e.name for e in old.errors}, {e.code for e in old.errors}
    for error in old.errors:
        _compare_error(error, by_name.get(error.name), by_code.get(error.code), found)
    for error in new.errors:
        if error.name not in names and error.code not in codes:
            found.safe("error-added", error.path, f"error {error.code} {error.name} is new")


def _compare_error(old: ErrorCode, same: ErrorCode | None, holder: ErrorCode | None, found: Changes) -> None:
    what = f"error {old.code} {old.name}"
    if same is not None and same.code != old.code:
        found.broken("error-renumbered", f"{same.path}.code", f"{what} now has the number {same.code}")
    elif same is not None and same.sentence != old.sentence:
        found.safe("error-text", f"{same.path}.msg", f"{what} has another text")
    elif same is None and holder is not None:
        found.broken("error-renamed", f"{holder.path}.name", f"{what} is now called {holder.name}")
    elif same is None:
        found.gone("error-removed", old.path, f"{what} is gone; keep its number, unused")


def compare_constants(old: Concrete, new: Concrete, found: Changes) -> None:
    """Constants keep their type and value."""
    after = {constant.name: constant for constant in new.program.constants}
    for constant in old.program.constants:
        other = after.pop(constant.name, None)
        if other is None:
            found.gone("constant-removed", constant.path, f"the constant {constant.name} is gone")
        else:
            _compare_constant(constant, other, old, new, found)
    for constant in after.values():
        found.safe("constant-added", constant.path, f"the constant {constant.name} is new")


def _compare_constant(
    old: Constant, new: Constant, before: Concrete, after: Concrete, found: Changes
) -> None:
    was = spell(before.resolver.resolve(old.type, {}, old.path))
    now = spell(after.resolver.resolve(new.type, {}, new.path))
    is_same = old.source == new.source if None in (old.value, new.value) else old.value == new.value
    if was != now:
        sentence = f"the constant {old.name} was of type {was} and is now of type {now}"
        found.broken("constant-retyped", f"{new.path}.type", sentence)
    elif not is_same:
        sentence = f"the constant {old.name} was {old.source} and is now {new.source}"
        found.broken("constant-changed", f"{new.path}.value", sentence)
