"""A whole program made concrete: every class to generate, named, with its module."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gdx_sdk.idlgen.errors import IdlError
from gdx_sdk.idlgen.model import Array, COption, Option, Primitive, Program, Ref, TypeDef, Vec
from gdx_sdk.idlgen.names import BUILTINS, class_name, numbered, pascal, safe, snake
from gdx_sdk.idlgen.resolve import Call, Item, Record, Resolved, Resolver, refs_in


@dataclass(frozen=True, slots=True)
class Alias:
    """A type alias: its Python name, its module and what it stands for."""

    class_name: str
    module: str
    docs: str
    type: Resolved


@dataclass(frozen=True, slots=True)
class Concrete:
    """Everything to render."""

    program: Program
    accounts: tuple[Record, ...]
    events: tuple[Record, ...]
    calls: tuple[Call, ...]
    items: tuple[Item, ...]
    aliases: tuple[Alias, ...]
    resolver: Resolver


def concrete(program: Program) -> Concrete:
    """Resolve and name everything in a program; IdlError where the IDL contradicts itself."""
    try:
        return _concrete(program)
    except IdlError as error:
        raise IdlError(error.path, error.value, error.expected, program.source) from None
    except RecursionError:
        expected = "expected types nested less deeply"
        raise IdlError("$.types", program.name, expected, program.source) from None


def _concrete(program: Program) -> Concrete:
    resolver = Resolver(program)
    accounts = tuple(resolver.record(tag, program.account_structs) for tag in program.accounts)
    events = tuple(resolver.record(tag, program.event_structs) for tag in program.events)
    calls = tuple(resolver.call(instruction) for instruction in program.instructions)
    roots = [ref for record in (*accounts, *events) for ref in record.item.refs()]
    for call in calls:
        roots += [ref for member in call.args for ref in refs_in(member.type)]
        roots += refs_in(call.returns) if call.returns is not None else ()
    roots += _unused(resolver, {tag.name for tag in (*program.accounts, *program.events)})
    aliases = _alias_types(resolver)
    roots += [ref for _, type_ in aliases for ref in refs_in(type_)]
    items = _reachable(roots)
    _name_all(items)
    _find_cycles(items)
    _name_records(accounts, set())
    _name_records(events, {"AnyEvent", "BY_DISCRIMINATOR"})
    return Concrete(
        program, accounts, events, _named_calls(calls), tuple(items), _aliases(aliases, items), resolver
    )


def _unused(resolver: Resolver, tagged: set[str]) -> list[Item]:
    """Types that nothing refers to are generated all the same: a user may need them."""
    sources = [source for name, source in resolver.program.types.items() if name not in tagged]
    return [
        resolver.item(source, (), source.is_memory)
        for source in sources
        if not source.parameters and source.alias is None
    ]


def _reachable(roots: Iterable[Item]) -> list[Item]:
    found: dict[Item, None] = {}
    stack = list(roots)
    while stack:
        item = stack.pop()
        if item not in found:
            found[item] = None
            stack += item.refs()
    return sorted(found, key=lambda item: (_label(item), item.is_memory))


def _label(item: Item) -> str:
    arguments = "".join(label(argument) for argument in item.arguments)
    return class_name(pascal(item.source.name) + arguments)


def label(type_: Resolved | int) -> str:
    """A type as part of a class name: ``u64`` → ``U64``, ``Vec<u8>`` → ``VecU8``, ``30`` → ``N30``."""
    match type_:
        case int():
            return f"N{type_}"
        case Primitive(name):
            return pascal(name)
        case Array(inner, length):
            return f"Array{length}{label(inner)}"
        case Option(inner) | COption(inner) | Vec(inner):
            return f"{type(type_).__name__}{label(inner)}"
        case Ref(item):
            return _label(item)
    raise TypeError(f"{type_} is not concrete")


def _name_all(items: list[Item]) -> None:
    taken: set[str] = set()
    modules: set[str] = set()
    for item in items:
        name = _label(item)
        item.class_name = safe(f"{name}Memory" if item.is_memory and name in taken else name, taken)
        taken.add(item.class_name)
    for item in items:
        item.module = safe(snake(item.class_name.rstrip("_")), modules, taken)
        modules.add(item.module)
        if item.is_union:
            item.kind_name = safe(f"{item.class_name}Kind", taken)
            taken.add(item.kind_name)
            for case in item.cases or ():
                case.class_name = safe(item.class_name + pascal(case.name), taken)
                taken.add(case.class_name)


def _name_records(records: tuple[Record, ...], taken: set[str]) -> None:
    for record in records:
        record.item.class_name = numbered(class_name(record.tag.name), taken)


def _named_calls(calls: tuple[Call, ...]) -> tuple[Call, ...]:
    """Names that differ only in their spelling (``placeOrder``, ``place_order``) get a number."""
    functions, bases = set[str](), set[str]()
    taken = {"account_types", "annotations", "pdas"}  # names that their modules import
    for call in calls:
        name = snake(call.source.name)
        taken |= {f"resolve_{name}", f"decode_{name}_return"}
    return tuple(
        replace(
            call,
            function=numbered(safe(snake(call.source.name), BUILTINS, taken), functions),
            base=numbered(pascal(call.source.name), bases),
        )
        for call in calls
    )


def _find_cycles(items: list[Item]) -> None:
    """Items that refer to each other in a circle share a module."""
    reach = {item: _below(item) for item in items}
    for item in items:
        if item in reach[item]:
            circle = [other for other in items if other in reach[item] and item in reach[other]]
            item.cycle = tuple(circle)
            item.module = circle[0].module


def _below(item: Item) -> set[Item]:
    found: set[Item] = set()
    stack = list(item.refs())
    while stack:
        other = stack.pop()
        if other not in found:
            found.add(other)
            stack += other.refs()
    return found


def _alias_types(resolver: Resolver) -> list[tuple[TypeDef, Resolved]]:
    """Every alias without parameters and what it stands for."""
    sources = sorted(resolver.program.types.values(), key=lambda source: source.name)
    return [
        (source, resolver.resolve(source.alias, {}, source.path))
        for source in sources
        if source.alias is not None and not source.parameters
    ]


def _aliases(types: list[tuple[TypeDef, Resolved]], items: list[Item]) -> tuple[Alias, ...]:
    taken = {name for item in items for name in exported(item)}
    modules = {item.module for item in items}
    found = []
    for source, type_ in types:
        name = safe(class_name(source.name), taken)
        module = safe(snake(source.name), modules, taken | {name})
        taken.add(name)
        modules.add(module)
        found.append(Alias(name, module, source.docs, type_))
    return tuple(found)


def exported(item: Item) -> list[str]:
    """The names that an item adds to the package."""
    names = [item.class_name]
    if item.is_union:
        names += [item.kind_name, *(case.class_name for case in item.cases or ())]
    return names
