"""The programs' pages are what the IDLs say, and their worked examples what the compiled programs do."""

from __future__ import annotations

import doctest
import json
import re
from pathlib import Path

import pytest

from gdx_sdk.programs import PROGRAM_IDS
from scripts.pages import all_pages
from scripts.pages.program_page import ProgramPage, without_bars
from scripts.pages.rust_accounts import account_types
from tests.docs.worked_examples import EXAMPLES

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs/programs"


@pytest.mark.parametrize("path", list(all_pages()), ids=lambda path: path.stem)
def test_the_page_is_current(path: Path) -> None:
    assert path.read_text() == all_pages()[path], "make pages"


@pytest.mark.parametrize("program", PROGRAM_IDS)
def test_the_worked_example_is_what_the_program_does(program: str) -> None:
    text = (PAGES / f"examples/{program}.md").read_text()
    shown = re.findall(r"(?:^\|.*\|\n)+", text, re.M)
    assert [one.strip() for one in shown] == EXAMPLES[program]()


@pytest.mark.parametrize("program", PROGRAM_IDS)
def test_the_worked_example_s_functions_give_what_is_shown(program: str) -> None:
    text = (PAGES / f"examples/{program}.md").read_text()
    for block in re.findall(r"```pycon\n(.*?)```", text, re.S):
        example = doctest.DocTestParser().get_doctest(block, {}, program, program, 0)
        assert doctest.DocTestRunner(verbose=False).run(example).failed == 0


@pytest.mark.parametrize("program", PROGRAM_IDS)
def test_everything_in_the_idl_is_on_the_page(program: str) -> None:
    document = json.loads((ROOT / f"idl/{program}.json").read_text())
    text = (PAGES / f"{program}.md").read_text()
    for entry in [*document["instructions"], *document.get("events", [])]:
        assert f"\n### {entry['name']}\n" in text, entry["name"]
    for error in document["errors"]:
        assert f"| {error['code']} | `{error['name']}` | {error['msg']} |" in text, error["name"]


@pytest.mark.parametrize("program", PROGRAM_IDS)
def test_every_account_of_the_idl_has_a_type_in_the_sources(program: str) -> None:
    document = json.loads((ROOT / f"idl/{program}.json").read_text())
    types = account_types(program)
    for entry in document["instructions"]:
        names = {one["name"] for one in entry["accounts"]} - {"event_authority", "program"}
        assert names == set(types[entry["name"]]), entry["name"]


def test_offsets_and_sizes_are_those_of_the_layout() -> None:
    text = (PAGES / "position_mgmt.md").read_text()
    section = text.split("\n### UserPosition\n")[1].split("\n### ")[0]
    assert "256 bytes" in section
    assert "| 104 | 8 | `size` | i64 | 1e-8 base units, + long, − short. |" in section


def test_a_bar_does_not_end_a_cell() -> None:
    shown = without_bars("`|a| < 1`, `b` or | c")
    assert shown == "<code>&#124;a&#124; &lt; 1</code>, `b` or &#124; c"


def test_an_enum_is_listed_with_its_values() -> None:
    page = ProgramPage("oracle")
    variants = [{"name": "Low", "docs": ["The least."]}, {"name": "High"}]
    page.types["Level"] = {"type": {"kind": "enum", "variants": variants}}
    assert page._record("Level").splitlines()[2:] == [
        "| value | name |  |",
        "| --- | --- | --- |",
        "| 0 | `Low` | The least. |",
        "| 1 | `High` |  |",
    ]


def test_the_errors_of_an_instruction_are_those_that_tests_saw() -> None:
    text = (PAGES / "collateral_vault.md").read_text()
    section = text.split("\n### withdraw\n")[1].split("\n### ")[0]
    assert "[`WithdrawLimitExceeded`](#errors)" in section
    assert "[`DepositsPaused`]" not in section
