//! Errors of the ephemeral vault: numbers are fixed and only grow.

use anchor_lang::prelude::*;

#[error_code(offset = 6100)]
pub enum EphemeralError {
    #[msg("the amount must be greater than zero")]
    AmountIsZero = 0,
    #[msg("the signer is not the user of the ephemeral vault")]
    NotUser = 1,
    #[msg("the signer is not the session key of the ephemeral vault")]
    NotSessionKey = 2,
    #[msg("the session belongs to another user than the ephemeral vault")]
    WrongSession = 3,
    #[msg("the session has expired")]
    SessionExpired = 4,
    #[msg("the session must expire in the future and within thirty days")]
    InvalidExpiry = 5,
    #[msg("the ephemeral vault was revoked; close it and create another")]
    VaultRevoked = 6,
    #[msg("the ephemeral vault is active; revoke it before closing it")]
    VaultStillActive = 7,
    #[msg("the amount is greater than what is available of the approved amount")]
    AllowanceExceeded = 8,
    #[msg("the token account does not delegate that amount to the ephemeral vault any more")]
    DelegationShort = 9,
    #[msg("the used amount is not the expected one: a deposit landed in between, so look again before approving")]
    UsedAmountChanged = 10,
    #[msg("the token account is not owned by the user")]
    NotUserToken = 11,
    #[msg("the session is bound to another token account; revoke and close it first")]
    WrongTokenAccount = 12,
    #[msg("the collateral account belongs to another owner than the user")]
    WrongCollateral = 13,
    #[msg("the approved amount would leave its range")]
    AmountOverflow = 14,
    #[msg("used, available and approved amounts contradict each other")]
    AllowanceInconsistent = 15,
    #[msg("the default address is not allowed here")]
    DefaultAddressRefused = 16,
    #[msg("a token account was given without its token program")]
    TokenProgramMissing = 17,
}
