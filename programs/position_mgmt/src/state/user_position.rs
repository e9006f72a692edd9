//! One user's position in one market.

use anchor_lang::prelude::*;
use gdx_math::{
    fees::notional_and_value,
    limiter::Outflow,
    margin::{
        covers_initial, entry_price, liquidation_price, maintenance_requirement, touched_equity,
    },
    money::Position,
};
use gdx_units::{difference, sum, Atoms, PriceE6, SizeE8};

use super::PerpMarket;
use crate::{
    constants::{LAYOUT_VERSION, SLIPPAGE_WINDOW_SECONDS},
    error::{OrProgramError, PositionError},
};

/// Address: `["position", user, market]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct UserPosition {
    pub owner: Pubkey,
    /// Wallet behind a session wallet, which all money goes back to; the owner itself when there is none.
    pub parent_wallet: Pubkey,
    pub market: Pubkey,
    /// 1e-8 base units, + long, − short.
    pub size: i64,
    /// `|cost| / |size|`, rounded down; 0 when flat.
    pub entry_price: u64,
    pub collateral: u64,
    /// Price at which equity meets the maintenance requirement, as of the last update; 0 when there is none.
    pub liquidation_price: u64,
    /// Requirement at the mark price of the last update.
    pub maintenance_margin: u64,
    /// Profit and loss realized by fills, since the position exists.
    pub realized_pnl: i64,
    /// Profit and loss of the open size at the mark price of the last update.
    pub unrealized_pnl: i64,
    /// The market's funding index at the last touch.
    pub funding_index: i64,
    /// Funding paid (+) or received (−) since the position exists.
    pub accumulated_funding: i64,
    /// Unix seconds of the last touch.
    pub last_funding_update: i64,
    pub open_timestamp: i64,
    pub last_update_timestamp: i64,
    /// What the open size was bought (+) or sold (−) for, exactly.
    pub cost_atoms: i64,
    /// The loss index of the position's side at the last touch.
    pub loss_index: i64,
    /// Loss against the oracle within the hour before `slippage_ts`, decaying.
    pub slippage_used_atoms: u64,
    /// Collateral asked back; 0 when nothing is.
    pub requested_release_atoms: u64,
    pub requested_release_slot: u64,
    /// Unix seconds.
    pub slippage_ts: u32,
    /// Whole times.
    pub leverage: u16,
    pub layout_version: u8,
    pub bump: u8,
    /// 1 when the parent wallet of a session wallet asked the collateral back.
    pub is_release_by_parent: u8,
    pub reserved: [u8; 7],
}

const _: () = assert!(size_of::<UserPosition>() == 248 && align_of::<UserPosition>() == 8);

impl UserPosition {
    pub const SPACE: usize = 8 + size_of::<Self>();

    /// Opens at the market's current indices, so that closing and opening again gains nothing.
    pub fn open(
        &mut self,
        (owner, market_key): (Pubkey, Pubkey),
        market: &PerpMarket,
        leverage: u16,
        bump: u8,
        now_ts: i64,
    ) -> Result<()> {
        require!(
            (1..=market.max_leverage).contains(&leverage),
            PositionError::BadLeverage
        );
        self.owner = owner;
        self.parent_wallet = owner;
        self.market = market_key;
        self.funding_index = market.funding_index;
        self.leverage = leverage;
        self.open_timestamp = now_ts;
        self.last_update_timestamp = now_ts;
        self.last_funding_update = now_ts;
        self.layout_version = LAYOUT_VERSION;
        self.bump = bump;
        Ok(())
    }

    /// Names the wallet behind a session wallet, right after opening.
    pub fn link(&mut self, parent_wallet: Pubkey) {
        self.parent_wallet = parent_wallet;
    }

    /// Whether a wallet may put collateral in and ask for it back.
    pub fn is_run_by(&self, wallet: &Pubkey) -> bool {
        *wallet == self.parent_wallet || *wallet == self.owner
    }

    /// The money by value; put back with [`Self::store`].
    #[inline(always)]
    pub fn money(&self) -> Result<Position> {
        let collateral = i64::try_from(self.collateral);
        Ok(Position {
            size_e8: self.size,
            cost_atoms: self.cost_atoms,
            collateral_atoms: collateral.map_err(|_| PositionError::MathOverflow)?,
            funding_index: self.funding_index,
            loss_index: self.loss_index,
        })
    }

    /// Takes the money back and brings what follows from it up to date. `NegativeCollateral` (invariant 5).
    #[inline(always)]
    pub fn store(
        &mut self,
        money: &Position,
        market: &PerpMarket,
        mark: PriceE6,
        now_ts: i64,
    ) -> Result<()> {
        let collateral = u64::try_from(money.collateral_atoms);
        self.collateral = collateral.map_err(|_| PositionError::NegativeCollateral)?;
        self.size = money.size_e8;
        self.cost_atoms = money.cost_atoms;
        self.funding_index = money.funding_index;
        self.loss_index = money.loss_index;
        self.last_update_timestamp = now_ts;
        self.last_funding_update = now_ts;
        self.refresh(money, market, mark)
    }

    #[inline(always)]
    fn refresh(&mut self, money: &Position, market: &PerpMarket, mark: PriceE6) -> Result<()> {
        if money.size_e8 == 0 {
            self.entry_price = 0;
            self.liquidation_price = 0;
            self.maintenance_margin = 0;
            self.unrealized_pnl = 0;
            return Ok(());
        }
        let (size, ratio) = (SizeE8(money.size_e8), market.maintenance_ratio());
        let (at_stake, worth) = notional_and_value(size, mark).or_error()?;
        self.entry_price = entry_price(money).0;
        self.liquidation_price = liquidation_price(money, ratio).or_error()?.0;
        self.maintenance_margin = maintenance_requirement(at_stake, ratio)
            .or_error()?
            .0
            .unsigned_abs();
        let unrealized_pnl = difference(worth.0, money.cost_atoms);
        self.unrealized_pnl = unrealized_pnl.ok_or(PositionError::MathOverflow)?;
        Ok(())
    }

    /// Adds to the totals since the position exists.
    #[inline(always)]
    pub fn count_result(&mut self, realized: Atoms, funding: Atoms) -> Result<()> {
        if realized.0 != 0 {
            let realized_pnl = sum(self.realized_pnl, realized.0);
            self.realized_pnl = realized_pnl.ok_or(PositionError::MathOverflow)?;
        }
        if funding.0 != 0 {
            let accumulated = sum(self.accumulated_funding, funding.0);
            self.accumulated_funding = accumulated.ok_or(PositionError::MathOverflow)?;
        }
        Ok(())
    }

    /// Counts a loss against the oracle: at most `max(floor, share of equity)` per hour.
    #[inline(always)]
    pub fn count_slippage(&mut self, lost: Atoms, limit_atoms: u64, now_ts: i64) -> Result<()> {
        let used = Outflow {
            net_atoms: self.slippage_used_atoms,
            updated_ts: i64::from(self.slippage_ts),
        };
        let used = used
            .withdrawn(
                lost.0.unsigned_abs(),
                now_ts,
                SLIPPAGE_WINDOW_SECONDS,
                limit_atoms,
            )
            .or_error()?
            .ok_or(PositionError::PositionSlippageExceeded)?;
        self.slippage_used_atoms = used.net_atoms;
        self.slippage_ts =
            u32::try_from(used.updated_ts).map_err(|_| PositionError::MathOverflow)?;
        Ok(())
    }

    /// Asks collateral back; the last request counts, 0 withdraws it. A session wallet cannot change what its parent
    /// asked for, or a stolen one could put the release off for ever.
    pub fn request_release(&mut self, signer: &Pubkey, amount_atoms: u64, slot: u64) -> Result<()> {
        let is_parent = *signer == self.parent_wallet;
        require!(
            is_parent || self.is_release_by_parent == 0,
            PositionError::ReleaseRequestedByParent
        );
        let is_session = self.parent_wallet != self.owner;
        self.is_release_by_parent = u8::from(is_parent && is_session && amount_atoms != 0);
        self.requested_release_atoms = amount_atoms;
        self.requested_release_slot = slot;
        Ok(())
    }

    /// A market that settles pays everything; nothing is asked back any more.
    pub fn drop_requested_release(&mut self) {
        self.requested_release_atoms = 0;
        self.requested_release_slot = 0;
        self.is_release_by_parent = 0;
    }

    /// The amount of a request that is old enough; the request is used up.
    pub fn take_requested_release(&mut self, slot: u64, delay_slots: u32) -> Result<u64> {
        let amount_atoms = self.requested_release_atoms;
        require_neq!(amount_atoms, 0, PositionError::NoReleaseRequested);
        let due_slot = self
            .requested_release_slot
            .saturating_add(u64::from(delay_slots));
        require_gte!(slot, due_slot, PositionError::ReleaseTooEarly);
        self.drop_requested_release();
        Ok(amount_atoms)
    }

    /// # Errors
    /// `PositionNotEmpty`.
    pub fn require_empty(&self) -> Result<()> {
        require!(
            self.size == 0 && self.collateral == 0,
            PositionError::PositionNotEmpty
        );
        Ok(())
    }
}

/// Whether touched money covers the initial requirement at the worse of two prices: equity less requirement never
/// falls with the price for a long position and never rises with it for a short one.
#[inline(always)]
pub fn require_initial_margin(
    money: &Position,
    market: &PerpMarket,
    leverage: u16,
    [one, other]: [PriceE6; 2],
) -> Result<()> {
    let worse = if money.size_e8 > 0 {
        one.min(other)
    } else {
        one.max(other)
    };
    let is_covered = covers_initial(money, worse, leverage, market.initial_ratio()).or_error()?;
    require!(is_covered, PositionError::InsufficientMargin);
    Ok(())
}

/// What a position may lose to settling within an hour: `max(floor, share of equity)`, and nothing when its equity is
/// gone. A batch that took more than there was would take the rest from insurance and from the other positions.
#[inline(always)]
pub fn slippage_limit_atoms(
    money: &Position,
    price: PriceE6,
    floor_atoms: u64,
    share_bps: u16,
) -> Result<u64> {
    let equity = touched_equity(money, price).or_error()?.0;
    if equity <= 0 {
        return Ok(0);
    }
    let equity = equity.unsigned_abs();
    let share = gdx_math::mul_div(
        equity,
        u64::from(share_bps),
        10_000,
        gdx_math::Rounding::Floor,
    )
    .or_error()?;
    Ok(share.max(floor_atoms))
}
