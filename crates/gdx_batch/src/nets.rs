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
/// count. That the batch's sizes and quotes sum to 0 and its fees to at least 0 shows in the books it is applied to.
pub struct Nets<'a> {
    reader: Reader<'a>,
    fills_left: u64,
}

impl<'a> Nets<'a> {
    /// Starts at the first entry.
    pub fn new(header: &Header<'a>) -> Self {
        Self {
            reader: Reader::new(header.entries),
            fills_left: 2 * u64::from(header.trade_count),
        }
    }

    /// The next entry.
    #[inline(always)]
    pub fn read_next(&mut self) -> Result<NetEntry> {
        // A copy that stays in registers.
        let mut reader = self.reader.clone();
        let entry = NetEntry {
            size_delta_e8: reader.signed()?,
            quote_delta_atoms: reader.signed()?,
            fee_atoms: reader.signed()?,
            turnover_atoms: reader.amount()?,
            fill_count: reader.varint()?,
        };
        self.reader = reader;
        if entry.fill_count == 0 {
            return Err(BatchError::Malformed("every position account must be used"));
        }
        self.fills_left = self
            .fills_left
            .checked_sub(entry.fill_count)
            .ok_or(WRONG_FILL_COUNT)?;
        Ok(entry)
    }

    /// After the last entry: no bytes are left, and each trade has two fills.
    pub fn finish(&self) -> Result<()> {
        self.reader.end()?;
        if self.fills_left == 0 {
            return Ok(());
        }
        Err(WRONG_FILL_COUNT)
    }
}

const WRONG_FILL_COUNT: BatchError =
    BatchError::Malformed("the fill counts must sum to twice the trade count");
