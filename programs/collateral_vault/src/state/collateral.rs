//! One user's free money.

use anchor_lang::prelude::*;

use super::vault_state::{add, count, take};
use crate::{constants::LAYOUT_VERSION, error::VaultError, events::EventHead};

/// Address: `["collateral", owner]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Collateral {
    pub owner: Pubkey,
    /// What the owner may withdraw or lock in a market.
    pub free_atoms: u64,
    /// Lifetime totals wrap around.
    pub total_deposited_atoms: u64,
    pub total_withdrawn_atoms: u64,
    /// Locked in markets so far; winnings make `total_released_atoms` the greater of the two.
    pub total_locked_atoms: u64,
    pub total_released_atoms: u64,
    /// The owner's own window of the withdrawal limiter.
    pub window_start_ts: i64,
    pub window_withdrawn_atoms: u64,
    pub event_sequence: u64,
    pub layout_version: u8,
    pub bump: u8,
    pub reserved: [u8; 54],
}

const _: () = assert!(size_of::<Collateral>() == 152 && align_of::<Collateral>() == 8);

impl Collateral {
    pub const SPACE: usize = 8 + size_of::<Self>();

    pub fn open(&mut self, owner: Pubkey, bump: u8) {
        self.owner = owner;
        self.bump = bump;
        self.layout_version = LAYOUT_VERSION;
    }

    /// Header of the next event of this account.
    pub fn next_head(&mut self, clock: &Clock) -> EventHead {
        self.event_sequence = self.event_sequence.wrapping_add(1);
        EventHead::new(clock, self.event_sequence)
    }

    pub fn add_deposit(&mut self, amount_atoms: u64) -> Result<()> {
        self.free_atoms = add(self.free_atoms, amount_atoms)?;
        count(&mut self.total_deposited_atoms, amount_atoms);
        Ok(())
    }

    /// Takes a withdrawal and gives what the owner took in the window, this one included.
    pub fn take_withdrawal(
        &mut self,
        amount_atoms: u64,
        window_seconds: u64,
        now_ts: i64,
    ) -> Result<u64> {
        self.free_atoms = take(
            self.free_atoms,
            amount_atoms,
            VaultError::InsufficientFreeCollateral,
        )?;
        count(&mut self.total_withdrawn_atoms, amount_atoms);
        if now_ts >= self.window_start_ts.saturating_add_unsigned(window_seconds) {
            self.window_start_ts = now_ts;
            self.window_withdrawn_atoms = 0;
        }
        self.window_withdrawn_atoms = add(self.window_withdrawn_atoms, amount_atoms)?;
        Ok(self.window_withdrawn_atoms)
    }

    pub fn lock(&mut self, amount_atoms: u64) -> Result<()> {
        self.free_atoms = take(
            self.free_atoms,
            amount_atoms,
            VaultError::InsufficientFreeCollateral,
        )?;
        count(&mut self.total_locked_atoms, amount_atoms);
        Ok(())
    }

    pub fn release(&mut self, amount_atoms: u64) -> Result<()> {
        self.free_atoms = add(self.free_atoms, amount_atoms)?;
        count(&mut self.total_released_atoms, amount_atoms);
        Ok(())
    }

    /// `free = deposited + released − withdrawn − locked`, modulo 2⁶⁴.
    pub fn invariant(&self) -> Result<()> {
        let received = self
            .total_deposited_atoms
            .wrapping_add(self.total_released_atoms);
        let spent = self
            .total_withdrawn_atoms
            .wrapping_add(self.total_locked_atoms);
        require_eq!(
            received,
            spent.wrapping_add(self.free_atoms),
            VaultError::LedgerNotBacked
        );
        Ok(())
    }
}
