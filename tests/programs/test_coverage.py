"""Every instruction has a test file; every error and event is asserted, or out of reach with the reason."""

from __future__ import annotations

import ast
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from gdx_sdk.programs import PROGRAM_IDS
from tests.programs.harness.codec import idl

FOLDER = Path(__file__).parent
PROGRAMS = sorted(PROGRAM_IDS)
ASSERTED_BY_HELPERS = {"refuses_durable_nonce": "DurableNonceRefused"}


@cache
def strings_in(folder: Path) -> frozenset[str]:
    """Every string that the sources under a folder contain as a value, and those of the helpers they call."""
    found: set[str] = set()
    for path in folder.rglob("*.py"):
        if path.parent.name == "harness" or path.stem in ("unreachable", "test_coverage"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
            elif isinstance(node, ast.Name) and node.id in ASSERTED_BY_HELPERS:
                found.add(ASSERTED_BY_HELPERS[node.id])
    return frozenset(found)


def named_by_tests(program: str, names: set[str]) -> set[str]:
    """Those that a test of the program names, or a test of another program as `program.Name`."""
    own = strings_in(FOLDER / program)
    elsewhere = {string.rpartition(":")[2] for string in strings_in(FOLDER)}
    return {name for name in names if name in own or f"{program}.{name}" in elsewhere}


def out_of_reach(program: str) -> dict[str, str]:
    """Errors that nothing leads to, with the reason, from `unreachable.py` beside the program's tests."""
    if not (FOLDER / program / "unreachable.py").exists():
        return {}
    return dict(import_module(f"tests.programs.{program}.unreachable").UNREACHABLE)


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_instruction_has_its_file(program: str) -> None:
    for name in idl(program).instructions:
        files = [*(FOLDER / program).glob(f"test_{name}.py"), *(FOLDER / program).glob(f"test_{name}_*.py")]
        assert files, f"tests/programs/{program} lacks test_{name}.py"


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_error_is_asserted_or_out_of_reach(program: str) -> None:
    errors = set(idl(program).errors)
    asserted, excused = named_by_tests(program, errors), set(out_of_reach(program))
    assert excused <= errors, f"{program} has no errors {sorted(excused - errors)}"
    assert not asserted & excused, f"{sorted(asserted & excused)} are asserted, so they can be reached"
    missing = errors - asserted - excused
    assert not missing, f"no test of {program} asserts {sorted(missing)}"


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_is_out_of_reach_says_why(program: str) -> None:
    for name, reason in out_of_reach(program).items():
        assert len(reason.split()) >= 5, f"{name}: say why nothing leads there"


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_event_is_asserted(program: str) -> None:
    events = set(idl(program).events.values())
    missing = events - named_by_tests(program, events)
    assert not missing, f"no test of {program} asserts the event {sorted(missing)}"
