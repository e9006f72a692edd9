"""withdraw_fees: collected fees go to the fee recipient and nowhere else."""

from __future__ import annotations

import pytest
from solders.pubkey import Pubkey

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_durable_nonce, refuses_wrong_accounts
from tests.programs.harness.tokens import TOKEN, TOKEN_2022, USDT, amount_of, put_mint, put_token, set_amount
from tests.programs.harness.vault_world import PAUSE_DEPOSIT, PAUSE_LOCK, PAUSE_WITHDRAW, VaultWorld


def earn(vault: VaultWorld, amount_atoms: int) -> Pubkey:
    """Let the vault collect fees; returns a token account of the fee recipient."""
    user, pool = vault.user(deposited_atoms=1_000 * USDT), vault.pool()
    vault.chain.send(vault.lock(user, pool, amount_atoms))
    vault.chain.send(vault.sweep_fees(pool, amount_atoms))
    return vault.token_account(vault.fee_recipient)


@pytest.fixture
def recipient(vault: VaultWorld) -> Pubkey:
    """The fee recipient's token account, with 50 USDT of fees in the vault."""
    return earn(vault, 50 * USDT)


def test_fees_become_tokens(any_vault: VaultWorld) -> None:
    recipient = earn(any_vault, 50 * USDT)
    receipt = any_vault.chain.send(any_vault.withdraw_fees(recipient, 20 * USDT))
    assert any_vault.read().fees_atoms == 30 * USDT
    assert amount_of(any_vault.chain, recipient) == 20 * USDT
    any_vault.check_ledger()
    event = receipt.event("FeesWithdrawn")
    assert (event.recipient_token, event.amount_atoms, event.fees_atoms) == (recipient, 20 * USDT, 30 * USDT)
    assert (event.vault_tokens_atoms, event.head.sequence) == (980 * USDT, 2)


def test_pauses_do_not_stop_it(vault: VaultWorld, recipient: Pubkey) -> None:
    vault.chain.send(vault.set_vault_pause(PAUSE_DEPOSIT | PAUSE_WITHDRAW | PAUSE_LOCK))
    vault.chain.send(vault.withdraw_fees(recipient, 50 * USDT))


def test_nothing_is_no_withdrawal(vault: VaultWorld, recipient: Pubkey) -> None:
    vault.chain.refused(vault.withdraw_fees(recipient, 0), error="AmountIsZero")


def test_more_than_the_fees_is_refused(vault: VaultWorld, recipient: Pubkey) -> None:
    for amount in (50 * USDT + 1, 2**64 - 1):
        vault.chain.refused(vault.withdraw_fees(recipient, amount), error="FeesShort")


def test_only_the_admin_may(vault: VaultWorld, recipient: Pubkey) -> None:
    for signer in (vault.guardian, vault.fee_recipient, vault.chain.upgrade_authority):
        vault.chain.refused(vault.withdraw_fees(recipient, 1).but(admin=signer), error="NotAdmin")


def test_no_other_recipient(vault: VaultWorld, recipient: Pubkey) -> None:
    assert amount_of(vault.chain, recipient) == 0
    own = vault.token_account(vault.admin)
    call = vault.withdraw_fees(recipient, 1)
    vault.chain.refused(call.but(recipient_token=own), error="WrongFeeRecipient")
    other_mint = put_token(vault.chain, put_mint(vault.chain), vault.fee_recipient)
    vault.chain.refused(call.but(recipient_token=other_mint), error="WrongTokenMint")


def test_no_other_vault_accounts(vault: VaultWorld, recipient: Pubkey) -> None:
    call = vault.withdraw_fees(recipient, 1)
    vault.chain.refused(call.but(quote_mint=put_mint(vault.chain)), error="WrongQuoteMint")
    swapped = call.but(vault_token=vault.token_account(vault.state, 50))
    vault.chain.refused(swapped, error="WrongVaultToken")
    vault.chain.refused(call.but(token_program=TOKEN_2022), error="WrongTokenProgram")


def test_token_2022_is_not_token(chain: Chain) -> None:
    vault = VaultWorld(chain, token_program=TOKEN_2022).create()
    call = vault.withdraw_fees(earn(vault, 5), 1)
    chain.refused(call.but(token_program=TOKEN), error="WrongTokenProgram")


def test_a_vault_that_lost_tokens_pays_nobody(vault: VaultWorld, recipient: Pubkey) -> None:
    set_amount(vault.chain, vault.token, 1_000 * USDT - 1)
    vault.chain.refused(vault.withdraw_fees(recipient, 1), error="LedgerNotBacked")


def test_a_durable_nonce_is_refused(vault: VaultWorld, recipient: Pubkey) -> None:
    refuses_durable_nonce(vault.chain, vault.withdraw_fees(recipient, 1), vault.admin)


def test_accounts_are_checked(vault: VaultWorld, recipient: Pubkey) -> None:
    refuses_wrong_accounts(vault.chain, vault.withdraw_fees(recipient, 1))
