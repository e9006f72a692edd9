use anchor_lang::prelude::*;

use crate::{
    constants::PAUSE_OPEN,
    error::PositionError,
    events::{emit, PositionAfter, PositionOpened},
    seeds::{CONFIG_ADDRESS, SEED_POSITION},
    state::{has_current_layout, GlobalConfig, MarketStatus, PerpMarket, UserPosition},
};

#[event_cpi]
#[derive(Accounts)]
pub struct OpenPosition<'info> {
    #[account(mut)]
    pub payer: Signer<'info>,
    pub owner: Signer<'info>,
    #[account(
        address = CONFIG_ADDRESS,
        constraint = has_current_layout(&config) @ PositionError::ConfigLayoutOld
    )]
    pub config: AccountLoader<'info, GlobalConfig>,
    #[account(mut)]
    pub market: AccountLoader<'info, PerpMarket>,
    #[account(
        init,
        payer = payer,
        space = UserPosition::SPACE,
        seeds = [SEED_POSITION, owner.key().as_ref(), market.key().as_ref()],
        bump
    )]
    pub position: AccountLoader<'info, UserPosition>,
    pub system_program: Program<'info, System>,
}

impl OpenPosition<'_> {
    pub fn validate(&self) -> Result<()> {
        self.config
            .load()?
            .require_open(PAUSE_OPEN, PositionError::OpenPaused)?;
        self.market.load()?.require_status(&[MarketStatus::Active])
    }

    pub fn handle(ctx: Context<OpenPosition>, leverage: u16) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = &ctx.accounts;
        let event = {
            let mut market = accounts.market.load_mut()?;
            let mut position = accounts.position.load_init()?;
            let keys = (accounts.owner.key(), accounts.market.key());
            position.open(
                keys,
                &market,
                leverage,
                ctx.bumps.position,
                clock.unix_timestamp,
            )?;
            market.count_position()?;
            PositionOpened {
                head: market.next_head(&clock),
                market: keys.1,
                after: PositionAfter::of(accounts.position.key(), &position, &market),
                leverage,
            }
        };
        emit(&event, &accounts.event_authority)
    }
}
