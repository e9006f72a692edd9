//! Markets, positions, settlement of matched trades, liquidation.

use anchor_lang::prelude::*;

mod bounded;
pub mod constants;
pub mod error;
pub mod events;
mod guard;
pub mod instructions;
pub mod seeds;
mod settlement;
pub mod state;

pub use instructions::*;
pub use state::{ConfigLimits, CreateConfigArgs, MarketParams};

/// What `Vec` means in the signatures below, and so in the instructions' data.
pub use bounded::BoundedVec as Vec;

declare_id!("8GnFDsGV4ehaimoscP8BBBFGm6suEdKNRPdLvHpo8Yun");

#[program]
pub mod position_mgmt {
    use super::*;

    /// Creates the configuration; only the upgrade authority of this program may.
    #[access_control(ctx.accounts.validate(&args))]
    pub fn create_config(ctx: Context<CreateConfig>, args: CreateConfigArgs) -> Result<()> {
        CreateConfig::handle(ctx, args)
    }

    /// Names a change that touches money by its hash; it may be executed after the delay.
    #[access_control(ctx.accounts.validate())]
    pub fn propose_change(ctx: Context<AdminConfig>, change_hash: [u8; 32]) -> Result<()> {
        AdminConfig::propose_change(ctx, change_hash)
    }

    /// Names the next admin, who may accept after the delay.
    #[access_control(ctx.accounts.validate())]
    pub fn propose_admin(ctx: Context<AdminConfig>, new_admin: Pubkey) -> Result<()> {
        AdminConfig::propose_admin(ctx, new_admin)
    }

    /// The proposed admin takes over.
    #[access_control(ctx.accounts.validate())]
    pub fn accept_admin(ctx: Context<AcceptAdmin>) -> Result<()> {
        AcceptAdmin::handle(ctx)
    }

    /// Sets the fewest trades of a batch that is no flush.
    #[access_control(ctx.accounts.validate())]
    pub fn set_min_batch_size(ctx: Context<AdminConfig>, min_batch_size: u32) -> Result<()> {
        AdminConfig::set_min_batch_size(ctx, min_batch_size)
    }

    /// Sets the batch versions accepted: the guardian narrows, the admin re-allows, a new one needs the delay.
    #[access_control(ctx.accounts.validate())]
    pub fn set_allowed_versions(ctx: Context<GuardConfig>, versions: u8) -> Result<()> {
        GuardConfig::set_allowed_versions(ctx, versions)
    }

    /// Sets the pause bits: the admin any, the guardian only further ones.
    #[access_control(ctx.accounts.validate())]
    pub fn set_pause_bits(ctx: Context<GuardConfig>, pause_bits: u32) -> Result<()> {
        GuardConfig::set_pause_bits(ctx, pause_bits)
    }

    /// Lets a relayer take over when the active one is silent; needs the delay.
    #[access_control(ctx.accounts.validate())]
    pub fn approve_relayer(ctx: Context<AdminConfig>, relayer: Pubkey) -> Result<()> {
        AdminConfig::approve_relayer(ctx, relayer)
    }

    /// Takes the approval back; not of the active relayer.
    #[access_control(ctx.accounts.validate())]
    pub fn revoke_relayer(ctx: Context<GuardConfig>, relayer: Pubkey) -> Result<()> {
        GuardConfig::revoke_relayer(ctx, relayer)
    }

    /// Makes an approved relayer the active one and raises the epoch: the guardian at once, the admin after the delay.
    #[access_control(ctx.accounts.validate())]
    pub fn set_active_relayer(ctx: Context<GuardConfig>, relayer: Pubkey) -> Result<()> {
        GuardConfig::set_active_relayer(ctx, relayer)
    }

    /// Lets one market try a batch version for its next `batches` sequences; 0 ends the canary.
    #[access_control(ctx.accounts.validate())]
    pub fn set_canary(ctx: Context<SetCanary>, version: u8, batches: u32) -> Result<()> {
        SetCanary::handle(ctx, version, batches)
    }

    /// Names another guardian; needs the delay.
    #[access_control(ctx.accounts.validate())]
    pub fn set_guardian(ctx: Context<AdminConfig>, guardian: Pubkey) -> Result<()> {
        AdminConfig::set_guardian(ctx, guardian)
    }

    /// Sets the figures common to all markets; needs the delay.
    #[access_control(ctx.accounts.validate())]
    pub fn set_config_limits(ctx: Context<AdminConfig>, limits: ConfigLimits) -> Result<()> {
        AdminConfig::set_config_limits(ctx, limits)
    }

    /// Makes the delay longer; needs the present one.
    #[access_control(ctx.accounts.validate())]
    pub fn raise_delay(ctx: Context<AdminConfig>, delay_seconds: u32) -> Result<()> {
        AdminConfig::raise_delay(ctx, delay_seconds)
    }

    /// Grows a configuration of layout 1; anyone may pay for it.
    #[access_control(ctx.accounts.validate())]
    pub fn migrate_config(ctx: Context<MigrateConfig>) -> Result<()> {
        MigrateConfig::handle(ctx)
    }

    /// The active relayer's sign of life.
    pub fn beat(ctx: Context<Beat>) -> Result<()> {
        Beat::handle(ctx)
    }

    /// An approved relayer replaces a silent one.
    pub fn take_over(ctx: Context<TakeOver>) -> Result<()> {
        TakeOver::handle(ctx)
    }

    /// Creates a market and its pool in the vault; needs the delay.
    #[access_control(ctx.accounts.validate(&args))]
    pub fn create_market(ctx: Context<CreateMarket>, args: CreateMarketArgs) -> Result<()> {
        CreateMarket::handle(ctx, args)
    }

    /// Makes a market active (0), reduce-only (1) or halted (2); needs the delay.
    #[access_control(ctx.accounts.validate(status))]
    pub fn set_market_status(ctx: Context<SetMarketStatus>, status: u8) -> Result<()> {
        SetMarketStatus::handle(ctx, status)
    }

    /// Sets a market's margin, fees and limits; needs the delay.
    #[access_control(ctx.accounts.validate(&params))]
    pub fn set_market_limits(ctx: Context<SetMarketLimits>, params: MarketParams) -> Result<()> {
        SetMarketLimits::handle(ctx, params)
    }

    /// Moves a market's funding index; only the funding program's address of the market may.
    #[access_control(ctx.accounts.validate())]
    pub fn set_funding(
        ctx: Context<SetFunding>,
        funding_index: i64,
        funding_rate_e9: i64,
    ) -> Result<()> {
        SetFunding::handle(ctx, funding_index, funding_rate_e9)
    }

    /// Opens an empty position of a session wallet, whose money goes to the parent wallet only.
    #[access_control(ctx.accounts.validate())]
    pub fn open_session_position(ctx: Context<OpenSessionPosition>, leverage: u16) -> Result<()> {
        OpenSessionPosition::handle(ctx, leverage)
    }

    /// Opens an empty position with the leverage its owner wants at most.
    #[access_control(ctx.accounts.validate())]
    pub fn open_position(ctx: Context<OpenPosition>, leverage: u16) -> Result<()> {
        OpenPosition::handle(ctx, leverage)
    }

    /// Closes an empty position's account; the parent wallet signs, which is the owner where there is no session.
    #[access_control(ctx.accounts.validate())]
    pub fn close_position(ctx: Context<ClosePosition>) -> Result<()> {
        ClosePosition::handle(ctx)
    }

    /// Locks free collateral under a position.
    #[access_control(ctx.accounts.validate(amount_atoms))]
    pub fn add_collateral(ctx: Context<AddCollateral>, amount_atoms: u64) -> Result<()> {
        AddCollateral::handle(ctx, amount_atoms)
    }

    /// Asks collateral back; 0 withdraws the request.
    #[access_control(ctx.accounts.validate())]
    pub fn request_release(ctx: Context<RequestRelease>, amount_atoms: u64) -> Result<()> {
        RequestRelease::handle(ctx, amount_atoms)
    }

    /// Pays a request that is old enough to the parent wallet's free collateral.
    #[access_control(ctx.accounts.validate())]
    pub fn execute_release(ctx: Context<ExecuteRelease>) -> Result<()> {
        ExecuteRelease::handle(ctx)
    }

    /// Settles one batch of matched trades; the format is told by its first byte.
    #[access_control(ctx.accounts.validate(&data))]
    pub fn settle_batch<'info>(
        ctx: Context<'info, SettleBatch<'info>>,
        data: Vec<u8>,
    ) -> Result<()> {
        SettleBatch::handle(ctx, &data)
    }

    /// Removes an old batch's record; the rent goes back to its relayer.
    pub fn prune_batch(ctx: Context<PruneBatch>) -> Result<()> {
        PruneBatch::handle(ctx)
    }

    /// Takes over an unhealthy position's size, or a part of it, at the oracle price.
    #[access_control(ctx.accounts.validate(size_e8))]
    pub fn liquidate(ctx: Context<Liquidate>, size_e8: u64) -> Result<()> {
        Liquidate::handle(ctx, size_e8)
    }

    /// Covers what bankrupt positions of one side left.
    #[access_control(ctx.accounts.validate())]
    pub fn resolve_bankruptcy(
        ctx: Context<ResolveBankruptcy>,
        is_short_bankrupt: bool,
    ) -> Result<()> {
        ResolveBankruptcy::handle(ctx, is_short_bankrupt)
    }

    /// Moves what a market earned out of its pool.
    #[access_control(ctx.accounts.validate())]
    pub fn sweep_fees(ctx: Context<SweepFees>) -> Result<()> {
        SweepFees::handle(ctx)
    }

    /// Starts closing a market for good, at the oracle's average: the admin after the delay (0), anyone after a day
    /// without a batch (1), with a loss that nobody can carry (2) or an index nearly used up (3).
    #[access_control(ctx.accounts.validate())]
    pub fn start_settling(ctx: Context<StartSettling>, reason: u8) -> Result<()> {
        StartSettling::handle(ctx, reason)
    }

    /// Closes a position's whole size at the settling market's price.
    #[access_control(ctx.accounts.validate())]
    pub fn settle_position(ctx: Context<SettlePosition>) -> Result<()> {
        SettlePosition::handle(ctx)
    }

    /// Pays a position of a settling market out to its owner's free collateral and closes it.
    #[access_control(ctx.accounts.validate())]
    pub fn pay_position(ctx: Context<PayPosition>) -> Result<()> {
        PayPosition::handle(ctx)
    }

    /// Closes a settled market that has no positions left, with everything that belongs to it.
    #[access_control(ctx.accounts.validate())]
    pub fn close_market(ctx: Context<CloseMarket>) -> Result<()> {
        CloseMarket::handle(ctx)
    }
}
