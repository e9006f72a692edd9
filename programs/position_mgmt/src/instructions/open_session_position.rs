use anchor_lang::prelude::*;

use crate::{
    constants::PAUSE_OPEN,
    error::PositionError,
    events::{emit, PositionAfter, PositionOpened, SessionLinked},
    seeds::{CONFIG_ADDRESS, SEED_POSITION},
    state::{has_current_layout, GlobalConfig, MarketStatus, PerpMarket, UserPosition},
};

/// Opens a position of a session wallet. Both wallets sign: neither can name the other against its will. The parent
/// pays the rent, because it is the parent that gets it back.
#[event_cpi]
#[derive(Accounts)]
pub struct OpenSessionPosition<'info> {
    #[account(mut)]
    pub parent_wallet: Signer<'info>,
    /// The session wallet.
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
        payer = parent_wallet,
        space = UserPosition::SPACE,
        seeds = [SEED_POSITION, owner.key().as_ref(), market.key().as_ref()],
        bump
    )]
    pub position: AccountLoader<'info, UserPosition>,
    pub system_program: Program<'info, System>,
}

impl OpenSessionPosition<'_> {
    pub fn validate(&self) -> Result<()> {
        self.config
            .load()?
            .require_open(PAUSE_OPEN, PositionError::OpenPaused)?;
        self.market.load()?.require_status(&[MarketStatus::Active])
    }

    pub fn handle(ctx: Context<OpenSessionPosition>, leverage: u16) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = &ctx.accounts;
        let market_key = accounts.market.key();
        let (opened, linked) = {
            let mut market = accounts.market.load_mut()?;
            let mut position = accounts.position.load_init()?;
            let (bump, now_ts) = (ctx.bumps.position, clock.unix_timestamp);
            let keys = (accounts.owner.key(), market_key);
            position.open(keys, &market, leverage, bump, now_ts)?;
            position.link(accounts.parent_wallet.key());
            market.count_position()?;
            let opened = PositionOpened {
                head: market.next_head(&clock),
                market: market_key,
                after: PositionAfter::of(accounts.position.key(), &position, &market),
                leverage,
            };
            let linked = SessionLinked {
                head: market.next_head(&clock),
                market: market_key,
                position: accounts.position.key(),
                owner: position.owner,
                parent_wallet: position.parent_wallet,
            };
            (opened, linked)
        };
        emit(&opened, &accounts.event_authority)?;
        emit(&linked, &accounts.event_authority)
    }
}
