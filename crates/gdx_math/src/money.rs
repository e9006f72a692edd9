//! The money rules of a position. Each changes a [`Position`] and the market's [`Ledger`] together, so that
//! [`Ledger::book_value`] moves only with the pool's tokens. Every rounding goes against the party that benefits.
//!
//! One instruction runs [`touch`], then fills and fees, then [`settle_overdraft`] for each position it changed.

use gdx_units::{Atoms, SizeE8, INDEX_SCALE};

use crate::band::OpeningBand;
use crate::integer::{fits, mul_div, mul_div_signed, with_sign, MathError, Result, Rounding};

/// Which way a position points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Gains when the price rises.
    Long,
    /// Gains when the price falls.
    Short,
}

impl Side {
    /// The side of a size; `None` when flat.
    #[inline]
    pub const fn of(size_e8: i64) -> Option<Self> {
        match size_e8 {
            0 => None,
            1.. => Some(Self::Long),
            _ => Some(Self::Short),
        }
    }

    /// The other side.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Long => Self::Short,
            Self::Short => Self::Long,
        }
    }
}

/// The money of one position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// + long, − short.
    pub size_e8: i64,
    /// What the open size was bought (+) or sold (−) for.
    pub cost_atoms: i64,
    /// Collateral; negative only between the steps of an instruction.
    pub collateral_atoms: i64,
    /// The market's funding index at the last touch.
    pub funding_index: i64,
    /// The loss index of the position's side at the last touch.
    pub loss_index: i64,
}

/// The money counters and indices of one market.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Cumulative funding, 1e-4 atom per whole base unit, + = longs paid.
    pub funding_index: i64,
    /// Cumulative socialized loss of longs, same unit, never falls.
    pub long_loss_index: i64,
    /// Cumulative socialized loss of shorts.
    pub short_loss_index: i64,
    /// Σ size of the longs.
    pub long_interest_e8: i64,
    /// Σ |size| of the shorts.
    pub short_interest_e8: i64,
    /// Σ collateral.
    pub collateral_sum_atoms: i64,
    /// Σ cost.
    pub cost_sum_atoms: i64,
    /// Fees earned and not yet swept.
    pub accrued_fees_atoms: i64,
    /// Insurance's share of liquidation fees, not yet moved to the pool's insurance.
    pub accrued_insurance_atoms: i64,
    /// Funding paid and not yet received.
    pub funding_pool_atoms: i64,
    /// Socialized loss not yet collected.
    pub outstanding_loss_atoms: i64,
    /// Left behind by bankrupt longs.
    pub long_shortfall_atoms: i64,
    /// Left behind by bankrupt shorts.
    pub short_shortfall_atoms: i64,
}

impl Ledger {
    /// The loss index that `side` pays.
    #[inline]
    pub const fn loss_index(&self, side: Side) -> i64 {
        match side {
            Side::Long => self.long_loss_index,
            Side::Short => self.short_loss_index,
        }
    }

    /// `ΣC − Σcost + accrued + funding_pool − loss_out − shortfall`: what the market's pool must hold.
    pub fn book_value(&self) -> Result<Atoms> {
        let value = self
            .collateral_sum_atoms
            .checked_sub(self.cost_sum_atoms)
            .and_then(|sum| sum.checked_add(self.accrued_fees_atoms))
            .and_then(|sum| sum.checked_add(self.accrued_insurance_atoms))
            .and_then(|sum| sum.checked_add(self.funding_pool_atoms))
            .and_then(|sum| sum.checked_sub(self.outstanding_loss_atoms))
            .and_then(|sum| sum.checked_sub(self.long_shortfall_atoms))
            .and_then(|sum| sum.checked_sub(self.short_shortfall_atoms));
        fits(value).map(Atoms)
    }

    /// What bankrupt positions of `side` left uncovered.
    pub const fn shortfall(&self, side: Side) -> Atoms {
        match side {
            Side::Long => Atoms(self.long_shortfall_atoms),
            Side::Short => Atoms(self.short_shortfall_atoms),
        }
    }

    fn shortfall_mut(&mut self, side: Side) -> &mut i64 {
        match side {
            Side::Long => &mut self.long_shortfall_atoms,
            Side::Short => &mut self.short_shortfall_atoms,
        }
    }

    /// Both sides of the market are equally large.
    pub const fn is_balanced(&self) -> bool {
        self.long_interest_e8 == self.short_interest_e8
    }

    #[inline]
    fn move_interest(&mut self, before_e8: i64, after_e8: i64) -> Result<()> {
        add(
            &mut self.long_interest_e8,
            after_e8.max(0) - before_e8.max(0),
        )?;
        add(
            &mut self.short_interest_e8,
            before_e8.min(0) - after_e8.min(0),
        )
    }
}

#[inline]
fn add(sum: &mut i64, amount: i64) -> Result<()> {
    *sum = fits(sum.checked_add(amount))?;
    Ok(())
}

#[inline]
fn credit(position: &mut Position, ledger: &mut Ledger, amount: i64) -> Result<()> {
    add(&mut position.collateral_atoms, amount)?;
    add(&mut ledger.collateral_sum_atoms, amount)
}

/// `ceil(size · (I − i) / 1e12)`: what the next touch takes (+) or gives (−).
#[inline]
pub fn unpaid_funding(position: &Position, ledger: &Ledger) -> Result<Atoms> {
    if position.funding_index == ledger.funding_index || position.size_e8 == 0 {
        return Ok(Atoms::ZERO);
    }
    let moved = fits(ledger.funding_index.checked_sub(position.funding_index))?;
    let is_negative = (moved < 0) != (position.size_e8 < 0);
    let (size, moved) = (position.size_e8.unsigned_abs(), moved.unsigned_abs());
    let rounding = if is_negative {
        Rounding::Floor
    } else {
        Rounding::Ceil
    };
    with_sign(mul_div(size, moved, INDEX_SCALE, rounding)?, is_negative).map(Atoms)
}

/// `ceil(|size| · (L_side − ℓ) / 1e12)`: the position's share of socialized losses, never negative.
#[inline]
pub fn unpaid_loss(position: &Position, ledger: &Ledger) -> Result<Atoms> {
    let Some(side) = Side::of(position.size_e8) else {
        return Ok(Atoms::ZERO);
    };
    let moved = fits(ledger.loss_index(side).checked_sub(position.loss_index))?;
    if moved == 0 {
        return Ok(Atoms::ZERO);
    }
    mul_div_signed(
        moved,
        position.size_e8.unsigned_abs(),
        INDEX_SCALE,
        Rounding::Ceil,
    )
    .map(Atoms)
}

/// Rule 1: pay funding and losses up to the market's indices and take both snapshots. Returns the funding paid.
#[inline]
pub fn touch(position: &mut Position, ledger: &mut Ledger) -> Result<Atoms> {
    let side_index =
        Side::of(position.size_e8).map_or(position.loss_index, |side| ledger.loss_index(side));
    if position.funding_index == ledger.funding_index && position.loss_index == side_index {
        return Ok(Atoms::ZERO);
    }
    let funding = unpaid_funding(position, ledger)?;
    let loss = unpaid_loss(position, ledger)?;
    if funding.0 != 0 || loss.0 != 0 {
        credit(
            position,
            ledger,
            fits(
                0i64.checked_sub(funding.0)
                    .and_then(|sum| sum.checked_sub(loss.0)),
            )?,
        )?;
        add(&mut ledger.funding_pool_atoms, funding.0)?;
        add(&mut ledger.outstanding_loss_atoms, -loss.0)?;
    }
    position.funding_index = ledger.funding_index;
    position.loss_index = side_index;
    Ok(funding)
}

/// Rule 2: one fill of a touched position; `quote_delta` is + notional for the buyer, − for the seller. Returns
/// the profit or loss that the closed part realized.
#[inline]
pub fn fill(
    position: &mut Position,
    ledger: &mut Ledger,
    size_delta: SizeE8,
    quote_delta: Atoms,
) -> Result<Atoms> {
    let (size, delta) = (position.size_e8, size_delta.0);
    if delta == 0 {
        return if quote_delta.0 == 0 {
            Ok(Atoms::ZERO)
        } else {
            Err(MathError::QuoteWithoutSize)
        };
    }
    if size == 0 || (size > 0) == (delta > 0) {
        increase(position, ledger, delta, quote_delta.0)?;
        return Ok(Atoms::ZERO);
    }
    if delta.unsigned_abs() <= size.unsigned_abs() {
        return reduce(position, ledger, delta, quote_delta.0).map(Atoms);
    }
    let closing = mul_div_signed(
        quote_delta.0,
        size.unsigned_abs(),
        delta.unsigned_abs(),
        Rounding::Ceil,
    )?;
    let realized = reduce(position, ledger, fits(size.checked_neg())?, closing)?;
    increase(
        position,
        ledger,
        fits(delta.checked_add(size))?,
        fits(quote_delta.0.checked_sub(closing))?,
    )?;
    Ok(Atoms(realized))
}

#[inline]
fn increase(
    position: &mut Position,
    ledger: &mut Ledger,
    delta_e8: i64,
    quote_atoms: i64,
) -> Result<()> {
    let before = position.size_e8;
    add(&mut position.size_e8, delta_e8)?;
    add(&mut position.cost_atoms, quote_atoms)?;
    add(&mut ledger.cost_sum_atoms, quote_atoms)?;
    if let (0, Some(side)) = (before, Side::of(position.size_e8)) {
        position.loss_index = ledger.loss_index(side);
    }
    ledger.move_interest(before, position.size_e8)
}

#[inline]
fn reduce(
    position: &mut Position,
    ledger: &mut Ledger,
    delta_e8: i64,
    quote_atoms: i64,
) -> Result<i64> {
    let before = position.size_e8;
    let removed = if delta_e8 == -before {
        position.cost_atoms
    } else {
        mul_div_signed(
            position.cost_atoms,
            delta_e8.unsigned_abs(),
            before.unsigned_abs(),
            Rounding::Ceil,
        )?
    };
    let realized = fits(
        quote_atoms
            .checked_neg()
            .and_then(|received| received.checked_sub(removed)),
    )?;
    add(&mut position.size_e8, delta_e8)?;
    add(&mut position.cost_atoms, -removed)?;
    add(&mut ledger.cost_sum_atoms, -removed)?;
    credit(position, ledger, realized)?;
    ledger.move_interest(before, position.size_e8)?;
    Ok(realized)
}

/// Rule 3: the net of several fills. What it paid beyond the band around the reference price is realized at
/// once, the rest is a fill. Returns the profit or loss realized.
#[inline]
pub fn net_fill(
    position: &mut Position,
    ledger: &mut Ledger,
    size_delta: SizeE8,
    quote_delta: Atoms,
    band: OpeningBand,
) -> Result<Atoms> {
    let opened = band.opened_quote(size_delta, quote_delta)?;
    let beyond = fits(opened.checked_sub(quote_delta))?;
    if beyond.0 != 0 {
        credit(position, ledger, beyond.0)?;
    }
    let realized = fill(position, ledger, size_delta, opened)?;
    fits(realized.checked_add(beyond))
}

/// Rule 4: `C −= fee; accrued += fee`; a negative fee is a maker's rebate.
#[inline]
pub fn charge_fee(position: &mut Position, ledger: &mut Ledger, fee: Atoms) -> Result<()> {
    credit(position, ledger, fits(fee.0.checked_neg())?)?;
    add(&mut ledger.accrued_fees_atoms, fee.0)
}

/// A fee for the market's insurance: `C −= fee; accrued insurance += fee`.
pub fn charge_insurance(position: &mut Position, ledger: &mut Ledger, fee: Atoms) -> Result<()> {
    credit(position, ledger, fits(fee.0.checked_neg())?)?;
    add(&mut ledger.accrued_insurance_atoms, fee.0)
}

/// A fee from one position to another of the same market; the sums do not change.
pub fn move_fee(payer: &mut Position, receiver: &mut Position, fee: Atoms) -> Result<()> {
    add(&mut payer.collateral_atoms, fits(fee.0.checked_neg())?)?;
    add(&mut receiver.collateral_atoms, fee.0)
}

/// Rules 5 and 6: negative collateral moves into the cost of a position that is still open, and becomes a
/// shortfall of `closed_side`, the side it held before, when it is flat.
#[inline]
pub fn settle_overdraft(
    position: &mut Position,
    ledger: &mut Ledger,
    closed_side: Option<Side>,
) -> Result<()> {
    if position.collateral_atoms >= 0 {
        return Ok(());
    }
    let overdraft = fits(position.collateral_atoms.checked_neg())?;
    credit(position, ledger, overdraft)?;
    if position.size_e8 != 0 {
        add(&mut position.cost_atoms, overdraft)?;
        return add(&mut ledger.cost_sum_atoms, overdraft);
    }
    // A position that was flat all along can only have paid fees; nobody gained, so either side will do.
    add(
        ledger.shortfall_mut(closed_side.unwrap_or(Side::Long)),
        overdraft,
    )
}

/// Money in (+) or out (−) of a position's collateral together with the pool's tokens.
pub fn move_collateral(position: &mut Position, ledger: &mut Ledger, amount: Atoms) -> Result<()> {
    credit(position, ledger, amount.0)
}

/// Rule 6: a side's shortfall is covered by `insurance`, the rest by the side that gained:
/// `loss_out += r; L_gained += ceil(r · 1e12 / OI)`. Returns what insurance pays.
pub fn resolve_bankruptcy(ledger: &mut Ledger, bankrupt: Side, insurance: Atoms) -> Result<Atoms> {
    let shortfall = core::mem::take(ledger.shortfall_mut(bankrupt));
    let insured = insurance.0.min(shortfall);
    let rest = shortfall - insured;
    if rest > 0 {
        let (interest, index) = match bankrupt {
            Side::Long => (ledger.short_interest_e8, &mut ledger.short_loss_index),
            Side::Short => (ledger.long_interest_e8, &mut ledger.long_loss_index),
        };
        if interest <= 0 {
            return Err(MathError::NobodyToCarryLoss);
        }
        add(
            index,
            mul_div_signed(rest, INDEX_SCALE, interest.unsigned_abs(), Rounding::Ceil)?,
        )?;
        add(&mut ledger.outstanding_loss_atoms, rest)?;
    }
    Ok(Atoms(insured))
}

/// Insurance that is earned but not yet moved covers a side's shortfall first; no tokens move. Returns how much.
pub fn cover_from_accrued(ledger: &mut Ledger, bankrupt: Side) -> Result<Atoms> {
    let covered = ledger
        .accrued_insurance_atoms
        .min(ledger.shortfall(bankrupt).0)
        .max(0);
    add(&mut ledger.accrued_insurance_atoms, -covered)?;
    add(ledger.shortfall_mut(bankrupt), -covered)?;
    Ok(Atoms(covered))
}

/// Rule 8: `floor(x · min(ΣC, locked) / ΣC)`, a position's pay-out in a settling market.
pub fn settling_payout(collateral: Atoms, collateral_sum: Atoms, locked: Atoms) -> Result<Atoms> {
    if collateral_sum.0 <= 0 || collateral.0 <= 0 {
        return Ok(Atoms::ZERO);
    }
    let payable = collateral_sum.0.min(locked.0).max(0);
    mul_div_signed(
        collateral.0,
        payable.unsigned_abs(),
        collateral_sum.0.unsigned_abs(),
        Rounding::Floor,
    )
    .map(Atoms)
}
