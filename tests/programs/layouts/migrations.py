"""Layouts that a program no longer reads as they are, and the instruction that brings each up to date."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.programs.harness.chain import Chain
from tests.programs.harness.codec import Call

from .fixtures import Fixture


def migrate_config(chain: Chain, given: Mapping[str, Fixture]) -> Call:
    accounts = {"payer": chain.person(), "config": given["GlobalConfig"].address}
    return Call("position_mgmt", "migrate_config", dict(accounts))


MIGRATIONS: Mapping[tuple[str, int], Callable[[Chain, Mapping[str, Fixture]], Call]] = {
    ("GlobalConfig", 1): migrate_config,
}
