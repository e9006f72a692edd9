//! Touch, fill, fee, overdraft: what an instruction does to a position that it has loaded.

use gdx_units::{difference, sum, Atoms, SizeE8, INDEX_SCALE};

use super::state::{add, credit, take, Ledger, Position, Side};
use crate::band::OpeningBand;
use crate::integer::{fits, mul_div, mul_div_signed, with_sign, MathError, Result, Rounding};

/// `ceil(size · (I − i) / 1e12)`: what the next touch takes (+) or gives (−).
#[inline]
pub fn unpaid_funding(position: &Position, ledger: &Ledger) -> Result<Atoms> {
    if position.funding_index == ledger.funding_index || position.size_e8 == 0 {
        return Ok(Atoms::ZERO);
    }
    let moved = fits(difference(ledger.funding_index, position.funding_index))?;
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
    let moved = fits(difference(ledger.loss_index(side), position.loss_index))?;
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
#[inline(always)]
pub fn touch(position: &mut Position, ledger: &mut Ledger) -> Result<Atoms> {
    let side_index =
        Side::of(position.size_e8).map_or(position.loss_index, |side| ledger.loss_index(side));
    if position.funding_index == ledger.funding_index && position.loss_index == side_index {
        return Ok(Atoms::ZERO);
    }
    pay_up(position, ledger, side_index)
}

#[inline(never)]
fn pay_up(position: &mut Position, ledger: &mut Ledger, side_index: i64) -> Result<Atoms> {
    let funding = unpaid_funding(position, ledger)?;
    let loss = unpaid_loss(position, ledger)?;
    if funding.0 != 0 || loss.0 != 0 {
        credit(
            position,
            ledger,
            fits(difference(0, funding.0).and_then(|owed| difference(owed, loss.0)))?,
        )?;
        add(&mut ledger.funding_pool_atoms, funding.0)?;
        take(&mut ledger.outstanding_loss_atoms, loss.0)?;
    }
    position.funding_index = ledger.funding_index;
    position.loss_index = side_index;
    Ok(funding)
}

/// Rule 2: one fill of a touched position; `quote_delta` is + notional for the buyer, − for the seller. Returns
/// the profit or loss that the closed part realized.
#[inline(always)]
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
        fits(sum(delta, size))?,
        fits(difference(quote_delta.0, closing))?,
    )?;
    Ok(Atoms(realized))
}

#[inline(always)]
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

#[inline(always)]
fn reduce(
    position: &mut Position,
    ledger: &mut Ledger,
    delta_e8: i64,
    quote_atoms: i64,
) -> Result<i64> {
    let before = position.size_e8;
    let removed = if delta_e8.unsigned_abs() == before.unsigned_abs() {
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
            .and_then(|received| difference(received, removed)),
    )?;
    add(&mut position.size_e8, delta_e8)?;
    take(&mut position.cost_atoms, removed)?;
    take(&mut ledger.cost_sum_atoms, removed)?;
    credit(position, ledger, realized)?;
    ledger.move_interest(before, position.size_e8)?;
    Ok(realized)
}

/// Rule 3: the net of several fills. What it paid beyond the band around the reference price is realized at
/// once, the rest is a fill. Returns the profit or loss realized.
#[inline(always)]
pub fn net_fill(
    position: &mut Position,
    ledger: &mut Ledger,
    size_delta: SizeE8,
    quote_delta: Atoms,
    band: OpeningBand,
) -> Result<Atoms> {
    let opened = band.opened_quote(size_delta, quote_delta)?;
    fill_opened(position, ledger, size_delta, quote_delta, opened)
}

/// The same when it is known what of the quote the fill opens or closes at.
#[inline(always)]
pub fn fill_opened(
    position: &mut Position,
    ledger: &mut Ledger,
    size_delta: SizeE8,
    quote_delta: Atoms,
    opened: Atoms,
) -> Result<Atoms> {
    let beyond = fits(opened.checked_sub(quote_delta))?;
    if beyond.0 != 0 {
        credit(position, ledger, beyond.0)?;
    }
    let realized = fill(position, ledger, size_delta, opened)?;
    fits(realized.checked_add(beyond))
}

/// Rule 4: `C −= fee; accrued += fee`; a negative fee is a maker's rebate.
#[inline(always)]
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
#[inline(always)]
pub fn settle_overdraft(
    position: &mut Position,
    ledger: &mut Ledger,
    closed_side: Option<Side>,
) -> Result<()> {
    if position.collateral_atoms >= 0 {
        return Ok(());
    }
    cover_overdraft(position, ledger, closed_side)
}

#[inline(never)]
fn cover_overdraft(
    position: &mut Position,
    ledger: &mut Ledger,
    closed_side: Option<Side>,
) -> Result<()> {
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
