"""Changes of accounts and events: their discriminators and where their fields lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gdx_sdk.idlgen.concrete import Concrete
from gdx_sdk.idlgen.diff.changes import Changes
from gdx_sdk.idlgen.diff.layouts import Finding, Layout, compare_layouts, layout_of
from gdx_sdk.idlgen.resolve import Record

VERSION_FIELD = "layout_version"
Appended = Callable[[Finding], None]


def compare_accounts(old: Concrete, new: Concrete, found: Changes) -> None:
    """Accounts that exist keep their bytes; fields may come out of reserved space.

    An account that grows needs a migration, which its ``layout_version`` has to tell apart; without that
    field, growing is breaking.
    """
    for was, now in _pairs("account", old.accounts, new.accounts, found):
        before, after = layout_of(was.item), layout_of(now.item)
        _report(f"account {was.tag.name}", before, after, found, _grown(was, before, after, found))


def _grown(was: Record, before: Layout, after: Layout, found: Changes) -> Appended:
    has_version = all(any(p.name == VERSION_FIELD for p in layout.places) for layout in (before, after))

    def report(finding: Finding) -> None:
        name, field = was.tag.name, finding.place.name
        if has_version:
            found.conditional(
                "account-grown",
                finding.place.path,
                f"account {name} grows by the field {field}: accounts of the old length must be migrated "
                f"and have another {VERSION_FIELD}",
            )
        else:
            found.broken(
                "account-grown",
                finding.place.path,
                f"account {name} grows by the field {field}, but accounts that exist are shorter, and there "
                f"is no {VERSION_FIELD} to tell them apart; take the field out of reserved space",
            )

    return report


def compare_events(old: Concrete, new: Concrete, found: Changes) -> None:
    """Events that exist keep their bytes; what is new to say becomes a new event."""

    def grown(finding: Finding) -> None:
        found.broken(
            "event-grown",
            finding.place.path,
            f"an event grows by the field {finding.place.name}, and clients refuse bytes they do not know; "
            "add a new event",
        )

    for was, now in _pairs("event", old.events, new.events, found):
        _report(f"event {was.tag.name}", layout_of(was.item), layout_of(now.item), found, grown)


def _pairs(
    kind: str, old: Sequence[Record], new: Sequence[Record], found: Changes
) -> list[tuple[Record, Record]]:
    """Records of the same name, after reporting those that went, came, or changed their discriminator."""
    by_name = {record.tag.name: record for record in new}
    by_bytes = {record.tag.discriminator: record for record in new if record.tag.discriminator}
    known, renamed = {record.tag.name for record in old}, set[str]()
    pairs = []
    for record in old:
        name, tag = record.tag.name, record.tag.discriminator
        same, heir = by_name.get(name), by_bytes.get(tag)
        if same is None and heir is not None and heir.tag.name not in known:
            renamed.add(heir.tag.name)
            sentence = f"{kind} {name} is now called {heir.tag.name}"
            found.broken(f"{kind}-renamed", f"{heir.tag.path}.name", sentence)
        elif same is None:
            found.gone(f"{kind}-removed", record.tag.path, f"{kind} {name} is gone")
        else:
            compare_discriminators(f"{kind} {name}", same.tag.path, tag, same.tag.discriminator, found)
            pairs.append((record, same))
    for record in new:
        if record.tag.name not in known | renamed:
            found.safe(f"{kind}-added", record.tag.path, f"{kind} {record.tag.name} is new")
    return pairs


def compare_discriminators(what: str, path: str, old: bytes, new: bytes, found: Changes) -> None:
    """A discriminator never changes."""
    if old != new:
        sentence = f"{what} had the discriminator {old.hex()} and now has {new.hex()}"
        found.broken("discriminator-changed", f"{path}.discriminator", sentence)


def _report(what: str, old: Layout, new: Layout, found: Changes, appended: Appended) -> None:
    for finding in compare_layouts(old, new):
        if finding.fate == "appended":
            appended(finding)
        else:
            report_finding(what, finding, found)


def report_finding(what: str, finding: Finding, found: Changes) -> None:
    """Report every fate but ``appended``, which means another thing in each kind of record."""
    place, other = finding.place, finding.other
    match finding.fate:
        case "removed":
            found.gone("field-removed", place.path, f"{what} loses the field {place.name}")
        case "renamed" if other is not None:
            found.broken(
                "field-renamed", f"{place.path}.name", f"{what}: the field {other.name} is now {place.name}"
            )
        case "retyped" if other is not None:
            sentence = f"{what}: the field {place.name} was of type {other.type} and is now {place.type}"
            found.broken("field-retyped", f"{place.path}.type", sentence)
        case "moved" if other is not None:
            found.broken("field-moved", place.path, f"{what}: the field {place.name} {_move(finding)}")
        case "inserted":
            sentence = f"{what}: the new field {place.name} stands before bytes that clients know"
            found.broken("field-inserted", place.path, sentence)
        case "carved":
            sentence = (
                f"{what}: the new field {place.name} lies in reserved space, zero in what was written before"
            )
            found.safe("field-carved", place.path, sentence)
        case "shrunk":
            found.broken("shrunk", place.path, f"{what} is shorter than it was: {place.size} bytes")


def _move(finding: Finding) -> str:
    place, other = finding.place, finding.other
    if other is None or other.offset is None or place.offset is None:
        return "has another place"
    return f"was at byte {other.offset} and is now at byte {place.offset}"
