//! Hourly funding: premium samples, the rate, the cumulative index.

use anchor_lang::prelude::*;

pub mod constants;
pub mod error;
pub mod events;
mod guard;
mod index_price;
pub mod instructions;
pub mod seeds;
pub mod state;

pub use instructions::*;

declare_id!("7pesakUdHrG2Ui7knwwVtjRkRuCtoDUKVQ2S2ZEMFCkd");

#[program]
pub mod funding_rate {
    use super::*;

    /// Creates the funding account of a market; only the configuration's admin may.
    #[access_control(ctx.accounts.validate(max_rate_e9))]
    pub fn create_funding(ctx: Context<CreateFunding>, max_rate_e9: i64) -> Result<()> {
        CreateFunding::handle(ctx, max_rate_e9)
    }

    /// Samples the premium of the mark over the index price; anyone may, every ten seconds.
    #[access_control(ctx.accounts.validate())]
    pub fn sample_premium(ctx: Context<SamplePremium>) -> Result<()> {
        SamplePremium::handle(ctx)
    }

    /// Pays the full hours since the last update; anyone may.
    pub fn update_funding(ctx: Context<UpdateFunding>) -> Result<()> {
        UpdateFunding::handle(ctx)
    }

    /// Schedules another clamp of the rate; it comes into force by itself after the delay.
    #[access_control(ctx.accounts.validate(max_rate_e9))]
    pub fn set_max_rate(ctx: Context<SetMaxRate>, max_rate_e9: i64) -> Result<()> {
        SetMaxRate::handle(ctx, max_rate_e9)
    }

    /// Closes the funding account of a settling market; anyone may.
    #[access_control(ctx.accounts.validate())]
    pub fn close_funding(ctx: Context<CloseFunding>) -> Result<()> {
        CloseFunding::handle(ctx)
    }
}
