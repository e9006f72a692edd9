//! V2 entries: the net of a batch per position, one entry per position account in ascending order.

use crate::{header::Header, reader::Reader, BatchError, Result};

/// What a batch does to one position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetEntry {
    /// + bought, − sold, 1e-8 base unit.
    pub size_delta_e8: i64,
    /// + notional of what it bought, − of what it sold.
    pub quote_delta_atoms: i64,
    /// Negative for rebates.
    pub fee_atoms: i64,
    /// Sum of its notionals, not negative.
    pub turnover_atoms: i64,
    /// Fills it took part in, at least one.
    pub fill_count: u64,
}

/// Reads one entry per position: zig-zag size delta, zig-zag quote delta, zig-zag fee, varint turnover, varint fill
/// count; and keeps the sums that must balance.
pub struct Nets<'a> {
    reader: Reader<'a>,
    fill_count_expected: u64,
    size_sum: i64,
    quote_sum: i64,
    fee_sum: i64,
    fill_count: u64,
}

impl<'a> Nets<'a> {
    /// Starts at the first entry.
    pub fn new(header: &Header<'a>) -> Self {
        Self {
            reader: Reader::new(header.entries),
            fill_count_expected: 2 * u64::from(header.trade_count),
            size_sum: 0,
            quote_sum: 0,
            fee_sum: 0,
            fill_count: 0,
        }
    }

    /// The next entry.
    #[inline]
    pub fn read_next(&mut self) -> Result<NetEntry> {
        let entry = NetEntry {
            size_delta_e8: self.reader.signed()?,
            quote_delta_atoms: self.reader.signed()?,
            fee_atoms: self.reader.signed()?,
            turnover_atoms: self.reader.amount()?,
            fill_count: self.reader.varint()?,
        };
        if entry.fill_count == 0 {
            return Err(BatchError::Malformed("every position account must be used"));
        }
        add(&mut self.size_sum, entry.size_delta_e8)?;
        add(&mut self.quote_sum, entry.quote_delta_atoms)?;
        add(&mut self.fee_sum, entry.fee_atoms)?;
        self.fill_count = self.fill_count.saturating_add(entry.fill_count);
        Ok(entry)
    }

    /// After the last entry: no bytes are left. Returns whether `Σ size = Σ quote = 0`, `Σ fee ≥ 0` and the fill
    /// counts are two per trade.
    pub fn finish(&self) -> Result<bool> {
        self.reader.end()?;
        Ok(self.size_sum == 0
            && self.quote_sum == 0
            && self.fee_sum >= 0
            && self.fill_count == self.fill_count_expected)
    }
}

#[inline]
fn add(sum: &mut i64, amount: i64) -> Result<()> {
    *sum = sum.checked_add(amount).ok_or(BatchError::Malformed(
        "a sum over the entries must fit in i64",
    ))?;
    Ok(())
}
