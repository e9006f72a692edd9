//! The money of one market: it belongs to the pool, not to a user.

use anchor_lang::prelude::*;

use super::vault_state::{add, count, take};
use crate::{constants::LAYOUT_VERSION, error::VaultError};

/// Address: `["pool", market]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct MarketPool {
    pub market: Pubkey,
    /// Collateral of all positions, pending fees and funding: winners are paid from it.
    pub locked_atoms: u64,
    /// Pays for bankruptcies of this market only.
    pub insurance_atoms: u64,
    /// Lifetime totals wrap around.
    pub total_locked_atoms: u64,
    pub total_released_atoms: u64,
    pub total_swept_atoms: u64,
    pub total_insured_atoms: u64,
    pub total_drawn_atoms: u64,
    pub layout_version: u8,
    pub bump: u8,
    pub reserved: [u8; 30],
}

const _: () = assert!(size_of::<MarketPool>() == 120 && align_of::<MarketPool>() == 8);

impl MarketPool {
    pub const SPACE: usize = 8 + size_of::<Self>();

    pub fn open(&mut self, market: Pubkey, bump: u8) {
        self.market = market;
        self.bump = bump;
        self.layout_version = LAYOUT_VERSION;
    }

    pub fn lock(&mut self, amount_atoms: u64) -> Result<()> {
        self.locked_atoms = add(self.locked_atoms, amount_atoms)?;
        count(&mut self.total_locked_atoms, amount_atoms);
        Ok(())
    }

    pub fn release(&mut self, amount_atoms: u64) -> Result<()> {
        self.locked_atoms = take(self.locked_atoms, amount_atoms, VaultError::MarketPoolShort)?;
        count(&mut self.total_released_atoms, amount_atoms);
        Ok(())
    }

    pub fn sweep_fees(&mut self, amount_atoms: u64) -> Result<()> {
        self.locked_atoms = take(self.locked_atoms, amount_atoms, VaultError::MarketPoolShort)?;
        count(&mut self.total_swept_atoms, amount_atoms);
        Ok(())
    }

    pub fn fund_insurance(&mut self, amount_atoms: u64) -> Result<()> {
        self.locked_atoms = take(self.locked_atoms, amount_atoms, VaultError::MarketPoolShort)?;
        self.insurance_atoms = add(self.insurance_atoms, amount_atoms)?;
        count(&mut self.total_insured_atoms, amount_atoms);
        Ok(())
    }

    pub fn draw_insurance(&mut self, amount_atoms: u64) -> Result<()> {
        self.insurance_atoms = take(
            self.insurance_atoms,
            amount_atoms,
            VaultError::InsuranceShort,
        )?;
        self.locked_atoms = add(self.locked_atoms, amount_atoms)?;
        count(&mut self.total_drawn_atoms, amount_atoms);
        Ok(())
    }

    /// # Errors
    /// `PoolNotEmpty`.
    pub fn require_empty(&self) -> Result<()> {
        require!(
            self.locked_atoms == 0 && self.insurance_atoms == 0,
            VaultError::PoolNotEmpty
        );
        Ok(())
    }

    /// What came in is what went out and what is there, for both sums, modulo 2⁶⁴.
    pub fn invariant(&self) -> Result<()> {
        let locked_in = self.total_locked_atoms.wrapping_add(self.total_drawn_atoms);
        let locked_out = self
            .total_released_atoms
            .wrapping_add(self.total_swept_atoms)
            .wrapping_add(self.total_insured_atoms);
        require_eq!(
            locked_in,
            locked_out.wrapping_add(self.locked_atoms),
            VaultError::LedgerNotBacked
        );
        require_eq!(
            self.total_insured_atoms,
            self.total_drawn_atoms.wrapping_add(self.insurance_atoms),
            VaultError::LedgerNotBacked
        );
        Ok(())
    }
}
