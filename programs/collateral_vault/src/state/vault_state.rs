//! The vault: one per program, with the ledger of everything it owes.

use anchor_lang::prelude::*;

use super::{WithdrawLimit, WithdrawLimiter};
use crate::{
    constants::LAYOUT_VERSION, error::VaultError, events::EventHead, seeds::SEED_VAULT_STATE,
};

/// Address: `["vault_state"]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct VaultState {
    pub quote_mint: Pubkey,
    /// Token account at `["vault_token"]`, owned by this address.
    pub vault_token: Pubkey,
    /// Token program of the quote mint.
    pub token_program: Pubkey,
    /// The only signer that may move money between users and markets.
    pub position_authority: Pubkey,
    pub admin: Pubkey,
    pub guardian: Pubkey,
    pub pending_admin: Pubkey,
    /// Owner of the token accounts that collected fees may go to.
    pub fee_recipient: Pubkey,
    /// Σ free collateral of all users.
    pub free_atoms: u64,
    /// Σ locked of all market pools.
    pub locked_atoms: u64,
    /// Σ insurance of all market pools.
    pub insurance_atoms: u64,
    /// Fees swept out of the pools.
    pub fees_atoms: u64,
    /// Lifetime totals wrap around.
    pub total_deposited_atoms: u64,
    pub total_withdrawn_atoms: u64,
    pub limiter: WithdrawLimiter,
    pub pending_admin_not_before_ts: i64,
    /// When the last pause of withdrawals lapses, or lapsed; 0 before the first.
    pub withdraw_pause_expiry_ts: i64,
    /// Delay of changes that touch money.
    pub delay_seconds: u64,
    pub event_sequence: u64,
    pub layout_version: u8,
    pub bump: u8,
    pub vault_token_bump: u8,
    pub quote_decimals: u8,
    pub pause_bits: u8,
    /// Which role `pending_role_key` is to have; 0 when no change waits.
    pub pending_role: u8,
    pub reserved: [u8; 2],
    pub pending_role_key: Pubkey,
    pub pending_role_not_before_ts: i64,
    /// A longer delay that waits; 0 when none does.
    pub pending_delay_seconds: u64,
    pub pending_delay_not_before_ts: i64,
    /// When the last pause of withdrawals ended; says nothing while one is in force.
    pub withdrawals_open_since_ts: i64,
    /// When an announced renewal of the withdrawal pause may begin; 0 when none is announced.
    pub pause_renewal_not_before_ts: i64,
    pub reserved_tail: [u8; 8],
}

const _: () = assert!(size_of::<VaultState>() == 504 && align_of::<VaultState>() == 8);

/// What `create_vault` knows.
pub struct NewVault {
    pub quote_mint: Pubkey,
    pub vault_token: Pubkey,
    pub token_program: Pubkey,
    pub position_authority: Pubkey,
    pub admin: Pubkey,
    pub guardian: Pubkey,
    pub fee_recipient: Pubkey,
    pub withdraw_limit: WithdrawLimit,
    pub delay_seconds: u32,
    pub quote_decimals: u8,
    pub bump: u8,
    pub vault_token_bump: u8,
}

impl VaultState {
    pub const SPACE: usize = 8 + size_of::<Self>();

    pub fn open(&mut self, new: NewVault, now_ts: i64) {
        self.quote_mint = new.quote_mint;
        self.vault_token = new.vault_token;
        self.token_program = new.token_program;
        self.position_authority = new.position_authority;
        self.admin = new.admin;
        self.guardian = new.guardian;
        self.fee_recipient = new.fee_recipient;
        self.delay_seconds = u64::from(new.delay_seconds);
        self.quote_decimals = new.quote_decimals;
        self.bump = new.bump;
        self.vault_token_bump = new.vault_token_bump;
        self.layout_version = LAYOUT_VERSION;
        self.limiter.schedule(new.withdraw_limit, now_ts, now_ts);
    }

    /// Seeds of this address; takes the bump alone, so that no borrow lasts into a CPI.
    pub fn seeds_with(bump: &u8) -> [&[u8]; 2] {
        [SEED_VAULT_STATE, std::slice::from_ref(bump)]
    }

    /// Header of the next event of this account.
    pub fn next_head(&mut self, clock: &Clock) -> EventHead {
        self.event_sequence = self.event_sequence.wrapping_add(1);
        EventHead::new(clock, self.event_sequence)
    }

    /// Everything the vault owes.
    pub fn owed_atoms(&self) -> Result<u64> {
        self.free_atoms
            .checked_add(self.locked_atoms)
            .and_then(|sum| sum.checked_add(self.insurance_atoms))
            .and_then(|sum| sum.checked_add(self.fees_atoms))
            .ok_or(error!(VaultError::LedgerOverflow))
    }

    /// `tokens >= free + Σ locked + insurance + fees`, where tokens were moved.
    pub fn invariant(&self, tokens_atoms: u64) -> Result<()> {
        require_gte!(
            tokens_atoms,
            self.owed_atoms()?,
            VaultError::LedgerNotBacked
        );
        Ok(())
    }

    /// Where no token moved, what is owed did not change.
    pub fn invariant_internal(&self, owed_before_atoms: u64) -> Result<()> {
        require_eq!(
            self.owed_atoms()?,
            owed_before_atoms,
            VaultError::LedgerNotBacked
        );
        Ok(())
    }

    pub fn add_deposit(&mut self, amount_atoms: u64, now_ts: i64) -> Result<()> {
        self.limiter.count_deposit(amount_atoms, now_ts);
        self.free_atoms = add(self.free_atoms, amount_atoms)?;
        count(&mut self.total_deposited_atoms, amount_atoms);
        Ok(())
    }

    /// `user_withdrawn_atoms`: what the user took in the limiter's window, this withdrawal included.
    pub fn take_withdrawal(
        &mut self,
        amount_atoms: u64,
        user_withdrawn_atoms: u64,
        now_ts: i64,
    ) -> Result<()> {
        self.limiter
            .count_withdrawal(amount_atoms, user_withdrawn_atoms, now_ts)?;
        self.free_atoms = take(
            self.free_atoms,
            amount_atoms,
            VaultError::InsufficientFreeCollateral,
        )?;
        count(&mut self.total_withdrawn_atoms, amount_atoms);
        Ok(())
    }

    pub fn lock(&mut self, amount_atoms: u64) -> Result<()> {
        self.free_atoms = take(
            self.free_atoms,
            amount_atoms,
            VaultError::InsufficientFreeCollateral,
        )?;
        self.locked_atoms = add(self.locked_atoms, amount_atoms)?;
        Ok(())
    }

    pub fn release(&mut self, amount_atoms: u64) -> Result<()> {
        self.locked_atoms = take(self.locked_atoms, amount_atoms, VaultError::MarketPoolShort)?;
        self.free_atoms = add(self.free_atoms, amount_atoms)?;
        Ok(())
    }

    pub fn sweep_fees(&mut self, amount_atoms: u64) -> Result<()> {
        self.locked_atoms = take(self.locked_atoms, amount_atoms, VaultError::MarketPoolShort)?;
        self.fees_atoms = add(self.fees_atoms, amount_atoms)?;
        Ok(())
    }

    pub fn fund_insurance(&mut self, amount_atoms: u64) -> Result<()> {
        self.locked_atoms = take(self.locked_atoms, amount_atoms, VaultError::MarketPoolShort)?;
        self.insurance_atoms = add(self.insurance_atoms, amount_atoms)?;
        Ok(())
    }

    pub fn draw_insurance(&mut self, amount_atoms: u64) -> Result<()> {
        self.insurance_atoms = take(
            self.insurance_atoms,
            amount_atoms,
            VaultError::InsuranceShort,
        )?;
        self.locked_atoms = add(self.locked_atoms, amount_atoms)?;
        Ok(())
    }

    pub fn take_fees(&mut self, amount_atoms: u64, now_ts: i64) -> Result<()> {
        self.activate_due(now_ts);
        self.fees_atoms = take(self.fees_atoms, amount_atoms, VaultError::FeesShort)?;
        Ok(())
    }
}

/// Adds to a lifetime total, which wraps around: otherwise who cycles deposits long enough could fill it and stop
/// everybody. Invariants compare such totals modulo 2⁶⁴.
pub(super) fn count(total_atoms: &mut u64, amount_atoms: u64) {
    *total_atoms = total_atoms.wrapping_add(amount_atoms);
}

/// `total + amount`, or `LedgerOverflow`.
pub(super) fn add(total_atoms: u64, amount_atoms: u64) -> Result<u64> {
    total_atoms
        .checked_add(amount_atoms)
        .ok_or(error!(VaultError::LedgerOverflow))
}

/// `total − amount`, or the error that names what is short.
pub(super) fn take(total_atoms: u64, amount_atoms: u64, short: VaultError) -> Result<u64> {
    total_atoms.checked_sub(amount_atoms).ok_or(error!(short))
}
