"""Structs, unions, enums, accounts and events as classes."""

from __future__ import annotations

from collections.abc import Sequence

from gdx_sdk.idlgen.names import safe, screaming, unique
from gdx_sdk.idlgen.render.expressions import Source
from gdx_sdk.idlgen.render.text import Seq, call, docstring, hexed, spread, union
from gdx_sdk.idlgen.resolve import Case, Item, Member, Record, fixed_size


def struct_class(module: Source, item: Item) -> str:
    """A struct of the types package."""
    base = module.runtime("Struct")
    lines = [*_heading(module, item.class_name, base), *docstring(_docs(item), 4), ""]
    lines += _fields(module, item.members)
    if item.size is not None:
        lines.append(f"    SIZE: {module.standard('typing', 'ClassVar')}[int] = {item.size}")
    lines.append(_layout(module, item.members, item.size, 0, item))
    return "\n".join(lines)


def account_class(module: Source, record: Record) -> str:
    """An account."""
    item, tag = record.item, record.tag
    start = len(tag.discriminator)
    fixed = item.size is not None
    base = module.runtime("FixedAccount" if fixed else "Account")
    class_var = module.standard("typing", "ClassVar")
    lines = [*_heading(module, item.class_name, base), *docstring(_docs(item), 4), ""]
    lines += _fields(module, item.members)
    lines.append(spread(hexed(tag.discriminator), 4, f"DISCRIMINATOR: {class_var}[bytes] = "))
    if module.own_program_id:
        pubkey = module.runtime("Pubkey")
        program_id = module.relative("..program_id", "PROGRAM_ID")
        lines.append(f"    PROGRAM_ID: {class_var}[{pubkey} | None] = {program_id}")
    size = None if item.size is None else start + item.size
    if size is not None:
        lines.append(f"    SIZE: {class_var}[int] = {size}")
    lines.append(_layout(module, item.members, size, start, item))
    mapping = module.standard("collections.abc", "Mapping")
    lines.append(f"    OFFSETS: {class_var}[{mapping}[str, int]] = LAYOUT.offsets")
    return "\n".join(lines)


def event_class(module: Source, record: Record) -> str:
    """An event."""
    item, tag = record.item, record.tag
    class_var = module.standard("typing", "ClassVar")
    lines = [*_heading(module, item.class_name, module.runtime("Event")), *docstring(_docs(item), 4), ""]
    lines += _fields(module, item.members)
    lines.append(spread(hexed(tag.discriminator), 4, f"DISCRIMINATOR: {class_var}[bytes] = "))
    if item.size is not None:
        lines.append(f"    SIZE: {class_var}[int] = {item.size}")
    start = len(tag.discriminator)
    plain = [
        Member(m.name, m.type, m.docs, None if m.offset is None else m.offset - start) for m in item.members
    ]
    lines.append(_layout(module, plain, item.size, 0, item))
    return "\n".join(lines)


def enum_class(module: Source, item: Item) -> str:
    """An enum without data."""
    base = module.standard("enum", "IntEnum")
    cases = item.cases or ()
    names = unique([safe(screaming(case.name), {"_"}) for case in cases])
    lines = [f"class {item.class_name}({base}):", *docstring(_docs(item), 4), ""]
    for number, (name, case) in enumerate(zip(names, cases, strict=True)):
        lines += [f"    {name} = {number}", *docstring(case.docs, 4)]
    return "\n".join(lines)


def union_classes(module: Source, item: Item) -> list[str]:
    """An enum with data: a base class, a class per variant, and the union of the variants."""
    base = module.runtime("TaggedUnion")
    docs = _docs(item) + f"\n\nOne of the classes in ``{item.kind_name}``."
    blocks = ["\n".join([f"class {item.class_name}({base}):", *docstring(docs, 4), "", "    __slots__ = ()"])]
    cases = item.cases or ()
    blocks += [_variant(module, item, case, tag) for tag, case in enumerate(cases)]
    names = [case.class_name for case in cases]
    alias = module.standard("typing", "TypeAlias")
    blocks.append(union(f"{item.kind_name}: {alias} = ", names))
    blocks.append(spread(Seq("(", names, ")"), before=f"{item.class_name}.VARIANTS = "))
    return blocks


def _variant(module: Source, item: Item, case: Case, tag: int) -> str:
    docs = case.docs or f"The variant ``{case.name}`` of ``{item.class_name}``."
    lines = [*_heading(module, case.class_name, item.class_name), *docstring(docs, 4), ""]
    lines += _fields(module, case.members)
    lines.append(f"    TAG: {module.standard('typing', 'ClassVar')}[int] = {tag}")
    lines.append(_layout(module, case.members, None, 0, item, show_offsets=False))
    return "\n".join(lines)


def _heading(module: Source, name: str, base: str) -> list[str]:
    decorator = module.standard("dataclasses", "dataclass")
    return [f"@{decorator}(frozen=True, slots=True)", f"class {name}({base}):"]


def _docs(item: Item) -> str:
    return item.source.docs or f"``{item.source.name}``, which the IDL does not describe."


def _fields(module: Source, members: Sequence[Member]) -> list[str]:
    lines = []
    for member in members:
        lines.append(f"    {member.name}: {module.annotation(member.type, 'field')}")
        lines += docstring(member.docs, 4)
    return [*lines, ""] if lines else []


def _layout(
    module: Source,
    members: Sequence[Member],
    size: int | None,
    start: int,
    item: Item,
    *,
    show_offsets: bool = True,
) -> str:
    """The layout table; ``size`` and ``start`` only where the rows do not say them."""
    rows: list[str | Seq] = []
    for member in members:
        parts = [f'"{member.name}"', module.codec(member.type, item)]
        if show_offsets and member.offset is not None:
            parts.append(str(member.offset))
        rows.append(Seq("(", parts, ")"))
    if not members and start:
        rows.append(f"start={start}")
    if members and size is not None and size != _end(members):
        rows.append(f"size={size}")
    name = module.runtime("Layout")
    before = f"LAYOUT: {module.standard('typing', 'ClassVar')}[{name}] = "
    table = call(name, *rows)
    if len(rows) > 1:  # one row per line, however short: it is a table
        lines = [f"    {before}{name}("]
        lines += [spread(row, 8, after=",") for row in rows]
        return "\n".join([*lines, "    )"])
    return spread(table, 4, before)


def _end(members: Sequence[Member]) -> int | None:
    """Where the last field ends, as the runtime computes it."""
    last = members[-1]
    size = fixed_size(last.type)
    return None if last.offset is None or size is None else last.offset + size
