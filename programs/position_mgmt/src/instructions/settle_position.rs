use anchor_lang::prelude::*;
use gdx_math::money::{close_at, settle_overdraft, touch, Side};
use gdx_units::{Atoms, PriceE6};

use crate::{
    error::{OrProgramError, PositionError},
    events::{emit, PositionAfter, PositionSettled},
    state::{MarketSettlement, PerpMarket, UserPosition},
};

/// One position of a settling market at a time; anyone may, so that nobody's absence holds up the others.
#[event_cpi]
#[derive(Accounts)]
pub struct SettlePosition<'info> {
    #[account(mut)]
    pub market: AccountLoader<'info, PerpMarket>,
    #[account(mut, has_one = market @ PositionError::WrongSettlement)]
    pub settlement: AccountLoader<'info, MarketSettlement>,
    #[account(mut, has_one = market @ PositionError::WrongMarket)]
    pub position: AccountLoader<'info, UserPosition>,
}

impl SettlePosition<'_> {
    pub fn validate(&self) -> Result<()> {
        self.market.load()?.require_settling()?;
        require_neq!(
            self.position.load()?.size,
            0,
            PositionError::NothingToSettle
        );
        Ok(())
    }

    pub fn handle(ctx: Context<SettlePosition>) -> Result<()> {
        let clock = Clock::get()?;
        let event = ctx.accounts.settle(&clock)?;
        emit(&event, &ctx.accounts.event_authority)
    }

    fn settle(&self, clock: &Clock) -> Result<PositionSettled> {
        let mut market = self.market.load_mut()?;
        let mut settlement = self.settlement.load_mut()?;
        let mut position = self.position.load_mut()?;
        let price = PriceE6(settlement.price_e6);
        let mut ledger = market.ledger()?;
        let value_before = ledger.book_value().or_error()?;
        let shortfall_before = ledger.long_shortfall_atoms + ledger.short_shortfall_atoms;
        let mut money = position.money()?;
        let size_e8 = money.size_e8;

        let funding = touch(&mut money, &mut ledger).or_error()?;
        let collateral = money.collateral_atoms;
        let worth = close_at(&mut money, &mut ledger, price).or_error()?;
        let realized = Atoms(money.collateral_atoms - collateral);
        settle_overdraft(&mut money, &mut ledger, Side::of(size_e8)).or_error()?;

        position.count_result(realized, funding)?;
        position.drop_requested_release();
        position.store(&money, &market, price, clock.unix_timestamp)?;
        market.store_settling_ledger(&ledger, value_before, worth)?;
        settlement.count_settled(worth)?;
        settlement.invariant(market.has_size_left())?;
        let shortfall = ledger.long_shortfall_atoms + ledger.short_shortfall_atoms;
        Ok(PositionSettled {
            head: market.next_head(clock),
            market: self.market.key(),
            after: PositionAfter::of(self.position.key(), &position, &market),
            size_e8,
            price_e6: price.0,
            worth_atoms: worth.0,
            shortfall_atoms: shortfall - shortfall_before,
            long_interest_e8: market.total_long_interest,
            short_interest_e8: market.total_short_interest,
            imbalance_atoms: settlement.imbalance_atoms,
        })
    }
}
