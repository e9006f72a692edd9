use anchor_lang::prelude::*;
use gdx_math::{
    fees::notional,
    liquidation::{liquidation_fee, liquidation_size, Terms},
    margin::{adds_risk, is_liquidatable, touched_equity},
    money::{charge_insurance, fill, move_fee, settle_overdraft, touch, Ledger, Position, Side},
    mul_div_signed,
    oracle::Action,
    Rounding,
};
use gdx_units::{Atoms, Ppm, PriceE6, SizeE8, BPS_SCALE};
use oracle::state::PriceFeed;

use crate::{
    constants::PAUSE_LIQUIDATE,
    error::{OrProgramError, PositionError},
    events::{emit, PositionAfter, PositionLiquidated},
    seeds::CONFIG_ADDRESS,
    state::{
        has_current_layout, require_initial_margin, GlobalConfig, MarketStatus, PerpMarket,
        UserPosition,
    },
};

/// The liquidator's own position takes the size over at the oracle price and earns the fee.
#[event_cpi]
#[derive(Accounts)]
pub struct Liquidate<'info> {
    /// Parent wallet of the liquidator's position, which is its owner where there is no session: taking a size over
    /// puts the parent's money at risk.
    pub liquidator: Signer<'info>,
    #[account(
        address = CONFIG_ADDRESS,
        constraint = has_current_layout(&config) @ PositionError::ConfigLayoutOld
    )]
    pub config: AccountLoader<'info, GlobalConfig>,
    #[account(mut, constraint = market.load()?.price_oracle == price_feed.key() @ PositionError::WrongPriceFeed)]
    pub market: AccountLoader<'info, PerpMarket>,
    pub price_feed: AccountLoader<'info, PriceFeed>,
    /// CHECK: the oracle program checks it against the feed; stands in when too few publishers are alive.
    pub fallback_feed: Option<UncheckedAccount<'info>>,
    #[account(mut, has_one = market @ PositionError::WrongMarket)]
    pub position: AccountLoader<'info, UserPosition>,
    #[account(
        mut,
        has_one = market @ PositionError::WrongMarket,
        constraint = liquidator_position.load()?.parent_wallet == liquidator.key() @ PositionError::WrongOwner,
        constraint = liquidator_position.key() != position.key() @ PositionError::SelfLiquidation
    )]
    pub liquidator_position: AccountLoader<'info, UserPosition>,
}

/// What a liquidation moved.
struct Moved {
    size_e8: i64,
    worth: Atoms,
    liquidator_fee: Atoms,
    insurance_fee: Atoms,
    realized: [Atoms; 2],
}

impl Liquidate<'_> {
    pub fn validate(&self, size_e8: u64) -> Result<()> {
        require_neq!(size_e8, 0, PositionError::AmountIsZero);
        let config = self.config.load()?;
        config.require_open(PAUSE_LIQUIDATE, PositionError::LiquidationPaused)?;
        self.market
            .load()?
            .require_status(&[MarketStatus::Active, MarketStatus::ReduceOnly])
    }

    /// Takes over `size_e8`, or as much as the rules let a liquidator take if that is less.
    pub fn handle(ctx: Context<Liquidate>, size_e8: u64) -> Result<()> {
        let clock = Clock::get()?;
        let price = ctx.accounts.price(&clock)?;
        let event = ctx.accounts.liquidate(size_e8, price, &clock)?;
        emit(&event, &ctx.accounts.event_authority)
    }

    fn price(&self, clock: &Clock) -> Result<PriceE6> {
        let feed = self.price_feed.load()?;
        let fallback = self.fallback_feed.as_ref().map(|account| account.as_ref());
        let reading = feed.reading_with_fallback(clock.unix_timestamp, fallback)?;
        require!(
            Action::Liquidate.is_allowed(reading.validity),
            PositionError::OracleNotUsable
        );
        Ok(PriceE6(reading.price_e6))
    }

    #[inline(never)]
    fn liquidate(&self, size_e8: u64, price: PriceE6, clock: &Clock) -> Result<PositionLiquidated> {
        let share_bps = self.config.load()?.insurance_share_bps;
        let mut market = self.market.load_mut()?;
        let mut ledger = market.ledger()?;
        let value_before = ledger.book_value().or_error()?;
        let shortfall_before = ledger.long_shortfall_atoms + ledger.short_shortfall_atoms;
        let mut position = self.position.load_mut()?;
        let mut taker = self.liquidator_position.load_mut()?;
        let (mut money, mut taker_money) = (position.money()?, taker.money()?);
        let funding = touch(&mut money, &mut ledger).or_error()?;
        let taker_funding = touch(&mut taker_money, &mut ledger).or_error()?;
        let taker_before = SizeE8(taker_money.size_e8);
        let taken = size_to_take(&money, &ledger, &market, price, size_e8)?;

        let moved = move_size(
            &mut money,
            &mut taker_money,
            &mut ledger,
            &market,
            price,
            taken,
            share_bps,
        )?;
        settle_overdraft(&mut money, &mut ledger, Side::of(taken)).or_error()?;
        settle_overdraft(&mut taker_money, &mut ledger, Side::of(taker_before.0)).or_error()?;
        check_liquidator(&taker_money, taker_before, taker.leverage, &market, price)?;

        let (mark, now_ts) = (market.mark_or(price), clock.unix_timestamp);
        position.count_result(moved.realized[0], funding)?;
        position.store(&money, &market, mark, now_ts)?;
        taker.count_result(moved.realized[1], taker_funding)?;
        taker.store(&taker_money, &market, mark, now_ts)?;
        market.store_unmoved_ledger(&ledger, value_before)?;
        let shortfall = ledger.long_shortfall_atoms + ledger.short_shortfall_atoms;
        Ok(PositionLiquidated {
            head: market.next_head(clock),
            market: self.market.key(),
            liquidatee: PositionAfter::of(self.position.key(), &position, &market),
            liquidator: PositionAfter::of(self.liquidator_position.key(), &taker, &market),
            size_e8: moved.size_e8,
            price_e6: price.0,
            notional_atoms: moved.worth.0,
            liquidator_fee_atoms: moved.liquidator_fee.0,
            insurance_fee_atoms: moved.insurance_fee.0,
            shortfall_atoms: shortfall - shortfall_before,
        })
    }
}

/// The part of the position that changes hands, with its sign.
fn size_to_take(
    money: &Position,
    ledger: &Ledger,
    market: &PerpMarket,
    price: PriceE6,
    wanted_e8: u64,
) -> Result<i64> {
    let is_due = is_liquidatable(money, ledger, price, market.maintenance_ratio()).or_error()?;
    require!(is_due, PositionError::PositionHealthy);
    let terms = Terms {
        initial_ratio: market.initial_ratio(),
        fee: Ppm(i32::from(market.liquidation_fee_ppm)),
        min_size: SizeE8(market.min_position_size_e8 as i64),
    };
    let most = liquidation_size(money, ledger, price, terms).or_error()?;
    let taken = i64::try_from(wanted_e8).unwrap_or(i64::MAX).min(most.0);
    require_gt!(taken, 0, PositionError::PositionHealthy);
    Ok(if money.size_e8 > 0 { taken } else { -taken })
}

/// Closes `taken` of the liquidatee at the oracle price, opens it for the liquidator, and charges the fee.
fn move_size(
    money: &mut Position,
    taker: &mut Position,
    ledger: &mut Ledger,
    market: &PerpMarket,
    price: PriceE6,
    taken: i64,
    insurance_share_bps: u16,
) -> Result<Moved> {
    let worth = notional(price, SizeE8(taken)).or_error()?;
    let quote = Atoms(if taken > 0 { worth.0 } else { -worth.0 });
    let realized = fill(money, ledger, SizeE8(-taken), Atoms(-quote.0)).or_error()?;
    let taker_realized = fill(taker, ledger, SizeE8(taken), quote).or_error()?;
    let rate = Ppm(i32::from(market.liquidation_fee_ppm));
    let equity = touched_equity(money, price).or_error()?;
    let fee = liquidation_fee(worth, rate, Atoms(money.collateral_atoms), equity).or_error()?;
    let share = u64::from(insurance_share_bps);
    let insurance_fee = Atoms(mul_div_signed(fee.0, share, BPS_SCALE, Rounding::Ceil).or_error()?);
    let liquidator_fee = Atoms(fee.0 - insurance_fee.0);
    charge_insurance(money, ledger, insurance_fee).or_error()?;
    move_fee(money, taker, liquidator_fee).or_error()?;
    Ok(Moved {
        size_e8: taken,
        worth,
        liquidator_fee,
        insurance_fee,
        realized: [realized, taker_realized],
    })
}

/// A liquidator that ends with more risk must be able to carry it.
fn check_liquidator(
    money: &Position,
    before: SizeE8,
    leverage: u16,
    market: &PerpMarket,
    price: PriceE6,
) -> Result<()> {
    let after = SizeE8(money.size_e8);
    if !adds_risk(before, after) {
        return Ok(());
    }
    require!(
        after.magnitude() <= market.max_position_size_e8,
        PositionError::PositionTooLarge
    );
    require_initial_margin(money, market, leverage, [market.mark_or(price), price])
}
