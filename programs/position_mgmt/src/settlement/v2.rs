//! V2: the net of the batch per position.

use anchor_lang::prelude::*;
use gdx_batch::{Header, NetEntry, Nets};
use gdx_math::{
    band::Worth,
    fees::is_possible_net_fee,
    money::{charge_fee, fill_opened, settle_overdraft, touch, Side},
};
use gdx_units::{Atoms, SizeE8};

use super::{named, position_account::PositionAccounts, read, Net, Terms, Totals};
use crate::{
    error::{OrProgramError, PositionError},
    state::UserPosition,
};

/// # Errors
/// Any entry's own error after the log has named the entry; `BatchNotBalanced`.
pub fn settle_nets<'info>(
    header: &Header<'_>,
    infos: &[AccountInfo<'info>],
    terms: &Terms<'_>,
    totals: &mut Totals,
) -> Result<()> {
    let mut entries = Nets::new(header);
    let mut accounts = PositionAccounts::new(infos, terms.market_key);
    let before = totals.ledger;
    let (mut index, mut last_risk) = (0, 0);
    loop {
        let Some(mut position) = named(accounts.load_next(), "entry", index)? else {
            break;
        };
        let entry = named(read(entries.read_next()), "entry", index)?;
        if named(
            apply(&mut position, &entry, index, terms, totals),
            "entry",
            index,
        )? {
            last_risk = index;
        }
        index += 1;
    }
    read(entries.finish())?;
    require!(
        totals.is_balanced_since(
            &before,
            [terms.market.maker_rate(), terms.market.taker_rate()]
        )?,
        PositionError::BatchNotBalanced
    );
    if terms.is_interest_exceeded(&totals.ledger) {
        return named(
            err!(PositionError::OpenInterestTooLarge),
            "entry",
            last_risk,
        );
    }
    Ok(())
}

/// Whether the entry added risk.
#[inline(always)]
fn apply(
    position: &mut UserPosition,
    entry: &NetEntry,
    index: usize,
    terms: &Terms<'_>,
    totals: &mut Totals,
) -> Result<bool> {
    let size = SizeE8(entry.size_delta_e8);
    let quote = Atoms(entry.quote_delta_atoms);
    let (fee, turnover) = (Atoms(entry.fee_atoms), Atoms(entry.turnover_atoms));
    check_claims(entry, terms)?;
    let deviation = terms.deviation(size, quote, turnover)?;
    totals.count_slippage(deviation.total, index)?;
    totals.count_turnover(turnover)?;
    if size.0 > 0 {
        totals.count_bought(size, quote)?;
    }

    let ledger = &mut totals.ledger;
    let mut money = position.money()?;
    let size_before_e8 = money.size_e8;
    let funding = touch(&mut money, ledger).or_error()?;
    let worth = Worth::of(size, terms.index).or_error()?;
    let opened = terms
        .opening
        .opened_quote_near(size, quote, worth)
        .or_error()?;
    let realized = fill_opened(&mut money, ledger, size, quote, opened).or_error()?;
    charge_fee(&mut money, ledger, fee).or_error()?;
    settle_overdraft(&mut money, ledger, Side::of(size_before_e8)).or_error()?;

    let has_added_risk = terms.check_risk(&money, size_before_e8, position.leverage)?;
    let net = Net {
        size,
        quote,
        fee,
        turnover,
    };
    terms.count_loss(position, &money, &net, worth, has_added_risk)?;
    position.count_result(realized, funding)?;
    position.store(&money, terms.market, terms.mark, terms.now_ts)?;
    Ok(has_added_risk)
}

/// Turnover and fee are the relayer's claims: they must be possible, or the band and the fee would bound nothing.
#[inline]
fn check_claims(entry: &NetEntry, terms: &Terms<'_>) -> Result<()> {
    if entry.turnover_atoms.unsigned_abs() < entry.quote_delta_atoms.unsigned_abs() {
        return err!(PositionError::TurnoverTooSmall);
    }
    let rates = [terms.market.maker_rate(), terms.market.taker_rate()];
    let (fee, turnover) = (Atoms(entry.fee_atoms), Atoms(entry.turnover_atoms));
    if !is_possible_net_fee(fee, turnover, entry.fill_count, rates) {
        return err!(PositionError::FeeOutOfRange);
    }
    Ok(())
}
