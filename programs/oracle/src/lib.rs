//! Price feeds: a median of publishers, its confidence, averages and recent range.

use anchor_lang::prelude::*;

pub mod constants;
pub mod error;
pub mod events;
mod guard;
pub mod instructions;
pub mod pyth;
pub mod seeds;
pub mod state;

pub use instructions::*;

declare_id!("DmcJg89j1VAE9q23t1TZwAjfv4hQsVJrdf3V3Mky5Wrh");

#[program]
pub mod oracle {
    use super::*;

    /// Creates the feed of a symbol; only the upgrade authority of this program may.
    #[access_control(ctx.accounts.validate(&args))]
    pub fn create_feed(ctx: Context<CreateFeed>, args: CreateFeedArgs) -> Result<()> {
        CreateFeed::handle(ctx, args)
    }

    /// A publisher says a price, half the width of its confidence interval and when it saw them.
    #[access_control(ctx.accounts.validate(price_e6, confidence_e6))]
    pub fn publish_price(
        ctx: Context<PublishPrice>,
        price_e6: u64,
        confidence_e6: u64,
        publish_ts: i64,
    ) -> Result<()> {
        PublishPrice::handle(ctx, price_e6, confidence_e6, publish_ts)
    }

    /// Schedules other publishers; they come into force by themselves after the delay.
    #[access_control(ctx.accounts.validate())]
    pub fn set_publishers(
        ctx: Context<SetPublishers>,
        publishers: Vec<Pubkey>,
        min_publishers: u8,
    ) -> Result<()> {
        SetPublishers::handle(ctx, publishers, min_publishers)
    }

    /// Schedules other limits; they come into force by themselves after the delay.
    #[access_control(ctx.accounts.validate(&limits))]
    pub fn set_limits(ctx: Context<SetLimits>, limits: FeedLimits) -> Result<()> {
        SetLimits::handle(ctx, limits)
    }

    /// Schedules another fallback; it comes into force by itself after the delay.
    #[access_control(ctx.accounts.validate())]
    pub fn set_fallback(ctx: Context<SetFallback>, fallback: FallbackFeed) -> Result<()> {
        SetFallback::handle(ctx, fallback)
    }

    /// Schedules a longer delay; it comes into force by itself after the present one.
    #[access_control(ctx.accounts.validate())]
    pub fn raise_delay(ctx: Context<RaiseDelay>, delay_seconds: u32) -> Result<()> {
        RaiseDelay::handle(ctx, delay_seconds)
    }

    /// Names the next authority of the feed, who may accept after the delay.
    #[access_control(ctx.accounts.validate())]
    pub fn propose_feed_authority(
        ctx: Context<ProposeFeedAuthority>,
        new_authority: Pubkey,
    ) -> Result<()> {
        ProposeFeedAuthority::handle(ctx, new_authority)
    }

    /// The proposed authority takes over.
    #[access_control(ctx.accounts.validate())]
    pub fn accept_feed_authority(ctx: Context<AcceptFeedAuthority>) -> Result<()> {
        AcceptFeedAuthority::handle(ctx)
    }
}
