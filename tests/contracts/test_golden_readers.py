"""Every golden file is read by the crates' tests, by the SDK's and by those of the compiled programs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READERS = {
    "the Rust crates": [*ROOT.glob("crates/*/tests/**/*.rs"), *ROOT.glob("programs/*/tests/*.rs")],
    "the SDK's tests": list(ROOT.glob("tests/sdk/**/*.py")),
    "the programs' tests": list(ROOT.glob("tests/programs/**/*.py")),
}
NOT_ON_CHAIN = {
    "fills": "its steps are no instructions; test_settle_batch_accounting settles whole batches",
    "merkle": "leaves here hash no trades; the roots of batch_v1 and batch_ids are recomputed on chain",
}
"""What the compiled programs are held to elsewhere, and why no test of theirs reads the file."""


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("file", sorted((ROOT / "tests/golden").glob("*.json")), ids=lambda file: file.stem)
def test_every_golden_file_is_read(file: Path, reader: str) -> None:
    read = re.compile(rf'cases\("{file.stem}"\)|[/"]{file.stem}\.json"')
    is_read = any(read.search(path.read_text()) for path in READERS[reader])
    is_excused = reader == "the programs' tests" and file.stem in NOT_ON_CHAIN
    assert is_read or is_excused, f"{file.name} is read by no test of {reader}"


def test_exceptions_are_files() -> None:
    assert {path.stem for path in (ROOT / "tests/golden").glob("*.json")} >= set(NOT_ON_CHAIN)
