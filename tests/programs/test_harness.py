"""The harness itself: it does not take a success, another error or a changed account for a refusal."""

from __future__ import annotations

from typing import Any

import pytest
from solders.pubkey import Pubkey

from tests.programs.harness.chain import SOL, Chain
from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.oracle_world import FeedWorld
from tests.programs.harness.tokens import USDT, set_amount
from tests.programs.harness.vault_world import User, VaultWorld


class Meddler:
    """A chain's engine that does something behind its back with every transaction."""

    def __init__(self, svm: Any, meddle: Any) -> None:
        self._svm, self._meddle = svm, meddle

    def __getattr__(self, name: str) -> Any:
        return getattr(self._svm, name)

    def send_transaction(self, transaction: Any) -> Any:
        result = self._svm.send_transaction(transaction)
        self._meddle()
        return result


def test_a_success_is_no_refusal(vault: VaultWorld, user: User) -> None:
    with pytest.raises(AssertionError, match="deposit succeeded instead of failing with AmountIsZero"):
        vault.chain.refused(vault.deposit(user, 1), error="AmountIsZero")


def test_another_error_is_no_refusal(vault: VaultWorld, user: User) -> None:
    with pytest.raises(AssertionError, match=r"AmountIsZero instead of collateral_vault\.DepositsPaused"):
        vault.chain.refused(vault.deposit(user, 0), error="DepositsPaused")


def test_the_same_number_of_another_program_is_no_refusal(vault: VaultWorld, user: User) -> None:
    call = vault.deposit(user, 500 * USDT + 1)
    vault.chain.refused(call, error="token.InsufficientFunds")
    with pytest.raises(AssertionError, match=r"token\.InsufficientFunds instead of system"):
        vault.chain.refused(call, error="system.ResultWithNegativeLamports")


def test_an_error_that_does_not_exist_is_a_mistake(vault: VaultWorld, user: User) -> None:
    with pytest.raises(AssertionError, match="has no error called AmountIsZeroo"):
        vault.chain.refused(vault.deposit(user, 0), error="AmountIsZeroo")


@pytest.mark.parametrize("what", ["token account", "program account", "named wallet", "new account"])
def test_a_change_is_no_refusal(vault: VaultWorld, user: User, what: str) -> None:
    chain, other = vault.chain, vault.user(tokens_atoms=5)
    deposit = vault.deposit(user, 0)
    record = chain.data(other.collateral)
    program = chain.account(other.collateral).owner
    meddle = {
        "token account": lambda: set_amount(chain, other.token, 6),
        "program account": lambda: chain.put(other.collateral, record[:-1] + b"\1", program),
        "named wallet": lambda: chain.fund(user.owner, SOL),
        "new account": lambda: chain.put(Pubkey.new_unique(), record, program),
    }[what]
    chain.svm = Meddler(chain.svm, meddle)
    with pytest.raises(AssertionError, match=r"failed with collateral_vault\.AmountIsZero but changed"):
        chain.refused(deposit, error="AmountIsZero")


def test_a_call_that_fails_is_told_with_its_error(vault: VaultWorld, user: User) -> None:
    with pytest.raises(AssertionError, match=r"deposit: collateral_vault\.AmountIsZero"):
        vault.chain.send(vault.deposit(user, 0))


def test_an_attack_that_works_is_told(chain: Chain) -> None:
    feed = FeedWorld(chain).create()
    with pytest.raises(AssertionError, match="feed__forged"):
        refuses_wrong_accounts(chain, feed.publish_price(feed.publishers[0]), feed__forged="NotPublisher")


def test_an_attack_that_does_not_exist_is_a_mistake(chain: Chain) -> None:
    feed = FeedWorld(chain).create()
    with pytest.raises(AssertionError, match="no such attacks"):
        refuses_wrong_accounts(chain, feed.publish_price(feed.publishers[0]), price__forged="NotPublisher")


def test_names_of_accounts_and_arguments_are_checked(vault: VaultWorld, user: User) -> None:
    call = vault.deposit(user, 1)
    with pytest.raises(AssertionError, match="has no accounts"):
        call.but(vault_tokens=user.token)
    with pytest.raises(AssertionError, match="has no arguments"):
        call.given(amount=2)
