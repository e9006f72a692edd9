"""The ledger of compute units: who took how much, and the same in every run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.programs.harness import chain as chain_module
from tests.programs.harness.chain import Chain
from tests.programs.harness.compute_units import Invocation, Ledger, invocations
from tests.programs.harness.tokens import USDT
from tests.programs.harness.vault_world import User, VaultWorld
from tests.programs.position_mgmt.exchange import Exchange

PRICE_E6 = 50_000 * 10**6


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """An empty ledger that the chain writes to."""
    made = Ledger()
    monkeypatch.setattr(chain_module.compute_units, "record", made.record)
    return made


def test_nested_runs_are_told_apart() -> None:
    logs = [
        "Program A invoke [1]",
        "Program log: Instruction: Deposit",
        "Program B invoke [2]",
        "Program B consumed 5 of 90 compute units",
        "Program B success",
        "Program system invoke [2]",
        "Program system success",
        "Program A consumed 20 of 100 compute units",
        "Program A success",
    ]
    assert invocations(logs) == [Invocation("A", 1, 20), Invocation("B", 2, 5), Invocation("system", 2, None)]
    with pytest.raises(AssertionError, match="end inside A"):
        invocations(logs[:-1])


def test_an_instruction_is_booked_at_what_it_took(vault: VaultWorld, user: User, ledger: Ledger) -> None:
    receipt = vault.chain.send(vault.deposit(user, 1))
    assert ledger.sent == {"collateral_vault.deposit": Counter([receipt.units])}
    assert ledger.called == {}


def test_each_of_two_instructions_is_booked(vault: VaultWorld, user: User, ledger: Ledger) -> None:
    receipt = vault.chain.send(vault.deposit(user, 1), vault.withdraw(user, 1))
    units = [next(iter(ledger.sent[f"collateral_vault.{name}"])) for name in ("deposit", "withdraw")]
    assert sum(units) == receipt.units
    assert min(units) > 0


def test_a_callee_is_booked_apart_and_within_its_caller(chain: Chain, ledger: Ledger) -> None:
    exchange = Exchange(chain, VaultWorld(chain).create()).create()
    trader = exchange.market("BTC-PERP", PRICE_E6).trader(0, free_atoms=USDT)
    market = exchange.market("ETH-PERP", PRICE_E6)
    chain.send(market.open_position(trader.owner))
    receipt = chain.send(market.add_collateral(market.as_trader(trader.user), USDT))
    assert ledger.sent["position_mgmt.add_collateral"] == Counter([receipt.units])
    assert "collateral_vault.lock" not in ledger.sent
    (lock,) = ledger.called["collateral_vault.lock"].elements()
    assert 0 < lock < receipt.units


def test_what_fails_is_not_booked(vault: VaultWorld, user: User, ledger: Ledger) -> None:
    vault.chain.refused(vault.withdraw(user, 2**63), error="InsufficientFreeCollateral")
    assert ledger.sent == {}


def test_every_chain_hands_out_the_same_keys(chain: Chain) -> None:
    other = Chain()
    assert [chain.person() for _ in range(3)] == [other.person() for _ in range(3)]
    assert chain.new_key() != chain.new_key()


def test_the_file_holds_both_tables(vault: VaultWorld, user: User, ledger: Ledger, tmp_path: Path) -> None:
    units = vault.chain.send(vault.deposit(user, 1)).units
    ledger.write(tmp_path / "gw0.json")
    read = json.loads((tmp_path / "gw0.json").read_text())
    assert read == {"sent": {"collateral_vault.deposit": {str(units): 1}}, "called": {}}
