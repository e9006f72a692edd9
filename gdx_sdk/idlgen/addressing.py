"""How each account of an instruction is found: given, fixed, derived, or absent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from gdx_sdk.idlgen.concrete import Concrete
from gdx_sdk.idlgen.model import (
    Account,
    AccountItem,
    AccountSeed,
    ArgSeed,
    ConstSeed,
    Group,
    Pda,
    Primitive,
    Ref,
    Seed,
    TypeExpr,
)
from gdx_sdk.idlgen.names import class_name, field_name, safe, snake, unique
from gdx_sdk.idlgen.resolve import Call, Member

PUBKEY = Primitive("pubkey")
BYTES = Primitive("bytes")
_EVENT_AUTHORITY = Pda((ConstSeed(b"__event_authority"),))
TAKEN = frozenset(["program_id", "args", "accounts", "remaining_accounts", "keys", "data", "pdas"])
# Functions that generated functions call, and variables of theirs.
CALLED = frozenset(["optional_account", "list", "client", "chain", "account_types", "find_address"]) | {
    *("array", "vec", "option", "coption", "nested_option", "explicit_option", "fixed_bytes", "unit_enum")
}

Kind = Literal["given", "optional", "fixed", "derived", "program"]
Origin: TypeAlias = "Slot | FieldOrigin | tuple[str, ...]"  # an address, a field on chain, an argument


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a ``find_`` function."""

    name: str
    type: TypeExpr
    source: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finder:
    """A ``find_`` function: constant seeds are bytes, the others name a parameter."""

    name: str
    account: str
    seeds: tuple[bytes | Parameter, ...]
    program: bytes | Parameter | None

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The function's parameters, each once, the program's last."""
        given = [seed for seed in self.seeds if isinstance(seed, Parameter)]
        if isinstance(self.program, Parameter):
            given.append(self.program)
        return tuple({parameter.source: parameter for parameter in given}.values())

    @property
    def shape(self) -> tuple[object, ...]:
        """What makes two finders the same function: everything but the parameters' names."""
        order = [parameter.source for parameter in self.parameters]
        parts = (*self.seeds, self.program)
        return tuple((order.index(p.source), p.type) if isinstance(p, Parameter) else p for p in parts)


@dataclass(frozen=True, slots=True)
class FieldOrigin:
    """A field of the data of an account; ``kinds`` are the account classes that have such a field."""

    slot: Slot
    path: tuple[str, ...]
    kinds: tuple[str, ...]


@dataclass(eq=False, slots=True)
class Slot:
    """One account of an instruction: where the caller gives it and what happens when they do not."""

    account: Account
    path: tuple[str, ...]
    local: str
    kind: Kind = "given"
    finder: Finder | None = None
    origins: tuple[Origin, ...] = ()
    group: tuple[AccountItem, ...] = field(default=(), repr=False)
    found: FieldOrigin | tuple[Origin, ...] | None = None
    """How to read it from the chain when not given: a field, or what to derive it from."""

    @property
    def is_required(self) -> bool:
        """The caller has to give it."""
        return self.kind == "given"

    @property
    def needs(self) -> tuple[Slot, ...]:
        """The accounts whose addresses it takes to find this one."""
        found = self.origins if self.kind == "derived" else self.found or ()
        origins = (found,) if isinstance(found, FieldOrigin) else found
        slots = [o.slot if isinstance(o, FieldOrigin) else o for o in origins if not isinstance(o, tuple)]
        return tuple(slots)


class Addressing:
    """The finders of a program and the slots of each of its instructions."""

    def __init__(self, program: Concrete) -> None:
        self.concrete = program
        self.finders: dict[str, Finder] = {}
        self.slots = {call.source.name: self._slots(call) for call in program.calls}

    def _slots(self, call: Call) -> list[Slot]:
        slots: list[Slot] = []
        taken: set[str] = set()
        for account, path, group in _flatten(call.source.accounts, ()):
            slots.append(Slot(account, path, _local(path, taken), group=group))
        for slot in slots:
            self._decide(slot, slots, call)
        _break_circles(slots)
        for slot in slots:
            if slot.kind == "given":
                slot.found = self._found(slot, slots, call)
        _forget_circles(slots)
        return slots

    def _decide(self, slot: Slot, slots: list[Slot], call: Call) -> None:
        account = slot.account
        names = {item.name for item in slot.group}
        pda = account.pda
        if account.name == "event_authority" and "program" in names and account.address is None:
            pda = pda or _EVENT_AUTHORITY
        if pda is not None:
            slot.finder = self._finder(account.name, pda, call)
        if account.is_optional:
            slot.kind = "optional"
        elif account.address is not None:
            slot.kind = "program" if account.address == self.concrete.program.address else "fixed"
        elif account.name == "program" and "event_authority" in names:
            slot.kind = "program"
        elif pda is not None:
            seeds = {
                _source(seed): seed
                for seed in (*pda.seeds, *_program(pda))
                if not isinstance(seed, ConstSeed)
            }
            origins = _all([self._origin(seed, slot, slots, call) for seed in seeds.values()])
            if origins is not None and not any(isinstance(origin, FieldOrigin) for origin in origins):
                slot.kind, slot.origins = "derived", origins

    def _found(self, slot: Slot, slots: list[Slot], call: Call) -> FieldOrigin | tuple[Origin, ...] | None:
        """How the chain tells an address that the call does not: by a relation, or by data in its seeds."""
        for relation in slot.account.relations:
            other = _sibling(field_name(relation), slot, slots)
            kinds = self._kinds_with(slot.path[-1], relation)
            if other is not None and kinds:
                return FieldOrigin(other, (slot.path[-1],), kinds)
        pda = slot.account.pda
        if pda is None:
            return None
        seeds = {_source(s): s for s in (*pda.seeds, *_program(pda)) if not isinstance(s, ConstSeed)}
        origins = _all([self._origin(seed, slot, slots, call) for seed in seeds.values()])
        return origins if any(isinstance(origin, FieldOrigin) for origin in origins or ()) else None

    def _kinds_with(self, name: str, account: str) -> tuple[str, ...]:
        """The account classes with a key of that name; the one named like the account when it has it."""
        kinds = [
            record.item.class_name
            for record in self.concrete.accounts
            if any(member.name == name and member.type == PUBKEY for member in record.item.members)
        ]
        namesake = class_name(account)
        return (namesake,) if namesake in kinds else tuple(kinds)

    def _origin(self, seed: Seed, slot: Slot, slots: list[Slot], call: Call) -> Origin | None:
        """Where a seed's value comes from; ``None`` when neither the call nor the chain tells."""
        if isinstance(seed, ArgSeed):
            found = _argument(seed.path, call)
            return None if found is None else found[0]
        if isinstance(seed, ConstSeed):
            return None
        other = _sibling(field_name(seed.path[0]), slot, slots)
        if other is None or len(seed.path) == 1:
            return other
        kinds = [r.item.class_name for r in self.concrete.accounts if r.tag.name == seed.account]
        return FieldOrigin(other, tuple(map(field_name, seed.path[1:])), tuple(kinds)) if kinds else None

    def _finder(self, account: str, pda: Pda, call: Call) -> Finder:
        parts = _distinct([self._seed(seed, call) for seed in (*pda.seeds, *_program(pda))])
        seeds, program = (parts[:-1], parts[-1]) if pda.program is not None else (parts, None)
        wanted = Finder("", account, seeds, program)
        plain, qualified = f"find_{snake(account)}", f"find_{snake(call.source.name)}_{snake(account)}"
        for name in (plain, qualified):
            found = self.finders.get(name)
            if found is not None and found.shape == wanted.shape:
                return found
            if found is None:
                self.finders[name] = made = Finder(name, account, seeds, program)
                return made
        number = 2
        while (name := f"{qualified}_{number}") in self.finders:
            number += 1
        self.finders[name] = made = Finder(name, account, seeds, program)
        return made

    def _seed(self, seed: Seed, call: Call) -> bytes | Parameter:
        if isinstance(seed, ConstSeed):
            return seed.value
        if isinstance(seed, ArgSeed):
            found = _argument(seed.path, call)
            type_ = found[1] if found else self._plain(seed.type) or BYTES
            return Parameter(_parameter(seed.path[-1]), type_, _source(seed))
        if len(seed.path) == 1:
            return Parameter(_parameter(seed.path[0]), PUBKEY, _source(seed))
        return Parameter(_parameter("_".join(seed.path)), self._account_field(seed), _source(seed))

    def _plain(self, type_: TypeExpr | None) -> TypeExpr | None:
        return None if type_ is None else self.concrete.resolver.resolve(type_, {}, "$")

    def _account_field(self, seed: AccountSeed) -> TypeExpr:
        """The type of a field of an account's data; bytes when the IDL does not tell."""
        members: tuple[Member, ...] = ()
        for record in self.concrete.accounts:
            if record.tag.name == seed.account:
                members = record.item.members
        found = _member(members, seed.path[1:])
        return found or self._plain(seed.type) or BYTES


def _source(seed: Seed) -> tuple[str, ...]:
    """What makes two seeds the same value."""
    return () if isinstance(seed, ConstSeed) else (type(seed).__name__, *seed.path)


def _distinct(parts: list[bytes | Parameter]) -> tuple[bytes | Parameter, ...]:
    """The seeds, parameters of different origin under different names."""
    names: dict[tuple[str, ...], str] = {}
    result: list[bytes | Parameter] = []
    for part in parts:
        if isinstance(part, Parameter):
            if part.source not in names:
                names[part.source] = safe(part.name, set(names.values()))
            part = Parameter(names[part.source], part.type, part.source)
        result.append(part)
    return tuple(result)


def _program(pda: Pda) -> tuple[Seed, ...]:
    return () if pda.program is None else (pda.program,)


def _parameter(name: str) -> str:
    return safe(field_name(name), TAKEN, CALLED)


def _local(path: tuple[str, ...], taken: set[str]) -> str:
    """A short name of a local variable: the account's own, or with its group's, or with a number."""
    name = safe(path[-1], TAKEN, CALLED)
    if name in taken and len("_".join(path)) <= 40:
        name = safe("_".join(path), TAKEN, CALLED)
    number, base = 2, name
    while name in taken:
        name, number = f"{base}_{number}", number + 1
    taken.add(name)
    return name


def names_of(items: tuple[AccountItem, ...]) -> list[str]:
    """The Python names of accounts and groups that stand beside each other."""
    return unique([field_name(item.name) for item in items])


def _flatten(
    items: tuple[AccountItem, ...], path: tuple[str, ...]
) -> Iterator[tuple[Account, tuple[str, ...], tuple[AccountItem, ...]]]:
    for item, name in zip(items, names_of(items), strict=True):
        here = (*path, name)
        if isinstance(item, Group):
            yield from _flatten(item.items, here)
        else:
            yield item, here, items


def _argument(path: tuple[str, ...], call: Call) -> tuple[tuple[str, ...], TypeExpr] | None:
    """The Python path and the type of an argument or a field inside one."""
    names = tuple(field_name(part) for part in path)
    found = _member(call.args, names)
    return None if found is None else (names, found)


def _member(members: tuple[Member, ...], path: tuple[str, ...]) -> TypeExpr | None:
    for member in members:
        if member.name == field_name(path[0]):
            if len(path) == 1:
                return member.type
            if isinstance(member.type, Ref) and member.type.item.cases is None:
                return _member(member.type.item.members, path[1:])
    return None


def _all(origins: list[Origin | None]) -> tuple[Origin, ...] | None:
    """The origins when every one is known."""
    known = tuple(origin for origin in origins if origin is not None)
    return known if len(known) == len(origins) else None


def _sibling(name: str, slot: Slot, slots: list[Slot]) -> Slot | None:
    """The account of that name next to ``slot`` or in a group around it; ``None`` for an optional one."""
    above = slot.path[:-1]
    while True:
        for other in slots:
            if other.path == (*above, name) and other is not slot:
                return None if other.account.is_optional else other
        if not above:
            return None
        above = above[:-1]


def _forget_circles(slots: list[Slot]) -> None:
    """Of addresses that are read from each other in a circle, the first has to be given."""
    done: set[Slot] = set()
    waiting = list(slots)
    while waiting:
        ready = [slot for slot in waiting if all(need in done for need in slot.needs)]
        if not ready:
            first = next(slot for slot in waiting if slot.found is not None)
            first.found = None
        done.update(ready)
        waiting = [slot for slot in waiting if slot not in done]


def _break_circles(slots: list[Slot]) -> None:
    """Addresses derived from each other in a circle cannot be derived: the caller gives them."""
    done = {slot for slot in slots if slot.kind != "derived"}
    waiting = [slot for slot in slots if slot.kind == "derived"]
    progress = True
    while progress and waiting:
        ready = [s for s in waiting if all(not isinstance(o, Slot) or o in done for o in s.origins)]
        done.update(ready)
        progress = bool(ready)
        waiting = [slot for slot in waiting if slot not in done]
    for slot in waiting:
        slot.kind, slot.origins = "given", ()


def in_order(slots: list[Slot]) -> list[Slot]:
    """The slots that need a statement of their own, each after those it is derived from."""
    done: dict[Slot, None] = {}

    def visit(slot: Slot) -> None:
        for need in slot.needs if slot.kind == "derived" else ():
            visit(need)
        if slot.kind in ("fixed", "derived", "program"):
            done.setdefault(slot)

    for slot in slots:
        visit(slot)
    return list(done)


def to_look_up(slots: list[Slot]) -> list[Slot]:
    """The slots to find with the chain's help and what they need, in an order that works."""
    done: dict[Slot, None] = {}

    def visit(slot: Slot) -> None:
        for need in slot.needs:
            visit(need)
        if slot.found is not None or slot.kind in ("fixed", "derived", "program"):
            done.setdefault(slot)

    for slot in slots:
        if slot.found is not None:
            visit(slot)
    return list(done)
