"""withdraw: free collateral out to its owner's choice, within the limit on net outflow."""

from __future__ import annotations

import pytest

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.tokens import (
    TOKEN,
    TOKEN_2022,
    USDT,
    amount_of,
    freeze,
    put_mint,
    put_token,
    set_amount,
)
from tests.programs.harness.vault_world import PAUSE_DEPOSIT, PAUSE_LOCK, PAUSE_WITHDRAW, User, VaultWorld

HOUR = 3_600
LIMIT = {"limit_atoms": 100 * USDT, "user_minimum_atoms": 10 * USDT, "window_seconds": HOUR}


@pytest.fixture
def limited(chain: Chain) -> VaultWorld:
    """A vault whose net outflow per hour is limited to 100 USDT; 10 USDT per user always go through."""
    return VaultWorld(chain).create(limit=LIMIT)


def fill(world: VaultWorld, *amounts_atoms: int) -> list[User]:
    """Users with deposits that lie two windows back."""
    users = [world.user(deposited_atoms=amount) for amount in amounts_atoms]
    world.chain.advance(2 * HOUR)
    return users


def test_free_collateral_becomes_tokens(any_vault: VaultWorld) -> None:
    user = any_vault.user(deposited_atoms=1_000 * USDT)
    receipt = any_vault.chain.send(any_vault.withdraw(user, 300 * USDT))
    account, state = any_vault.chain.read(user.collateral), any_vault.read()
    assert (account.free_atoms, account.total_withdrawn_atoms) == (700 * USDT, 300 * USDT)
    assert (state.free_atoms, state.total_withdrawn_atoms) == (700 * USDT, 300 * USDT)
    assert amount_of(any_vault.chain, user.token) == 300 * USDT
    any_vault.check_ledger()
    event = receipt.event("Withdrawn")
    assert (event.owner, event.recipient_token, event.amount_atoms) == (user.owner, user.token, 300 * USDT)
    assert (event.free_atoms, event.vault_free_atoms) == (700 * USDT, 700 * USDT)
    assert (event.vault_tokens_atoms, event.net_outflow_atoms) == (700 * USDT, -700 * USDT)
    assert event.head.sequence == 3


def test_everything_may_leave_to_any_account_of_the_mint(vault: VaultWorld, user: User) -> None:
    other = vault.token_account(vault.chain.person())
    vault.chain.send(vault.withdraw(user, 1_000 * USDT).but(recipient_token=other))
    assert amount_of(vault.chain, other) == 1_000 * USDT
    assert vault.chain.read(user.collateral).free_atoms == 0
    vault.check_ledger()


@pytest.mark.parametrize("bits", [PAUSE_DEPOSIT, PAUSE_LOCK, PAUSE_DEPOSIT | PAUSE_LOCK])
def test_other_pauses_do_not_stop_withdrawals(vault: VaultWorld, user: User, bits: int) -> None:
    vault.chain.send(vault.set_vault_pause(bits))
    vault.chain.send(vault.withdraw(user, 1))


def test_nothing_is_no_withdrawal(vault: VaultWorld, user: User) -> None:
    vault.chain.refused(vault.withdraw(user, 0), error="AmountIsZero")


def test_more_than_the_free_collateral_is_refused(vault: VaultWorld, user: User) -> None:
    vault.user(deposited_atoms=5_000 * USDT)
    vault.chain.refused(vault.withdraw(user, 1_000 * USDT + 1), error="InsufficientFreeCollateral")
    vault.chain.refused(vault.withdraw(user, 2**63 - 1), error="InsufficientFreeCollateral")


def test_locked_collateral_is_not_free(vault: VaultWorld, user: User) -> None:
    vault.chain.send(vault.lock(user, vault.pool(), 400 * USDT))
    vault.chain.refused(vault.withdraw(user, 600 * USDT + 1), error="InsufficientFreeCollateral")
    vault.chain.send(vault.withdraw(user, 600 * USDT))


def test_a_withdrawal_pause_lapses_after_three_days(vault: VaultWorld, user: User) -> None:
    vault.chain.send(vault.set_vault_pause(PAUSE_WITHDRAW, vault.guardian))
    vault.chain.advance(72 * HOUR - 1)
    vault.chain.refused(vault.withdraw(user, 1), error="WithdrawalsPaused")
    vault.chain.advance(1)
    vault.chain.send(vault.withdraw(user, 1))


def test_only_the_owner_may_withdraw(vault: VaultWorld, user: User) -> None:
    thief = vault.user(deposited_atoms=5)
    for signer in (thief.owner, vault.admin, vault.guardian):
        vault.chain.refused(vault.withdraw(user, 1).but(owner=signer), error="NotCollateralOwner")
    swapped = vault.withdraw(thief, 1).but(collateral=user.collateral)
    vault.chain.refused(swapped, error="NotCollateralOwner")


def test_a_limited_window_stops_the_net_outflow(limited: VaultWorld) -> None:
    rich, other = fill(limited, 500 * USDT, 500 * USDT)
    limited.chain.refused(limited.withdraw(rich, 100 * USDT + 1), error="WithdrawLimitExceeded")
    event = limited.chain.send(limited.withdraw(rich, 100 * USDT)).event("Withdrawn")
    assert event.net_outflow_atoms == 100 * USDT
    limited.chain.refused(limited.withdraw(other, 10 * USDT + 1), error="WithdrawLimitExceeded")


def test_a_small_withdrawal_always_goes_through_once_per_window(limited: VaultWorld) -> None:
    rich, poor = fill(limited, 500 * USDT, 500 * USDT)
    limited.chain.send(limited.withdraw(rich, 100 * USDT))
    limited.chain.send(limited.withdraw(poor, 4 * USDT))
    limited.chain.send(limited.withdraw(poor, 6 * USDT))
    limited.chain.refused(limited.withdraw(poor, 1), error="WithdrawLimitExceeded")
    limited.chain.refused(limited.withdraw(rich, 1), error="WithdrawLimitExceeded")
    limited.chain.advance(HOUR)
    limited.chain.send(limited.withdraw(poor, 10 * USDT))


def test_deposits_count_against_the_outflow(limited: VaultWorld) -> None:
    rich, other = fill(limited, 500 * USDT, 500 * USDT)
    limited.chain.send(limited.withdraw(rich, 100 * USDT))
    limited.chain.send(limited.deposit(rich, 60 * USDT))
    limited.chain.refused(limited.withdraw(other, 60 * USDT + 1), error="WithdrawLimitExceeded")
    limited.chain.send(limited.withdraw(other, 60 * USDT))


def test_cycling_deposits_blocks_nobody(limited: VaultWorld) -> None:
    attacker, victim = fill(limited, 100 * USDT, 500 * USDT)
    for _ in range(20):
        limited.chain.send(limited.withdraw(attacker, 90 * USDT))
        limited.chain.send(limited.deposit(attacker, 90 * USDT))
    limited.chain.send(limited.withdraw(victim, 100 * USDT))


def test_cycling_around_the_window_s_end_blocks_nobody(limited: VaultWorld) -> None:
    attacker, victim = fill(limited, 1, 500 * USDT)
    chain = limited.chain
    set_amount(chain, attacker.token, 100 * USDT)
    start = chain.now_ts // HOUR * HOUR
    for window in range(1, 5):
        chain.set_clock(ts=start + window * HOUR - 1)
        chain.send(limited.deposit(attacker, 100 * USDT))
        chain.set_clock(ts=start + window * HOUR + 1)
        chain.send(limited.withdraw(attacker, 100 * USDT))
        chain.set_clock(ts=start + window * HOUR + HOUR // 2)
        event = chain.send(limited.withdraw(victim, 60 * USDT)).event("Withdrawn")
        assert event.net_outflow_atoms < 61 * USDT
        chain.send(limited.deposit(victim, 60 * USDT))


def test_the_window_rolls(limited: VaultWorld) -> None:
    (rich,) = fill(limited, 500 * USDT)
    limited.chain.send(limited.withdraw(rich, 100 * USDT))
    limited.chain.advance(HOUR // 4)
    limited.chain.refused(limited.withdraw(rich, 25 * USDT + 1), error="WithdrawLimitExceeded")
    event = limited.chain.send(limited.withdraw(rich, 25 * USDT)).event("Withdrawn")
    assert event.net_outflow_atoms == 100 * USDT
    limited.chain.advance(HOUR)
    limited.chain.send(limited.withdraw(rich, 100 * USDT))


def test_another_mint_is_refused(vault: VaultWorld, user: User) -> None:
    mint = put_mint(vault.chain)
    token = put_token(vault.chain, mint, user.owner)
    vault.chain.refused(vault.withdraw(user, 1).but(quote_mint=mint), error="WrongQuoteMint")
    vault.chain.refused(vault.withdraw(user, 1).but(recipient_token=token), error="WrongTokenMint")


def test_another_vault_token_account_is_refused(vault: VaultWorld, user: User) -> None:
    own = vault.token_account(vault.state, 50)
    vault.chain.refused(vault.withdraw(user, 1).but(vault_token=own), error="WrongVaultToken")


def test_the_other_token_program_is_refused(any_vault: VaultWorld) -> None:
    user = any_vault.user(deposited_atoms=10)
    other = TOKEN_2022 if any_vault.token_program == TOKEN else TOKEN
    any_vault.chain.refused(any_vault.withdraw(user, 1).but(token_program=other), error="WrongTokenProgram")


def test_the_vault_cannot_pay_into_itself(vault: VaultWorld, user: User) -> None:
    call = vault.withdraw(user, 1).but(recipient_token=vault.token)
    vault.chain.refused(call, error="ConstraintDuplicateMutableAccount")


def test_a_frozen_recipient_is_refused(vault: VaultWorld, user: User) -> None:
    freeze(vault.chain, user.token)
    vault.chain.refused(vault.withdraw(user, 1), error="token.AccountFrozen")


def test_a_vault_that_lost_tokens_pays_nobody(vault: VaultWorld, user: User) -> None:
    set_amount(vault.chain, vault.token, 1_000 * USDT - 1)
    vault.chain.refused(vault.withdraw(user, 1), error="LedgerNotBacked")


def test_an_account_that_does_not_add_up_is_refused(vault: VaultWorld, user: User) -> None:
    vault.user(deposited_atoms=5)
    vault.chain.rewrite(user.collateral, free_atoms=1_000 * USDT + 5)
    vault.chain.refused(vault.withdraw(user, 1), error="LedgerNotBacked")


@pytest.mark.parametrize("amount", [2**63 - 1, 2**63, 2**64 - 1])
def test_the_largest_amounts_come_out_again(vault: VaultWorld, amount: int) -> None:
    user = vault.user(deposited_atoms=amount)
    assert vault.read().limiter.window_net_atoms == max(-amount, -(2**63))
    vault.chain.advance(2 * HOUR)
    event = vault.chain.send(vault.withdraw(user, amount)).event("Withdrawn")
    assert event.net_outflow_atoms == min(amount, 2**63 - 1)
    vault.check_ledger()


def test_a_full_counter_does_not_stop_the_minimum(chain: Chain) -> None:
    limited = VaultWorld(chain).create(limit=LIMIT | {"limit_atoms": 2**64 - 1})
    user = limited.user(deposited_atoms=20 * USDT)
    limiter = limited.read().limiter
    limiter.window_net_atoms, limiter.window_start_ts = 2**63 - 1, chain.now_ts
    chain.rewrite(limited.state, limiter=limiter)
    chain.send(limited.withdraw(user, 10 * USDT))
    assert limited.read().limiter.window_net_atoms == 2**63 - 1


def test_more_than_the_vault_owes_is_refused(vault: VaultWorld, user: User) -> None:
    vault.chain.rewrite(user.collateral, free_atoms=2**64 - 1)
    vault.chain.refused(vault.withdraw(user, 2**63), error="InsufficientFreeCollateral")


def test_accounts_are_checked(any_vault: VaultWorld) -> None:
    user = any_vault.user(deposited_atoms=10)
    refuses_wrong_accounts(any_vault.chain, any_vault.withdraw(user, 1))
