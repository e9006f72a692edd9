//! Events: past tense, numbered per account, with the state after.

use anchor_lang::prelude::*;

use crate::state::WithdrawLimit;

/// Starts every event; `sequence` grows by one per event of the account named by the event.
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

/// Sequence of the vault state.
#[event]
pub struct VaultCreated {
    pub head: EventHead,
    pub quote_mint: Pubkey,
    pub vault_token: Pubkey,
    pub position_authority: Pubkey,
    pub admin: Pubkey,
    pub guardian: Pubkey,
    pub fee_recipient: Pubkey,
    pub delay_seconds: u64,
}

/// Sequence of the collateral account.
#[event]
pub struct AccountOpened {
    pub head: EventHead,
    pub collateral: Pubkey,
    pub owner: Pubkey,
}

/// Sequence of the collateral account.
#[event]
pub struct Deposited {
    pub head: EventHead,
    pub owner: Pubkey,
    /// Who signed for the tokens: the owner, or a delegate.
    pub token_authority: Pubkey,
    pub amount_atoms: u64,
    pub free_atoms: u64,
    pub vault_free_atoms: u64,
    pub vault_tokens_atoms: u64,
}

/// Sequence of the collateral account.
#[event]
pub struct Withdrawn {
    pub head: EventHead,
    pub owner: Pubkey,
    pub recipient_token: Pubkey,
    pub amount_atoms: u64,
    pub free_atoms: u64,
    pub vault_free_atoms: u64,
    pub vault_tokens_atoms: u64,
    pub net_outflow_atoms: i64,
}

/// Sequence of the vault state.
#[event]
pub struct FeesWithdrawn {
    pub head: EventHead,
    pub recipient_token: Pubkey,
    pub amount_atoms: u64,
    pub fees_atoms: u64,
    pub vault_tokens_atoms: u64,
}

/// Sequence of the vault state.
#[event]
pub struct WithdrawLimitScheduled {
    pub head: EventHead,
    pub limit: WithdrawLimit,
    pub not_before_ts: i64,
}

/// Sequence of the vault state.
#[event]
pub struct VaultPauseSet {
    pub head: EventHead,
    pub signer: Pubkey,
    pub pause_bits: u8,
    pub withdraw_pause_expiry_ts: i64,
}

/// Sequence of the vault state.
#[event]
pub struct AdminProposed {
    pub head: EventHead,
    pub admin: Pubkey,
    pub pending_admin: Pubkey,
    pub not_before_ts: i64,
}

/// Sequence of the vault state.
#[event]
pub struct AdminAccepted {
    pub head: EventHead,
    pub admin: Pubkey,
}

/// Sequence of the vault state.
#[event]
pub struct GuardianScheduled {
    pub head: EventHead,
    pub guardian: Pubkey,
    pub not_before_ts: i64,
}

/// Sequence of the vault state.
#[event]
pub struct FeeRecipientScheduled {
    pub head: EventHead,
    pub fee_recipient: Pubkey,
    pub not_before_ts: i64,
}

/// Sequence of the vault state.
#[event]
pub struct DelayRaiseScheduled {
    pub head: EventHead,
    pub delay_seconds: u64,
    pub not_before_ts: i64,
}

/// Sequence of the vault state.
#[event]
pub struct PauseRenewalProposed {
    pub head: EventHead,
    pub not_before_ts: i64,
}
