//! The only program that holds tokens: users' free balances, market pools, insurance, fees.

use anchor_lang::prelude::*;

pub mod constants;
pub mod error;
pub mod events;
mod guard;
pub mod instructions;
pub mod mint_policy;
pub mod seeds;
pub mod state;

pub use instructions::*;

declare_id!("12eZxkcasSf5NLQ2EkvJyfRvF7utS9eKjCnNtAYftYhQ");

#[program]
pub mod collateral_vault {
    use super::*;

    /// Creates the vault and its token account; only the upgrade authority of this program may.
    #[access_control(ctx.accounts.validate(&args))]
    pub fn create_vault(ctx: Context<CreateVault>, args: CreateVaultArgs) -> Result<()> {
        CreateVault::handle(ctx, args)
    }

    /// Opens the collateral account of an owner; anyone may pay for it.
    pub fn open_account(ctx: Context<OpenAccount>) -> Result<()> {
        OpenAccount::handle(ctx)
    }

    /// Moves tokens into the vault and credits a collateral account.
    #[access_control(ctx.accounts.validate(amount_atoms))]
    pub fn deposit(ctx: Context<Deposit>, amount_atoms: u64) -> Result<()> {
        Deposit::handle(ctx, amount_atoms)
    }

    /// Pays free collateral out to any token account of the quote mint.
    #[access_control(ctx.accounts.validate(amount_atoms))]
    pub fn withdraw(ctx: Context<Withdraw>, amount_atoms: u64) -> Result<()> {
        Withdraw::handle(ctx, amount_atoms)
    }

    /// Creates the pool of a market; only the position program may.
    pub fn create_pool(ctx: Context<CreatePool>) -> Result<()> {
        CreatePool::handle(ctx)
    }

    /// Closes the empty pool of a settled market; only the position program may.
    pub fn close_pool(ctx: Context<ClosePool>) -> Result<()> {
        ClosePool::handle(ctx)
    }

    /// Free collateral to a market's pool; only the position program may.
    #[access_control(ctx.accounts.validate(amount_atoms))]
    pub fn lock(ctx: Context<Lock>, amount_atoms: u64) -> Result<()> {
        Lock::handle(ctx, amount_atoms)
    }

    /// A market's pool to free collateral; only the position program may.
    #[access_control(ctx.accounts.validate(amount_atoms))]
    pub fn release(ctx: Context<Release>, amount_atoms: u64) -> Result<()> {
        Release::handle(ctx, amount_atoms)
    }

    /// A market's pool to the collected fees; only the position program may.
    #[access_control(ctx.accounts.validate(amount_atoms))]
    pub fn sweep_fees(ctx: Context<MovePool>, amount_atoms: u64) -> Result<()> {
        MovePool::sweep_fees(ctx, amount_atoms)
    }

    /// A market's pool to its insurance; only the position program may.
    #[access_control(ctx.accounts.validate(amount_atoms))]
    pub fn fund_insurance(ctx: Context<MovePool>, amount_atoms: u64) -> Result<()> {
        MovePool::fund_insurance(ctx, amount_atoms)
    }

    /// A market's insurance to its pool; only the position program may.
    #[access_control(ctx.accounts.validate(amount_atoms))]
    pub fn draw_insurance(ctx: Context<MovePool>, amount_atoms: u64) -> Result<()> {
        MovePool::draw_insurance(ctx, amount_atoms)
    }

    /// Pays collected fees out to a token account of the fee recipient.
    #[access_control(ctx.accounts.validate(amount_atoms))]
    pub fn withdraw_fees(ctx: Context<WithdrawFees>, amount_atoms: u64) -> Result<()> {
        WithdrawFees::handle(ctx, amount_atoms)
    }

    /// Schedules another withdrawal limit; it comes into force by itself after the delay.
    #[access_control(ctx.accounts.validate(&limit))]
    pub fn set_withdraw_limit(ctx: Context<SetWithdrawLimit>, limit: WithdrawLimit) -> Result<()> {
        SetWithdrawLimit::handle(ctx, limit)
    }

    /// Sets the pause bits: the admin any, the guardian only further ones.
    #[access_control(ctx.accounts.validate())]
    pub fn set_vault_pause(ctx: Context<SetVaultPause>, pause_bits: u8) -> Result<()> {
        SetVaultPause::handle(ctx, pause_bits)
    }

    /// Announces that withdrawals may be paused again, or for longer, once the delay has passed.
    #[access_control(ctx.accounts.validate())]
    pub fn propose_pause_renewal(ctx: Context<AdminVault>) -> Result<()> {
        AdminVault::propose_pause_renewal(ctx)
    }

    /// Pauses withdrawals anew, as announced.
    #[access_control(ctx.accounts.validate())]
    pub fn execute_pause_renewal(ctx: Context<AdminVault>) -> Result<()> {
        AdminVault::execute_pause_renewal(ctx)
    }

    /// Schedules another guardian, who is in office by itself after the delay.
    #[access_control(ctx.accounts.validate())]
    pub fn set_guardian(ctx: Context<AdminVault>, guardian: Pubkey) -> Result<()> {
        AdminVault::set_guardian(ctx, guardian)
    }

    /// Schedules another recipient of fees, who is in office by itself after the delay.
    #[access_control(ctx.accounts.validate())]
    pub fn set_fee_recipient(ctx: Context<AdminVault>, fee_recipient: Pubkey) -> Result<()> {
        AdminVault::set_fee_recipient(ctx, fee_recipient)
    }

    /// Schedules a longer delay; it comes into force by itself after the present one.
    #[access_control(ctx.accounts.validate())]
    pub fn raise_delay(ctx: Context<AdminVault>, delay_seconds: u32) -> Result<()> {
        AdminVault::raise_delay(ctx, delay_seconds)
    }

    /// Names the next admin, who may accept after the delay.
    #[access_control(ctx.accounts.validate())]
    pub fn propose_admin(ctx: Context<ProposeAdmin>, new_admin: Pubkey) -> Result<()> {
        ProposeAdmin::handle(ctx, new_admin)
    }

    /// The proposed admin takes over.
    #[access_control(ctx.accounts.validate())]
    pub fn accept_admin(ctx: Context<AcceptAdmin>) -> Result<()> {
        AcceptAdmin::handle(ctx)
    }
}
