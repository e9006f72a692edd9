//! The money of one market: it belongs to the pool, not to a user.

use anchor_lang::prelude::*;

use super::vault_state::{add, take};
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
        self.total_locked_atoms = add(self.total_locked_atoms, amount_atoms)?;
        Ok(())
    }

    pub fn release(&mut self, amount_atoms: u64) -> Result<()> {
        self.locked_atoms = take(self.locked_atoms, amount_atoms, VaultError::MarketPoolShort)?;
        self.total_released_atoms = add(self.total_released_atoms, amount_atoms)?;
        Ok(())
    }

    pub fn sweep_fees(&mut self, amount_atoms: u64) -> Result<()> {
        self.locked_atoms = take(self.locked_atoms, amount_atoms, VaultError::MarketPoolShort)?;
        self.total_swept_atoms = add(self.total_swept_atoms, amount_atoms)?;
        Ok(())
    }

    pub fn fund_insurance(&mut self, amount_atoms: u64) -> Result<()> {
        self.locked_atoms = take(self.locked_atoms, amount_atoms, VaultError::MarketPoolShort)?;
        self.insurance_atoms = add(self.insurance_atoms, amount_atoms)?;
        self.total_insured_atoms = add(self.total_insured_atoms, amount_atoms)?;
        Ok(())
    }

    pub fn draw_insurance(&mut self, amount_atoms: u64) -> Result<()> {
        self.insurance_atoms = take(
            self.insurance_atoms,
            amount_atoms,
            VaultError::InsuranceShort,
        )?;
        self.locked_atoms = add(self.locked_atoms, amount_atoms)?;
        self.total_drawn_atoms = add(self.total_drawn_atoms, amount_atoms)?;
        Ok(())
    }

    /// What came in is what went out and what is there, for both sums.
    pub fn invariant(&self) -> Result<()> {
        let sum = |values: [u64; 3]| values.iter().map(|value| u128::from(*value)).sum::<u128>();
        let locked_in = sum([self.total_locked_atoms, self.total_drawn_atoms, 0]);
        let locked_out = sum([
            self.total_released_atoms,
            self.total_swept_atoms,
            self.total_insured_atoms,
        ]);
        require!(
            locked_in == locked_out + u128::from(self.locked_atoms),
            VaultError::LedgerNotBacked
        );
        require!(
            u128::from(self.total_insured_atoms)
                == u128::from(self.total_drawn_atoms) + u128::from(self.insurance_atoms),
            VaultError::LedgerNotBacked
        );
        Ok(())
    }
}
