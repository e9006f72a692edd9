"""Changes of the IDL's own types; those of accounts and events are compared as such."""

from __future__ import annotations

from collections.abc import Iterator

from gdx_sdk.idlgen.concrete import Concrete
from gdx_sdk.idlgen.diff.changes import Changes
from gdx_sdk.idlgen.diff.layouts import (
    Finding,
    compare_layouts,
    layout_of,
    layout_of_members,
)
from gdx_sdk.idlgen.diff.records import report_finding
from gdx_sdk.idlgen.model import (
    Array,
    COption,
    Defined,
    Field,
    Option,
    Program,
    TypeDef,
    TypeExpr,
    Vec,
)
from gdx_sdk.idlgen.resolve import Item
from gdx_sdk.idlgen.spelling import spell


def compare_types(old: Concrete, new: Concrete, found: Changes) -> None:
    """Types keep their fields and variants in their places; variants may be added at the end."""
    before, after = old.program.types, new.program.types
    used = _used(old.program)
    tagged = {tag.name for tag in (*old.program.accounts, *old.program.events)} - used
    for name, source in before.items():
        if name in tagged:
            continue
        if name not in after:
            found.gone("type-removed", source.path, f"the type {name} is gone")
        elif _kind(source) != _kind(after[name]) or source.parameters != after[name].parameters:
            sentence = f"the type {name} was a {_kind(source)} and is now a {_kind(after[name])}"
            found.broken("type-changed", f"{after[name].path}.type", sentence)
        elif source.parameters or source.alias is not None:
            _compare_text(source, after[name], found)
        else:
            _compare_items(_item(old, source), _item(new, after[name]), name in used, found)
    known = before.keys() | {tag.name for tag in (*new.program.accounts, *new.program.events)}
    for name in after.keys() - known:
        found.safe("type-added", after[name].path, f"the type {name} is new")


def _item(program: Concrete, source: TypeDef) -> Item:
    return program.resolver.item(source, (), source.is_memory)


def _kind(source: TypeDef) -> str:
    kind = "enum" if source.variants is not None else "alias" if source.alias is not None else "struct"
    return f"{kind} of {', '.join(source.parameters)}" if source.parameters else kind


def _compare_text(old: TypeDef, new: TypeDef, found: Changes) -> None:
    """Generic types and aliases: any other text is another type."""
    was, now = _text(old), _text(new)
    if was != now:
        sentence = f"the type {old.name} was {was} and is now {now}"
        found.broken("type-changed", f"{new.path}.type", sentence)


def _text(source: TypeDef) -> str:
    if source.alias is not None:
        return spell(source.alias)
    if source.fields is not None:
        return _fields_text(source.fields)
    return " | ".join(variant.name + _fields_text(variant.fields) for variant in source.variants or ())


def _fields_text(fields: tuple[Field, ...]) -> str:
    return "{" + ", ".join(f"{field.name or ''}: {spell(field.type)}" for field in fields) + "}"


def _compare_items(old: Item, new: Item, is_used: bool, found: Changes) -> None:
    what = f"type {old.source.name}"
    if old.cases is not None and new.cases is not None:
        _compare_variants(old, new, is_used, found)
        return
    for finding in compare_layouts(layout_of(old), layout_of(new)):
        _report(what, finding, is_used, found)


def _report(what: str, finding: Finding, is_used: bool, found: Changes) -> None:
    if finding.fate != "appended":
        report_finding(what, finding, found)
        return
    place = finding.place
    if is_used:
        sentence = f"{what} grows by the field {place.name}, so what holds it has other bytes"
        found.broken("type-grown", place.path, sentence)
    else:
        sentence = f"{what} grows by the field {place.name}; no instruction, account or event holds it"
        found.safe("type-grown", place.path, sentence)


def _compare_variants(old: Item, new: Item, is_used: bool, found: Changes) -> None:
    what, was, now = f"type {old.source.name}", old.cases or (), new.cases or ()
    sources, before = new.source.variants or (), old.source.variants or ()
    names = {case.name: number for number, case in enumerate(now)}
    if old.size != new.size and old.is_unit_enum and new.is_unit_enum:
        sentence = f"{what} had a tag of {old.size} bytes and now has one of {new.size}"
        found.broken("type-changed", new.source.path, sentence)
    for number, case in enumerate(was):
        place = names.get(case.name)
        if place is None and number < len(now) and now[number].name not in {c.name for c in was}:
            sentence = f"{what}: the variant {case.name} is now called {now[number].name}"
            found.broken("variant-renamed", f"{sources[number].path}.name", sentence)
        elif place is None:
            found.gone("variant-removed", before[number].path, f"{what} loses the variant {case.name}")
        elif place != number:
            sentence = f"{what}: the variant {case.name} had the tag {number} and now has {place}"
            found.broken("variant-moved", sources[place].path, sentence)
        else:
            name = f"{what}::{case.name}"
            one = layout_of_members(case.members, before[number].fields, None, before[number].path)
            two = layout_of_members(now[place].members, sources[place].fields, None, sources[place].path)
            for finding in compare_layouts(one, two):
                _report(name, finding, is_used, found)
    _report_new_variants(old, new, found)


def _report_new_variants(old: Item, new: Item, found: Changes) -> None:
    known = {case.name for case in old.cases or ()}
    for number, variant in enumerate(new.source.variants or ()):
        if variant.name not in known and number >= len(known):
            sentence = (
                f"type {new.source.name} has the new variant {variant.name}, which old clients refuse to read"
            )
            found.safe("variant-added", variant.path, sentence)


def _used(program: Program) -> set[str]:
    """Types that arguments, return values, accounts or events hold."""
    defs = program.event_structs | program.account_structs | program.types
    found: set[str] = set()
    stack: list[TypeExpr] = [arg.type for call in program.instructions for arg in call.args]
    stack += [call.returns for call in program.instructions if call.returns is not None]
    for tag in (*program.accounts, *program.events):
        stack += _inside(program.account_structs.get(tag.name) or defs[tag.name])
    while stack:
        for name in _names(stack.pop()):
            if name not in found and name in defs:
                found.add(name)
                stack += _inside(defs[name])
    return found


def _inside(source: TypeDef) -> list[TypeExpr]:
    fields = [*(source.fields or ()), *(f for variant in source.variants or () for f in variant.fields)]
    return [field.type for field in fields] + ([source.alias] if source.alias is not None else [])


def _names(type_: TypeExpr) -> Iterator[str]:
    match type_:
        case Defined(name, arguments):
            yield name
            for argument in arguments:
                if not isinstance(argument, int):
                    yield from _names(argument)
        case Option(inner) | COption(inner) | Vec(inner) | Array(inner):
            yield from _names(inner)
