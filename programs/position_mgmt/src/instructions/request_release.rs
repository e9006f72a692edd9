use anchor_lang::prelude::*;
use gdx_math::{
    money::{move_collateral, settle_overdraft, touch},
    oracle::Action,
};
use gdx_units::{Atoms, PriceE6};
use oracle::state::PriceFeed;

use crate::{
    error::{OrProgramError, PositionError},
    events::{emit, PositionAfter, ReleaseRequested},
    seeds::CONFIG_ADDRESS,
    settlement::usable_price,
    state::{
        has_current_layout, require_initial_margin, GlobalConfig, MarketStatus, PerpMarket,
        UserPosition,
    },
};

/// First step of taking collateral out; the matcher reserves the amount as soon as it sees the request.
#[event_cpi]
#[derive(Accounts)]
pub struct RequestRelease<'info> {
    /// The position's owner or its parent wallet.
    pub owner: Signer<'info>,
    #[account(
        address = CONFIG_ADDRESS,
        constraint = has_current_layout(&config) @ PositionError::ConfigLayoutOld
    )]
    pub config: AccountLoader<'info, GlobalConfig>,
    #[account(mut, constraint = market.load()?.price_oracle == price_feed.key() @ PositionError::WrongPriceFeed)]
    pub market: AccountLoader<'info, PerpMarket>,
    #[account(
        mut,
        has_one = market @ PositionError::WrongMarket,
        constraint = position.load()?.is_run_by(owner.key) @ PositionError::WrongOwner
    )]
    pub position: AccountLoader<'info, UserPosition>,
    pub price_feed: AccountLoader<'info, PriceFeed>,
}

impl RequestRelease<'_> {
    pub fn validate(&self) -> Result<()> {
        let now_ts = Clock::get()?.unix_timestamp;
        self.config.load()?.require_releases_open(now_ts)?;
        self.market.load()?.require_status(&[
            MarketStatus::Active,
            MarketStatus::ReduceOnly,
            MarketStatus::Halted,
        ])
    }

    /// An amount of 0 withdraws the request.
    pub fn handle(ctx: Context<RequestRelease>, amount_atoms: u64) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = &ctx.accounts;
        let event = {
            let mut market = accounts.market.load_mut()?;
            let mut position = accounts.position.load_mut()?;
            let mut ledger = market.ledger()?;
            let value_before = ledger.book_value().or_error()?;
            let mut money = position.money()?;
            let funding = touch(&mut money, &mut ledger).or_error()?;
            settle_overdraft(&mut money, &mut ledger, None).or_error()?;
            let index = accounts.check_release(&money, &position, &market, amount_atoms, &clock)?;
            position.count_result(Atoms::ZERO, funding)?;
            position.store(&money, &market, market.mark_or(index), clock.unix_timestamp)?;
            position.request_release(accounts.owner.key, amount_atoms, clock.slot)?;
            market.store_unmoved_ledger(&ledger, value_before)?;
            let delay_slots = u64::from(accounts.config.load()?.release_delay_slots);
            ReleaseRequested {
                head: market.next_head(&clock),
                market: accounts.market.key(),
                amount_atoms,
                executable_from_slot: clock.slot.saturating_add(delay_slots),
                after: PositionAfter::of(accounts.position.key(), &position, &market),
            }
        };
        emit(&event, &accounts.event_authority)
    }

    /// The amount is there, and what stays covers the initial requirement. Returns the index price.
    fn check_release(
        &self,
        money: &gdx_math::money::Position,
        position: &UserPosition,
        market: &PerpMarket,
        amount_atoms: u64,
        clock: &Clock,
    ) -> Result<PriceE6> {
        let amount =
            i64::try_from(amount_atoms).map_err(|_| PositionError::AmountAboveCollateral)?;
        require_gte!(
            money.collateral_atoms,
            amount,
            PositionError::AmountAboveCollateral
        );
        let feed = self.price_feed.load()?;
        if money.size_e8 == 0 || amount == 0 {
            return Ok(PriceE6(feed.price_e6()));
        }
        let index = usable_price(&feed, Action::ReleaseCollateral, clock)?;
        let (mut rest, mut scratch) = (*money, market.ledger()?);
        move_collateral(&mut rest, &mut scratch, Atoms(-amount)).or_error()?;
        let prices = [market.mark_or(index), index];
        require_initial_margin(&rest, market, position.leverage, prices)?;
        Ok(index)
    }
}
