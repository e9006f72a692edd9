//! V1: every trade, with fees and Merkle root computed here.

use std::cell::RefMut;

use anchor_lang::prelude::*;
use gdx_batch::{leaf, merkle_root, Fill, Hash, Header, TradeEntry, Trades};
use gdx_math::{
    band::Worth,
    fees::{fee, notional},
    margin::adds_risk,
    money::{charge_fee, fill, settle_overdraft, touch, Ledger, Position, Side},
};
use gdx_units::{Atoms, PriceE6, SizeE8};

use super::{named, position_account::PositionAccounts, read, Net, Terms, Totals};
use crate::{
    error::{OrProgramError, PositionError},
    state::UserPosition,
};

/// One position while the batch's trades go through it.
struct Party<'a> {
    account: RefMut<'a, UserPosition>,
    money: Position,
    size_before_e8: i64,
    /// The last side it held, which a bankruptcy is charged to.
    side: Option<Side>,
    funding: Atoms,
    realized: Atoms,
    net: Net,
    /// The last trade that made it larger or lost against the oracle, else its first; `None` while it has none.
    blamed_trade: Option<usize>,
}

/// One side of a trade.
struct Leg {
    size: SizeE8,
    quote: Atoms,
    fee: Atoms,
    lost: Atoms,
}

/// # Errors
/// Any trade's own error after the log has named the trade; `MerkleRootMismatch`.
pub fn settle_trades<'info>(
    header: &Header<'_>,
    infos: &[AccountInfo<'info>],
    terms: &Terms<'_>,
    totals: &mut Totals,
) -> Result<()> {
    let mut parties = load_parties(header, infos, terms, totals)?;
    // The count is a claim; the bytes that are there are not.
    let most_trades = header.entries.len() / TradeEntry::MIN_BYTES;
    let capacity = usize::from(header.trade_count).min(most_trades);
    let mut leaves: Vec<Hash> = Vec::with_capacity(capacity);
    let mut trades = Trades::new(header, parties.len());
    loop {
        let index = leaves.len();
        let Some(trade) = named(read(trades.read_next()), "trade", index)? else {
            break;
        };
        let hashed = settle_trade(&trade, index, &mut parties, infos, terms, totals);
        leaves.push(named(hashed, "trade", index)?);
    }
    require!(
        merkle_root(&mut leaves) == *header.merkle_root,
        PositionError::MerkleRootMismatch
    );
    for party in &mut parties {
        let blamed = party
            .blamed_trade
            .ok_or(PositionError::BadPositionAccounts)?;
        named(finish(party, terms, &mut totals.ledger), "trade", blamed)?;
    }
    Ok(())
}

#[inline(never)]
fn load_parties<'a, 'info>(
    header: &Header<'_>,
    infos: &'a [AccountInfo<'info>],
    terms: &Terms<'a>,
    totals: &mut Totals,
) -> Result<Vec<Party<'a>>> {
    let mut accounts = PositionAccounts::new(infos, terms.market_key);
    let mut parties = Vec::with_capacity(infos.len());
    loop {
        match load_party(&mut accounts, totals) {
            Ok(Some(party)) => parties.push(party),
            Ok(None) => return Ok(parties),
            Err(error) => return blame_account(error, header, parties.len(), infos.len()),
        }
    }
}

/// `None` after the last.
#[inline(always)]
fn load_party<'a>(
    accounts: &mut PositionAccounts<'a, '_>,
    totals: &mut Totals,
) -> Result<Option<Party<'a>>> {
    let Some(account) = accounts.load_next()? else {
        return Ok(None);
    };
    let mut money = account.money()?;
    let size_before_e8 = money.size_e8;
    let funding = touch(&mut money, &mut totals.ledger).or_error()?;
    Ok(Some(Party {
        account,
        money,
        size_before_e8,
        side: Side::of(size_before_e8),
        funding,
        realized: Atoms::ZERO,
        net: Net::default(),
        blamed_trade: None,
    }))
}

/// The refusal of an account, after the log has named the first trade that uses it: whoever closes a position before
/// its trades are settled breaks those, and not the market.
#[cold]
fn blame_account<T>(error: Error, header: &Header<'_>, at: usize, count: usize) -> Result<T> {
    let mut trades = Trades::new(header, count);
    let mut index = 0;
    while let Ok(Some(trade)) = trades.read_next() {
        if [trade.taker, trade.maker].map(usize::from).contains(&at) {
            return named(Err(error), "trade", index);
        }
        index += 1;
    }
    Err(error)
}

/// Applies one trade to both of its parties and returns its leaf.
#[inline(never)]
fn settle_trade(
    trade: &TradeEntry,
    index: usize,
    parties: &mut [Party<'_>],
    infos: &[AccountInfo<'_>],
    terms: &Terms<'_>,
    totals: &mut Totals,
) -> Result<Hash> {
    let size = SizeE8(trade.size_e8);
    let worth = notional(PriceE6(trade.price_e6), size).or_error()?;
    let taker_fee = fee(worth, terms.market.taker_rate()).or_error()?;
    let maker_fee = fee(worth, terms.market.maker_rate()).or_error()?;
    let (taker, maker) = (usize::from(trade.taker), usize::from(trade.maker));
    let (buyer, seller, buyer_fee, seller_fee) = if trade.is_taker_selling {
        (maker, taker, maker_fee, taker_fee)
    } else {
        (taker, maker, taker_fee, maker_fee)
    };
    // Both parties stray equally far, one to its loss and the other to its gain.
    let deviation = terms.deviation(size, worth, worth)?;
    let gained = Atoms(deviation.total.0 - deviation.lost.0);
    totals.count_slippage(deviation.total, index)?;
    totals.count_slippage(deviation.total, index)?;
    totals.count_bought(size, worth)?;

    let ledger = &mut totals.ledger;
    let bought = Leg {
        size,
        quote: worth,
        fee: buyer_fee,
        lost: deviation.lost,
    };
    parties[buyer].trade(&bought, index, ledger)?;
    let sold = Leg {
        size: SizeE8(-size.0),
        quote: Atoms(-worth.0),
        fee: seller_fee,
        lost: gained,
    };
    parties[seller].trade(&sold, index, ledger)?;
    if terms.is_interest_exceeded(ledger) {
        return err!(PositionError::OpenInterestTooLarge);
    }
    Ok(leaf(&Fill {
        trade_id: trade.trade_id,
        market: terms.market_key.as_array(),
        buyer: infos[buyer].key.as_array(),
        seller: infos[seller].key.as_array(),
        price_e6: trade.price_e6,
        size_e8: trade.size_e8.unsigned_abs(),
        buyer_fee_atoms: buyer_fee.0,
        seller_fee_atoms: seller_fee.0,
        executed_at_ms: trade.executed_at_ms as i64,
    }))
}

impl Net {
    /// `None` when a sum does not fit.
    #[inline]
    fn add(&mut self, leg: &Leg) -> Option<()> {
        let worth = Atoms(leg.quote.0.checked_abs()?);
        self.size = self.size.checked_add(leg.size)?;
        self.quote = self.quote.checked_add(leg.quote)?;
        self.fee = self.fee.checked_add(leg.fee)?;
        self.turnover = self.turnover.checked_add(worth)?;
        Some(())
    }
}

impl Party<'_> {
    #[inline]
    fn trade(&mut self, leg: &Leg, index: usize, ledger: &mut Ledger) -> Result<()> {
        let size_before_e8 = self.money.size_e8;
        let realized = fill(&mut self.money, ledger, leg.size, leg.quote).or_error()?;
        charge_fee(&mut self.money, ledger, leg.fee).or_error()?;
        self.realized = self
            .realized
            .checked_add(realized)
            .ok_or(PositionError::MathOverflow)?;
        self.net.add(leg).ok_or(PositionError::MathOverflow)?;
        self.side = Side::of(self.money.size_e8).or(self.side);
        let adds_risk = adds_risk(SizeE8(size_before_e8), SizeE8(self.money.size_e8));
        if adds_risk || leg.lost.0 > 0 || self.blamed_trade.is_none() {
            self.blamed_trade = Some(index);
        }
        Ok(())
    }
}

/// Checks what the trades left of a position, and stores it.
#[inline(never)]
fn finish(party: &mut Party<'_>, terms: &Terms<'_>, ledger: &mut Ledger) -> Result<()> {
    let position = &mut *party.account;
    settle_overdraft(&mut party.money, ledger, party.side).or_error()?;
    let has_added_risk = terms.check_risk(&party.money, party.size_before_e8, position.leverage)?;
    let worth = Worth::of(party.net.size, terms.index).or_error()?;
    terms.count_loss(position, &party.money, &party.net, worth, has_added_risk)?;
    position.count_result(party.realized, party.funding)?;
    position.store(&party.money, terms.market, terms.mark, terms.now_ts)
}
