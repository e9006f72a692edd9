//! The allowance a user gives to a session wallet, and the token program's delegate.

use anchor_lang::prelude::*;

use crate::{
    constants::LAYOUT_VERSION, error::EphemeralError, events::EventHead, seeds::SEED_VAULT,
};

/// Address: `["vault", user]`.
#[account]
#[derive(Debug, InitSpace)]
pub struct EphemeralVault {
    pub user_wallet: Pubkey,
    /// This address: what the user's token account delegates to.
    pub vault_pda: Pubkey,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds.
    pub last_activity: i64,
    /// Atoms: used so far plus what was left at the last approval.
    pub approved_amount: u64,
    /// Atoms deposited so far.
    pub used_amount: u64,
    /// Atoms: approved − used, and not more than the token program delegates.
    pub available_amount: u64,
    pub event_sequence: u64,
    pub is_active: bool,
    pub bump: u8,
    pub layout_version: u8,
    pub reserved: [u8; 5],
}

const _: () = assert!(EphemeralVault::SPACE == 128);

impl EphemeralVault {
    pub const SPACE: usize = 8 + Self::INIT_SPACE;

    pub fn open(&mut self, user_wallet: Pubkey, vault_pda: Pubkey, bump: u8, now_ts: i64) {
        self.user_wallet = user_wallet;
        self.vault_pda = vault_pda;
        self.created_at = now_ts;
        self.last_activity = now_ts;
        self.is_active = true;
        self.bump = bump;
        self.layout_version = LAYOUT_VERSION;
    }

    pub fn signer_seeds(&self) -> [&[u8]; 3] {
        [
            SEED_VAULT,
            self.user_wallet.as_ref(),
            std::slice::from_ref(&self.bump),
        ]
    }

    /// Header of the next event of this account.
    pub fn next_head(&mut self, clock: &Clock) -> EventHead {
        self.event_sequence = self.event_sequence.wrapping_add(1);
        EventHead::new(clock, self.event_sequence)
    }

    pub fn require_active(&self) -> Result<()> {
        require!(self.is_active, EphemeralError::VaultRevoked);
        Ok(())
    }

    /// Leaves `remaining_atoms` to be used.
    ///
    /// `expected_used_atoms` is what the user saw: if the session used the allowance in between, the
    /// user would otherwise grant the new amount on top of what was just taken.
    ///
    /// # Errors
    /// `UsedAmountChanged`, `AmountOverflow`.
    pub fn approve(
        &mut self,
        remaining_atoms: u64,
        expected_used_atoms: u64,
        now_ts: i64,
    ) -> Result<()> {
        require_eq!(
            self.used_amount,
            expected_used_atoms,
            EphemeralError::UsedAmountChanged
        );
        self.approved_amount = self
            .used_amount
            .checked_add(remaining_atoms)
            .ok_or(EphemeralError::AmountOverflow)?;
        self.available_amount = remaining_atoms;
        self.last_activity = now_ts;
        Ok(())
    }

    /// Uses `amount_atoms` when `delegated_atoms` of the token program still cover it.
    ///
    /// # Errors
    /// `AllowanceExceeded`, `DelegationShort`.
    pub fn spend(&mut self, amount_atoms: u64, delegated_atoms: u64, now_ts: i64) -> Result<()> {
        require_gte!(
            self.available_amount,
            amount_atoms,
            EphemeralError::AllowanceExceeded
        );
        let delegated_left_atoms = delegated_atoms
            .checked_sub(amount_atoms)
            .ok_or(EphemeralError::DelegationShort)?;
        self.used_amount = self
            .used_amount
            .checked_add(amount_atoms)
            .ok_or(EphemeralError::AmountOverflow)?;
        self.available_amount = self.unused_atoms()?.min(delegated_left_atoms);
        self.last_activity = now_ts;
        Ok(())
    }

    /// Ends the allowance for good.
    pub fn revoke(&mut self, now_ts: i64) {
        self.is_active = false;
        self.approved_amount = self.used_amount;
        self.available_amount = 0;
        self.last_activity = now_ts;
    }

    /// `used <= approved`, `available <= approved − used`, nothing available once revoked.
    pub fn invariant(&self) -> Result<()> {
        let is_consistent = self.available_amount <= self.unused_atoms()?
            && (self.is_active || self.available_amount == 0);
        require!(is_consistent, EphemeralError::AllowanceInconsistent);
        Ok(())
    }

    fn unused_atoms(&self) -> Result<u64> {
        self.approved_amount
            .checked_sub(self.used_amount)
            .ok_or(error!(EphemeralError::AllowanceInconsistent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault() -> EphemeralVault {
        let mut vault = EphemeralVault::try_from_slice(&[0; EphemeralVault::INIT_SPACE]).unwrap();
        vault.open(Pubkey::new_unique(), Pubkey::new_unique(), 255, 10);
        vault
    }

    #[test]
    fn approved_is_used_plus_remaining() {
        let mut vault = vault();
        vault.approve(100, 0, 11).unwrap();
        vault.spend(30, 100, 12).unwrap();
        vault.approve(50, 30, 13).unwrap();
        assert_eq!(
            (
                vault.approved_amount,
                vault.used_amount,
                vault.available_amount
            ),
            (80, 30, 50)
        );
        vault.invariant().unwrap();
    }

    #[test]
    fn lowering_after_an_unseen_deposit_is_refused() {
        let mut vault = vault();
        vault.approve(100, 0, 11).unwrap();
        vault.spend(30, 100, 12).unwrap();
        assert!(vault.approve(10, 0, 13).is_err());
    }

    #[test]
    fn the_smaller_of_both_allowances_counts() {
        let mut vault = vault();
        vault.approve(100, 0, 11).unwrap();
        assert!(vault.spend(101, 200, 12).is_err());
        assert!(vault.spend(50, 40, 12).is_err());
        vault.spend(30, 40, 12).unwrap();
        assert_eq!(vault.available_amount, 10);
        vault.invariant().unwrap();
    }

    #[test]
    fn nothing_is_available_after_revoking() {
        let mut vault = vault();
        vault.approve(100, 0, 11).unwrap();
        vault.revoke(12);
        assert!(vault.require_active().is_err());
        assert_eq!(vault.available_amount, 0);
        vault.invariant().unwrap();
    }
}
