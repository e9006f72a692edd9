//! The vault: one per program, with the ledger of everything it owes.

use anchor_lang::prelude::*;

use super::{WithdrawLimit, WithdrawLimiter};
use crate::{
    constants::{
        LAYOUT_VERSION, PAUSE_ALL, PAUSE_DEPOSIT, PAUSE_LOCK, PAUSE_WITHDRAW,
        WITHDRAW_PAUSE_SECONDS,
    },
    error::VaultError,
    events::EventHead,
    seeds::SEED_VAULT_STATE,
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
    pub total_deposited_atoms: u64,
    pub total_withdrawn_atoms: u64,
    pub limiter: WithdrawLimiter,
    pub pending_admin_not_before_ts: i64,
    /// When a pause of withdrawals lapses; 0 when the bit is not set.
    pub withdraw_pause_expiry_ts: i64,
    /// Delay of changes that touch money.
    pub delay_seconds: u64,
    pub event_sequence: u64,
    pub layout_version: u8,
    pub bump: u8,
    pub vault_token_bump: u8,
    pub quote_decimals: u8,
    pub pause_bits: u8,
    pub reserved: [u8; 83],
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
        self.limiter.count_deposit(amount_atoms, now_ts)?;
        self.free_atoms = add(self.free_atoms, amount_atoms)?;
        self.total_deposited_atoms = add(self.total_deposited_atoms, amount_atoms)?;
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
        self.total_withdrawn_atoms = add(self.total_withdrawn_atoms, amount_atoms)?;
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

    pub fn take_fees(&mut self, amount_atoms: u64) -> Result<()> {
        self.fees_atoms = take(self.fees_atoms, amount_atoms, VaultError::FeesShort)?;
        Ok(())
    }

    pub fn require_deposits_open(&self) -> Result<()> {
        require!(
            self.pause_bits & PAUSE_DEPOSIT == 0,
            VaultError::DepositsPaused
        );
        Ok(())
    }

    pub fn require_locking_open(&self) -> Result<()> {
        require!(self.pause_bits & PAUSE_LOCK == 0, VaultError::LockingPaused);
        Ok(())
    }

    /// A pause of withdrawals lapses by itself.
    pub fn require_withdrawals_open(&self, now_ts: i64) -> Result<()> {
        let is_paused =
            self.pause_bits & PAUSE_WITHDRAW != 0 && now_ts < self.withdraw_pause_expiry_ts;
        require!(!is_paused, VaultError::WithdrawalsPaused);
        Ok(())
    }

    /// The admin sets any bits, the guardian only adds some.
    ///
    /// A lapsed withdrawal pause keeps its bit until the admin clears it, so nobody renews it for ever.
    pub fn set_pause(&mut self, signer: &Pubkey, pause_bits: u8, now_ts: i64) -> Result<()> {
        require!(pause_bits & !PAUSE_ALL == 0, VaultError::UnknownPauseBit);
        if *signer != self.admin {
            require_keys_eq!(*signer, self.guardian, VaultError::NotAdminOrGuardian);
            require!(
                self.pause_bits & !pause_bits == 0,
                VaultError::GuardianMayOnlyPause
            );
        }
        let is_newly_paused = pause_bits & !self.pause_bits & PAUSE_WITHDRAW != 0;
        if is_newly_paused {
            self.withdraw_pause_expiry_ts = now_ts.saturating_add(WITHDRAW_PAUSE_SECONDS);
        } else if pause_bits & PAUSE_WITHDRAW == 0 {
            self.withdraw_pause_expiry_ts = 0;
        }
        self.pause_bits = pause_bits;
        Ok(())
    }

    pub fn schedule_withdraw_limit(&mut self, limit: WithdrawLimit, now_ts: i64) -> i64 {
        let not_before_ts = self.not_before_ts(now_ts);
        self.limiter.schedule(limit, not_before_ts, now_ts);
        not_before_ts
    }

    pub fn propose_admin(&mut self, new_admin: Pubkey, now_ts: i64) {
        self.pending_admin = new_admin;
        self.pending_admin_not_before_ts = self.not_before_ts(now_ts);
    }

    /// # Errors
    /// `NoPendingAdmin`, `NotPendingAdmin`, `DelayNotPassed`.
    pub fn accept_admin(&mut self, signer: &Pubkey, now_ts: i64) -> Result<()> {
        require_keys_neq!(
            self.pending_admin,
            Pubkey::default(),
            VaultError::NoPendingAdmin
        );
        require_keys_eq!(*signer, self.pending_admin, VaultError::NotPendingAdmin);
        require_gte!(
            now_ts,
            self.pending_admin_not_before_ts,
            VaultError::DelayNotPassed
        );
        self.admin = self.pending_admin;
        self.pending_admin = Pubkey::default();
        self.pending_admin_not_before_ts = 0;
        Ok(())
    }

    fn not_before_ts(&self, now_ts: i64) -> i64 {
        now_ts.saturating_add_unsigned(self.delay_seconds)
    }
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
