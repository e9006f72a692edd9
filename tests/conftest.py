"""The chain lane: `pytest -m chain [--engine embedded|validator] [--validator PATH]`.

A test marked `chain` talks to a chain over RPC and runs on both engines, unless it is marked
`embedded_only(reason)`: then it is skipped on a validator, and its reason stands in the report.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import settings

from tests.chain_lane import Lane

settings.register_profile("gdx", deadline=None, print_blob=True)  # no timed assertions
settings.load_profile("gdx")

VALIDATOR_TIMEOUT_SECONDS = 900
"""Of one test: a validator takes a whole core, and others may want the machine, too."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--engine` and `--validator`."""
    group = parser.getgroup("gdx", "the chain lane")
    group.addoption(
        "--engine", choices=["embedded", "validator"], default="embedded", help="what runs chains"
    )
    group.addoption(
        "--validator",
        metavar="PATH",
        default=os.environ.get("GDX_VALIDATOR"),
        help="solana-test-validator for engine validator [default: GDX_VALIDATOR]",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: Sequence[pytest.Item]) -> None:
    """On a validator nothing but the chain lane runs, and of it nothing that is embedded only."""
    for item in items:
        if (mark := item.get_closest_marker("embedded_only")) is not None and not (
            len(mark.args) == 1 and isinstance(mark.args[0], str) and mark.args[0]
        ):
            raise pytest.UsageError(f"{item.nodeid}: embedded_only takes a reason")
    if config.getoption("engine") != "validator":
        return
    for item in items:
        mark = item.get_closest_marker("embedded_only")
        if item.get_closest_marker("chain") is None:
            item.add_marker(pytest.mark.skip(reason="not of the chain lane: the engine makes no difference"))
        elif mark is not None:
            item.add_marker(pytest.mark.skip(reason=f"embedded only: {mark.args[0]}"))
        elif item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(VALIDATOR_TIMEOUT_SECONDS))


@pytest.fixture(scope="session")
def lane(pytestconfig: pytest.Config) -> Lane:
    """Starts chains on the engine of this run."""
    path = pytestconfig.getoption("validator")
    if pytestconfig.getoption("engine") != "validator":
        return Lane(None)
    if path is None:
        pytest.exit("--engine validator needs --validator PATH or GDX_VALIDATOR", returncode=2)
    return Lane(Path(path))
