//! Who may use the allowance, until when, and from which token account.

use anchor_lang::prelude::*;

use crate::{
    constants::{LAYOUT_VERSION, MAX_SESSION_SECONDS},
    error::EphemeralError,
};

/// Address: `["session", user]`. Apart from the ephemeral vault, whose 128 bytes are full.
#[account]
#[derive(Debug, InitSpace)]
pub struct Session {
    pub user_wallet: Pubkey,
    /// Signs fast deposits.
    pub session_key: Pubkey,
    /// The token account of the first approval; the default address before.
    pub user_token: Pubkey,
    pub expiry_ts: i64,
    pub bump: u8,
    pub layout_version: u8,
    pub reserved: [u8; 30],
}

impl Session {
    pub const SPACE: usize = 8 + Self::INIT_SPACE;

    /// # Errors
    /// `InvalidExpiry` when the session would be over already or live longer than thirty days.
    pub fn open(
        &mut self,
        user_wallet: Pubkey,
        session_key: Pubkey,
        expiry_ts: i64,
        bump: u8,
        now_ts: i64,
    ) -> Result<()> {
        let latest_ts = now_ts.saturating_add(MAX_SESSION_SECONDS);
        require!(
            expiry_ts > now_ts && expiry_ts <= latest_ts,
            EphemeralError::InvalidExpiry
        );
        self.user_wallet = user_wallet;
        self.session_key = session_key;
        self.expiry_ts = expiry_ts;
        self.bump = bump;
        self.layout_version = LAYOUT_VERSION;
        Ok(())
    }

    pub fn require_alive(&self, now_ts: i64) -> Result<()> {
        require!(now_ts < self.expiry_ts, EphemeralError::SessionExpired);
        Ok(())
    }

    /// Binds the session to the first token account approved: one allowance, one account.
    pub fn bind_token(&mut self, user_token: Pubkey) -> Result<()> {
        if self.user_token == Pubkey::default() {
            self.user_token = user_token;
        }
        require_keys_eq!(
            self.user_token,
            user_token,
            EphemeralError::WrongTokenAccount
        );
        Ok(())
    }
}
