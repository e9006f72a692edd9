"""Chains with the five programs, and worlds that build on each other."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.programs.harness import compute_units, outcomes
from tests.programs.harness.chain import Chain
from tests.programs.harness.oracle_world import FeedWorld
from tests.programs.harness.session_world import SessionWorld
from tests.programs.harness.tokens import TOKEN, TOKEN_2022, USDT
from tests.programs.harness.vault_world import User, VaultWorld


def pytest_sessionfinish() -> None:
    """Leave what every instruction took and did in the folder that `bench/compute.py` names."""
    if folder := os.environ.get("GDX_COMPUTE_UNITS"):
        worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
        compute_units.LEDGER.write(Path(folder, f"units-{worker}.json"))
        outcomes.SEEN.write(Path(folder, f"outcomes-{worker}.json"))


@pytest.fixture
def chain() -> Chain:
    """The five programs, nothing else."""
    return Chain()


@pytest.fixture
def vault(chain: Chain) -> VaultWorld:
    """A vault of an SPL Token mint, without delay and without a withdrawal limit."""
    return VaultWorld(chain).create()


@pytest.fixture(params=[TOKEN, TOKEN_2022], ids=["token", "token_2022"])
def any_vault(request: pytest.FixtureRequest, chain: Chain) -> VaultWorld:
    """A vault of either token program."""
    return VaultWorld(chain, token_program=request.param).create()


@pytest.fixture
def user(vault: VaultWorld) -> User:
    """A user with 1,000 USDT in the vault and 500 in the wallet."""
    return vault.user(deposited_atoms=1_000 * USDT, tokens_atoms=500 * USDT)


@pytest.fixture
def feed(chain: Chain) -> FeedWorld:
    """A feed with three publishers, without delay and without a price."""
    return FeedWorld(chain).create()


@pytest.fixture
def session(vault: VaultWorld) -> SessionWorld:
    """A user with 500 USDT in the wallet and an ephemeral vault that may take 100 of them."""
    return SessionWorld(vault).create(approved_atoms=100 * USDT)
