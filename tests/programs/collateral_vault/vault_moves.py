"""What the five moves between users, pools, insurance and fees have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from solders.pubkey import Pubkey

from tests.programs.harness.codec import Call
from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.vault_world import User, VaultWorld

MAX = 2**64 - 1
Move: TypeAlias = Callable[[int], Call]


def owed_by(vault: VaultWorld) -> dict[str, int]:
    """The vault's four totals."""
    state = vault.read()
    return {name: getattr(state, f"{name}_atoms") for name in ("free", "locked", "insurance", "fees")}


def only_the_position_program_may(vault: VaultWorld, move: Move, *others: Pubkey) -> None:
    """Nobody else's signature counts, not even that of the money's owner."""
    for signer in (*others, vault.admin, vault.guardian, vault.chain.upgrade_authority):
        vault.chain.refused(move(1).but(position_authority=signer), error="NotPositionAuthority")


def moves_only_within_the_ledger(vault: VaultWorld, move: Move, pool: Pubkey) -> None:
    """Zero is refused, a pool that does not add up is refused, and every account is checked."""
    vault.chain.refused(move(0), error="AmountIsZero")
    refuses_wrong_accounts(vault.chain, move(1))
    whole = vault.chain.read(pool)
    vault.chain.rewrite(pool, total_locked_atoms=whole.total_locked_atoms + 1)
    vault.chain.refused(move(1), error="LedgerNotBacked")
    vault.chain.rewrite(pool, total_locked_atoms=whole.total_locked_atoms)
    vault.chain.send(move(1))
    vault.check_ledger()


def at_the_end_of_their_range(vault: VaultWorld, user: User, pool: Pubkey) -> None:
    """Every lifetime total one short of wrapping around, the balances as they are."""
    account, market = vault.chain.read(user.collateral), vault.chain.read(pool)
    vault.chain.rewrite(vault.state, total_deposited_atoms=MAX, total_withdrawn_atoms=MAX)
    vault.chain.rewrite(
        user.collateral,
        total_deposited_atoms=MAX,
        total_released_atoms=MAX,
        total_locked_atoms=MAX,
        total_withdrawn_atoms=(MAX - account.free_atoms) % 2**64,
    )
    vault.chain.rewrite(
        pool,
        total_locked_atoms=MAX,
        total_drawn_atoms=MAX,
        total_insured_atoms=(MAX + market.insurance_atoms) % 2**64,
        total_released_atoms=MAX,
        total_swept_atoms=(-market.locked_atoms - market.insurance_atoms) % 2**64,
    )
