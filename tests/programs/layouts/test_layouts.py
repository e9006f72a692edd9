"""Accounts written by every layout there ever was are read to the same values, and keep their places."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from gdx_sdk import accounts
from gdx_sdk.programs import PROGRAM_IDS
from tests.programs.harness.chain import Chain
from tests.programs.harness.codec import idl

from . import fixtures, scene
from .fixtures import Fixture
from .migrations import MIGRATIONS
from .readers import READERS

ALL = fixtures.load()
NEWEST = fixtures.current(ALL)
PRESENT = [fixture for fixture in ALL if (fixture.type, fixture.layout) not in MIGRATIONS]
OUTGROWN = [fixture for fixture in ALL if (fixture.type, fixture.layout) in MIGRATIONS]


def names(given: list[Fixture]) -> list[str]:
    return [fixture.name for fixture in given]


def sdk_values(value: Any) -> Any:
    """What the SDK decoded, as the fixtures' JSON has it."""
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value) if not scene.is_spare(field.name)]
        return {name: sdk_values(getattr(value, name)) for name in names}
    return [sdk_values(item) for item in value] if isinstance(value, tuple) else fixtures.plain(value)


def test_every_account_type_has_a_fixture_of_its_present_layout() -> None:
    types = {(program, name) for program in PROGRAM_IDS for name in idl(program).accounts.values()}
    built = {(one.program, one.type): one for one in scene.build()}
    assert types == built.keys(), "add the account to tests/programs/layouts/scene.py"
    kept = {fixture.name: fixture for fixture in ALL}
    for one in built.values():
        fixture = kept.get(f"{one.program}.{one.type}.layout{one.layout}")
        assert fixture is not None, f"{one.type} of layout {one.layout} has no fixture: make layouts"
        assert len(fixture.data) == len(one.data), f"{one.type} changed its size but not its layout version"


def test_no_field_of_a_fixture_is_zero() -> None:
    """A zero would be read right from any other field that is zero."""

    def zeros(value: Any, path: str) -> list[str]:
        if isinstance(value, dict):
            return [zero for name, item in value.items() for zero in zeros(item, f"{path}.{name}")]
        if isinstance(value, list):
            return [zero for index, item in enumerate(value) for zero in zeros(item, f"{path}[{index}]")]
        is_zero = not int(value, 16) if isinstance(value, str) and is_hex(value) else not value
        return [path] if is_zero else []

    assert [zero for fixture in ALL for zero in zeros(fixture.values, fixture.name)] == []


def is_hex(text: str) -> bool:
    return len(text) >= 32 and all(character in "0123456789abcdef" for character in text)


@pytest.mark.parametrize("fixture", PRESENT, ids=names(PRESENT))
def test_the_sdk_reads_the_same_values(fixture: Fixture) -> None:
    kind = getattr(accounts, fixture.type)
    decoded = kind.decode(fixture.data)
    found = sdk_values(decoded)
    assert {name: found[name] for name in fixture.values} == dict(fixture.values)
    assert {name: kind.OFFSETS[name] for name in fixture.offsets} == dict(fixture.offsets)
    assert decoded.encode() == fixture.data
    added = found.keys() - fixture.values.keys()
    sizes = {field.name: field.size for field in kind.LAYOUT.fields}
    for name in added:  # carved out of reserved space since
        assert not any(fixture.data[kind.OFFSETS[name] :][: sizes[name]]), name


@pytest.mark.parametrize("fixture", PRESENT, ids=names(PRESENT))
def test_the_compiled_program_reads_it_and_changes_only_what_it_says(fixture: Fixture) -> None:
    """All fixtures together are one exchange; the program gets an instruction that reads this one."""
    chain = Chain()
    for one in [*NEWEST.values(), fixture]:
        chain.put(one.address, one.data, PROGRAM_IDS[one.program])
    before = chain.read(fixture.address)
    reading = READERS[fixture.type](chain, {**NEWEST, fixture.type: fixture})
    chain.send(reading.call)
    if reading.is_closing:
        assert chain.account(fixture.address) is None
        return
    after = chain.read(fixture.address)
    changed = {name for name in vars(before) if getattr(before, name) != getattr(after, name)}
    assert changed <= reading.changing | reading.becomes.keys()
    assert {name: getattr(after, name) for name in reading.becomes} == reading.becomes


def test_a_layout_that_was_outgrown_is_migrated_without_loss() -> None:
    for fixture in OUTGROWN:
        chain = Chain()
        for one in [*NEWEST.values(), fixture]:
            chain.put(one.address, one.data, PROGRAM_IDS[one.program])
        chain.send(MIGRATIONS[fixture.type, fixture.layout](chain, NEWEST))
        after = sdk_values(getattr(accounts, fixture.type).decode(chain.data(fixture.address)))
        assert after["layout_version"] > fixture.layout
        said = {"layout_version", "event_sequence"}  # the migration's own event is counted
        kept = {name: value for name, value in fixture.values.items() if name not in said}
        assert {name: after[name] for name in kept} == kept


def test_every_reader_and_migration_is_of_a_fixture() -> None:
    assert READERS.keys() == NEWEST.keys()
    assert {(fixture.type, fixture.layout) for fixture in OUTGROWN} == MIGRATIONS.keys()
