"""Thousands of broken IDLs: each is refused with a JSON path, or gives code that Python can read.

`GDX_IDL_MUTATIONS` is how many per IDL, `GDX_IDL_SEED` draws others.
"""

from __future__ import annotations

import ast
import json
import os
import random
from itertools import islice
from pathlib import Path

import pytest

from gdx_sdk.idlgen import IdlError
from gdx_sdk.idlgen.concrete import concrete
from gdx_sdk.idlgen.diff import diff_programs
from gdx_sdk.idlgen.legacy_dialect import legacy_idl
from gdx_sdk.idlgen.parse import parse_text
from gdx_sdk.idlgen.render.package import Package

from .mutations import mutations

COUNT = int(os.environ.get("GDX_IDL_MUTATIONS", "60"))
ROOT = Path(__file__).resolve().parents[3]
SEED = int(os.environ.get("GDX_IDL_SEED", "897005150"))  # which once found an argument without a name


def outcome(text: str, base: str, folder: Path) -> str:
    """What happens to an IDL: "refused", or "made" when its code parses and nothing of it ran away."""
    try:
        program = parse_text(text)
        files = Package(concrete(program)).render()
    except IdlError as error:
        return refused(error)
    for name, source in files.items():
        tree = ast.parse(source, name)
        imported = {
            alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        }
        assert not imported, "text of the IDL became code"
    diff_programs(parse_text(base), program)
    path = folder / "idl.json"
    path.write_text(text)
    try:
        parse_text(json.dumps(legacy_idl(path)))
    except IdlError as error:
        refused(error)
    return "made"


def refused(error: IdlError) -> str:
    """The error says where, what stands there and what was expected, in one line."""
    said = str(error)
    assert error.path.startswith("$")
    assert f"{error.path} = " in said
    assert ": expected " in said
    assert "\n" not in said
    return "refused"


def check(paths: list[Path], folder: Path, count: int) -> None:
    print(f"GDX_IDL_SEED={SEED}")
    for path in paths:
        text = path.read_text(encoding="utf-8")
        rng = random.Random(f"{SEED} {path.name}")
        outcomes = {"refused": 0, "made": 0}
        for number, mutated in enumerate(islice(mutations(text, rng), count)):
            try:
                outcomes[outcome(mutated, text, folder)] += 1
            except BaseException as error:  # solders panics with one that is no Exception
                pytest.fail(
                    f"{path.name}, GDX_IDL_SEED={SEED}, mutation {number}: {error!r}\n{mutated[:2000]}"
                )
        print(path.name, outcomes)
        assert min(outcomes.values()) > 0, f"{path.name}: {outcomes}"


def test_our_own_idls(idls: Path, tmp_path: Path) -> None:
    check([*sorted(idls.glob("*.json")), ROOT / "idl" / "oracle.json"], tmp_path, COUNT)


def test_third_party_idls(third_party: Path, tmp_path: Path) -> None:
    check(sorted(third_party.glob("*.json")), tmp_path, COUNT)
