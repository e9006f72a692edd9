//! Events: past tense, numbered per ephemeral vault, with the state after.

use anchor_lang::prelude::*;

/// Starts every event; `sequence` grows by one per event of the ephemeral vault.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct EventHead {
    pub slot: u64,
    pub ts: i64,
    pub sequence: u64,
}

impl EventHead {
    pub fn new(clock: &Clock, sequence: u64) -> Self {
        Self {
            slot: clock.slot,
            ts: clock.unix_timestamp,
            sequence,
        }
    }
}

#[event]
pub struct EphemeralVaultCreated {
    pub head: EventHead,
    pub user_wallet: Pubkey,
    pub vault_pda: Pubkey,
    pub session_key: Pubkey,
    pub expiry_ts: i64,
}

#[event]
pub struct AllowanceApproved {
    pub head: EventHead,
    pub user_wallet: Pubkey,
    pub user_token: Pubkey,
    pub approved_atoms: u64,
    pub used_atoms: u64,
    pub available_atoms: u64,
}

#[event]
pub struct FastDeposited {
    pub head: EventHead,
    pub user_wallet: Pubkey,
    pub session_key: Pubkey,
    pub amount_atoms: u64,
    pub approved_atoms: u64,
    pub used_atoms: u64,
    pub available_atoms: u64,
    /// Free collateral of the user.
    pub free_atoms: u64,
}

#[event]
pub struct EphemeralVaultRevoked {
    pub head: EventHead,
    pub user_wallet: Pubkey,
    pub used_atoms: u64,
    /// Whether the token program's delegation was taken back too.
    pub is_delegation_revoked: bool,
}

#[event]
pub struct EphemeralVaultClosed {
    pub head: EventHead,
    pub user_wallet: Pubkey,
    pub used_atoms: u64,
}
