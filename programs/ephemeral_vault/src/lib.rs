//! Fast deposits: a session wallet moves an approved amount of the user's tokens into the collateral vault.

use anchor_lang::prelude::*;

pub mod constants;
pub mod error;
pub mod events;
pub mod instructions;
pub mod seeds;
pub mod state;

pub use instructions::*;

declare_id!("BB2BdtPBdgZk5SozvPfdSBpXJUbtJwPQBxjYW7xWtEUq");

#[program]
pub mod ephemeral_vault {
    use super::*;

    /// Creates the user's ephemeral vault and its session.
    #[access_control(ctx.accounts.validate(&session_key))]
    pub fn create(ctx: Context<Create>, session_key: Pubkey, expiry_ts: i64) -> Result<()> {
        Create::handle(ctx, session_key, expiry_ts)
    }

    /// Leaves an amount to the session, given what the user knows to be used already.
    #[access_control(ctx.accounts.validate())]
    pub fn approve(
        ctx: Context<Approve>,
        remaining_atoms: u64,
        expected_used_atoms: u64,
    ) -> Result<()> {
        Approve::handle(ctx, remaining_atoms, expected_used_atoms)
    }

    /// The session deposits into the user's collateral.
    #[access_control(ctx.accounts.validate(amount_atoms))]
    pub fn fast_deposit(ctx: Context<FastDeposit>, amount_atoms: u64) -> Result<()> {
        FastDeposit::handle(ctx, amount_atoms)
    }

    /// Ends the allowance at once, and the token program's delegation where it is still ours.
    #[access_control(ctx.accounts.validate())]
    pub fn revoke(ctx: Context<Revoke>) -> Result<()> {
        Revoke::handle(ctx)
    }

    /// Closes a revoked vault and its session; the rent goes back to the user.
    #[access_control(ctx.accounts.validate())]
    pub fn close(ctx: Context<Close>) -> Result<()> {
        Close::handle(ctx)
    }
}
