"""Where the fields of a record lie, and what became of each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from gdx_sdk.idlgen.model import Array, Field, Primitive
from gdx_sdk.idlgen.resolve import Item, Member, fixed_size
from gdx_sdk.idlgen.spelling import spell

_SPARE = re.compile(r"_*(reserved|padding|pad)\w*")
Fate = Literal["removed", "renamed", "retyped", "moved", "inserted", "carved", "appended", "shrunk"]


@dataclass(frozen=True, slots=True)
class Place:
    """A field: its type's spelling, where it begins (``None`` behind a dynamic field) and how long it is."""

    name: str
    type: str
    path: str
    offset: int | None
    size: int | None
    is_spare: bool

    @property
    def end(self) -> int:
        """The byte behind it, of a field whose place is known."""
        return (self.offset or 0) + (self.size or 0)


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one field; ``other`` is the field in its place or under its name."""

    fate: Fate
    place: Place
    other: Place | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """The fields of a struct, account, event, variant or argument list, in order."""

    places: tuple[Place, ...]
    size: int | None
    path: str

    @property
    def free_bytes(self) -> set[int]:
        """Bytes of spare space, kept for later fields."""
        spares = [place for place in self.places if place.is_spare and place.offset is not None]
        return {at for spare in spares for at in range(spare.offset or 0, spare.end)}

    @property
    def end(self) -> int:
        """The byte behind the last field, of a layout of fixed size."""
        return max((place.end for place in self.places), default=0)


def layout_of(item: Item) -> Layout:
    """The layout of a struct (for an account of another kind: of its one value)."""
    return layout_of_members(item.members, item.source.fields or (), item.size, item.source.path)


def layout_of_members(
    members: Sequence[Member], fields: Sequence[Field], size: int | None, path: str
) -> Layout:
    """The layout of members whose sources in the IDL are ``fields``."""
    places = []
    for member, source in zip(members, fields, strict=True):
        is_spare = bool(_SPARE.fullmatch(member.name)) and isinstance(member.type, Array | Primitive)
        length = fixed_size(member.type)
        places.append(Place(member.name, spell(member.type), source.path, member.offset, length, is_spare))
    return Layout(tuple(places), size, path)


def compare_layouts(old: Layout, new: Layout) -> Iterator[Finding]:
    """What became of the old fields, then which fields are new; spare space is only what it holds."""
    was, now = _fields(old), _fields(new)
    ranks = {name: rank for rank, name in enumerate(name for name in now if name in was)}
    renamed: set[str] = set()
    for rank, place in enumerate(place for place in was.values() if place.name in now):
        other = now[place.name]
        if other.type != place.type:
            yield Finding("retyped", other, place)
        elif _has_moved(place, other, rank, ranks[place.name]):
            yield Finding("moved", other, place)
    for place in (place for place in was.values() if place.name not in now):
        heir = next((o for o in now.values() if o.name not in was and _replaces(place, o, old, new)), None)
        renamed.update([heir.name] if heir else [])
        yield Finding("renamed", heir, place) if heir else Finding("removed", place)
    yield from _new_fields(old, new, was, [p for p in now.values() if p.name not in {*was, *renamed}])
    if old.size is not None and new.size is not None and new.size < old.size:
        yield Finding("shrunk", Place(new.path, "", new.path, None, new.size, False))


def _fields(layout: Layout) -> dict[str, Place]:
    return {place.name: place for place in layout.places if not place.is_spare}


def _has_moved(old: Place, new: Place, old_rank: int, new_rank: int) -> bool:
    if old.offset is None and new.offset is None:
        return old_rank != new_rank
    return old.offset != new.offset


def _replaces(old: Place, new: Place, before: Layout, after: Layout) -> bool:
    """The same type in the same place."""
    if old.type != new.type:
        return False
    if old.offset is not None or new.offset is not None:
        return old.offset == new.offset
    return before.places.index(old) == after.places.index(new)


def _new_fields(old: Layout, new: Layout, was: dict[str, Place], added: list[Place]) -> Iterator[Finding]:
    kept = [rank for rank, place in enumerate(new.places) if place.name in was]
    fates = set[str]()
    for place in added:
        fate = _fate_of_new(place, old, new.places.index(place) > max(kept, default=-1))
        fates.add(fate)
        yield Finding(fate, place)
    has_grown = old.size is not None and new.size is not None and new.size > old.size
    if has_grown and not fates & {"appended", "inserted"} and new.places:
        yield Finding("appended", new.places[-1])


def _fate_of_new(place: Place, old: Layout, is_last: bool) -> Fate:
    if place.offset is None or place.size is None or old.size is None:
        return "appended" if is_last else "inserted"
    inside = set(range(place.offset, min(place.end, old.end)))
    if not inside <= old.free_bytes:
        return "inserted"
    return "carved" if place.end <= old.end else "appended"
