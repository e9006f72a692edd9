use anchor_lang::prelude::*;
use position_mgmt::state::{has_current_layout, GlobalConfig};

use crate::{
    constants::{INSTRUCTIONS_SYSVAR, MAX_MAX_RATE_E9},
    error::FundingError,
    events::MaxRateScheduled,
    guard::refuse_durable_nonce,
    state::FundingState,
};

#[event_cpi]
#[derive(Accounts)]
pub struct SetMaxRate<'info> {
    pub admin: Signer<'info>,
    #[account(
        constraint = has_current_layout(&config) @ FundingError::ConfigLayoutOld,
        constraint = config.load()?.admin == admin.key() @ FundingError::NotAdmin
    )]
    pub config: AccountLoader<'info, GlobalConfig>,
    #[account(mut)]
    pub funding: AccountLoader<'info, FundingState>,
    /// CHECK: the instructions sysvar, fixed by its address.
    #[account(address = INSTRUCTIONS_SYSVAR)]
    pub instructions: UncheckedAccount<'info>,
}

impl SetMaxRate<'_> {
    pub fn validate(&self, max_rate_e9: i64) -> Result<()> {
        refuse_durable_nonce(&self.instructions)?;
        require!(
            (1..=MAX_MAX_RATE_E9).contains(&max_rate_e9),
            FundingError::InvalidMaxRate
        );
        Ok(())
    }

    pub fn handle(ctx: Context<SetMaxRate>, max_rate_e9: i64) -> Result<()> {
        let clock = Clock::get()?;
        let now_ts = clock.unix_timestamp;
        let delay_seconds = ctx.accounts.config.load()?.delay_seconds;
        let event = {
            let mut funding = ctx.accounts.funding.load_mut()?;
            let not_before_ts = now_ts.saturating_add(i64::from(delay_seconds));
            funding.schedule_max_rate(max_rate_e9, not_before_ts, now_ts)?;
            funding.invariant(now_ts)?;
            MaxRateScheduled {
                head: funding.next_head(&clock),
                market: funding.market,
                max_rate_e9,
                not_before_ts,
            }
        };
        emit_cpi!(event);
        Ok(())
    }
}
