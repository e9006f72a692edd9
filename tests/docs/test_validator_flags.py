"""docs/validator-flags.md lists every flag of a validator, and says truly which of them `up` has."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import click
import pytest
from gdx_cli.root import gdx

PAGE = Path(__file__).resolve().parents[2] / "docs/validator-flags.md"
_ROW = re.compile(r"^\| `(--[a-z-]+)` \| (same|differs|not taken) \| ?(.*)\|$", re.M)


def rows() -> dict[str, tuple[str, str]]:
    """Flag -> (state, remark)."""
    found = _ROW.findall(PAGE.read_text())
    assert len(found) == PAGE.read_text().count("\n| `--") > 40
    return {flag: (state, remark.strip()) for flag, state, remark in found}


def flags_of_up() -> set[str]:
    context = click.Context(gdx)
    group = gdx.get_command(context, "localnet")
    assert isinstance(group, click.Group)
    up = group.get_command(context, "up")
    assert up is not None
    with click.Context(up, info_name="up") as context:
        return {name for parameter in up.get_params(context) for name in parameter.opts}


def test_the_page_says_which_flags_there_are() -> None:
    taken = {flag for flag, (state, _) in rows().items() if state != "not taken"}
    assert taken == rows().keys() & flags_of_up()


def test_what_is_not_the_same_has_its_reason() -> None:
    assert [flag for flag, (state, remark) in rows().items() if state != "same" and not remark] == []


@pytest.mark.validator
def test_the_page_lists_what_a_validator_has() -> None:
    if (path := os.environ.get("GDX_VALIDATOR")) is None:
        pytest.skip("GDX_VALIDATOR names no solana-test-validator")
    text = subprocess.run([path, "--help"], capture_output=True, text=True, check=True).stdout
    flags = set(re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", text, re.M))
    assert len(flags) > 40
    assert rows().keys() == flags
