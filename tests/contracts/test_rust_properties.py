"""Every public function of the crates has a property: the table beside the properties is complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLES = {
    "gdx_batch": "tests/properties/main.rs",
    "gdx_math": "tests/properties/main.rs",
    "gdx_transaction": "tests/properties.rs",
    "gdx_units": "tests/properties.rs",
}
ROW = re.compile(r"^//! \| `(\w+)::(\w+)` \| (.*) \|$", re.M)


def public_functions(crate: Path) -> set[tuple[str, str]]:
    """Module and name of each `pub fn` outside tests; a folder is one module, and `bitor` is public too."""
    found = set()
    for file in (crate / "src").rglob("*.rs"):
        source = file.read_text().split("#[cfg(test)]")[0]
        module = file.parent.name if file.parent.name != "src" else file.stem
        for name in re.findall(r"^\s*(?:pub (?:const )?fn (\w+)|fn (bitor))\b", source, re.M):
            found.add((module, "".join(name)))
    return found


def properties(crate: Path, table: str) -> dict[str, str]:
    """Test name → its text, of everything in `proptest!` and every plain test."""
    path = crate / table
    files = path.parent.glob("*.rs") if path.name == "main.rs" else [path]
    found = {}
    for file in files:
        pieces = re.split(r"#\[test\]\s+fn (\w+)", file.read_text())
        found.update(zip(pieces[1::2], pieces[2::2], strict=True))
    return found


@pytest.mark.parametrize("crate", TABLES)
def test_every_public_function_has_a_property(crate: str) -> None:
    folder = ROOT / "crates" / crate
    rows = {(module, name): row for module, name, row in ROW.findall((folder / TABLES[crate]).read_text())}
    functions, tests = public_functions(folder), properties(folder, TABLES[crate])
    assert functions, crate
    assert set(rows) == functions, f"{TABLES[crate]}: add a row and a property, or drop the row"
    helpers = (folder / TABLES[crate]).parent
    for (module, name), row in rows.items():
        listed = re.findall(r"`(\w+)`", row)
        assert listed, f"{module}::{name} names no property"
        assert set(listed) <= set(tests), f"{module}::{name}: no test called {set(listed) - set(tests)}"
        # `new` and operators are called by another spelling.
        spelled = {"new": "::new(", "of": "::of(", "bitor": " | ", "with": ".with("}.get(name, name)
        text = "".join(tests[test] for test in listed)
        called = spelled in text or _is_called_by_helper(helpers, text, name)
        assert called, f"{module}::{name}: none of {listed} calls it"


def _is_called_by_helper(folder: Path, text: str, name: str) -> bool:
    """Whether a function or macro that a property names, beside it, calls `name`."""
    for file in folder.glob("*.rs"):
        pieces = re.split(r"^(?:pub fn|fn|macro_rules!) (\w+)", file.read_text(), flags=re.M)
        for helper, body in zip(pieces[1::2], pieces[2::2], strict=True):
            if re.search(rf"\b{helper}\b", text) and name in body:
                return True
    return False


@pytest.mark.parametrize("crate", TABLES)
def test_no_property_file_is_left_out(crate: str) -> None:
    """A file beside `main.rs` that is no module would never run."""
    path = ROOT / "crates" / crate / TABLES[crate]
    if path.name != "main.rs":
        return
    declared = set(re.findall(r"^mod (\w+);", path.read_text(), re.M))
    assert {file.stem for file in path.parent.glob("*.rs")} - {"main"} == declared
