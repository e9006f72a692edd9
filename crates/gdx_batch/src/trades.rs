//! V1 entries: every trade, in order of its id.

use crate::{header::Header, reader::Reader, BatchError, Result};

/// One trade of a V1 batch; indices count the batch's position accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TradeEntry {
    /// Unique and increasing within the batch.
    pub trade_id: u64,
    /// Position that removed liquidity.
    pub taker: u8,
    /// Position that gave it.
    pub maker: u8,
    /// Whether the taker sold.
    pub is_taker_selling: bool,
    /// 1e-6 USDT per base unit, within i64.
    pub price_e6: u64,
    /// 1e-8 base unit, positive.
    pub size_e8: i64,
    /// Unix milliseconds.
    pub executed_at_ms: u64,
}

impl TradeEntry {
    /// Two index bytes and four varints.
    pub const MIN_BYTES: usize = 6;
}

/// Reads `trade_count` entries: byte taker index (bits 0–6) and side (bit 7, 1 = sells), byte maker index, zig-zag
/// price step, varint size, varint id step, varint time step in ms.
pub struct Trades<'a> {
    reader: Reader<'a>,
    left: u16,
    is_first: bool,
    price_e6: i64,
    trade_id: u64,
    at_ms: u64,
    to_ms: u64,
    positions: usize,
}

impl<'a> Trades<'a> {
    /// Starts at the first entry; `positions` accounts come with the batch.
    pub fn new(header: &Header<'a>, positions: usize) -> Self {
        Self {
            reader: Reader::new(header.entries),
            left: header.trade_count,
            is_first: true,
            price_e6: 0,
            trade_id: 0,
            at_ms: header.executed_from_ms,
            to_ms: header.executed_to_ms(),
            positions,
        }
    }

    /// The next trade; `None` after the last, when no bytes are left.
    #[inline]
    pub fn read_next(&mut self) -> Result<Option<TradeEntry>> {
        if self.left == 0 {
            return self.reader.end().map(|()| None);
        }
        self.left -= 1;
        let (taker, maker) = (self.reader.byte()?, self.reader.byte()?);
        let is_taker_selling = taker & 0x80 != 0;
        let taker = taker & 0x7f;
        let is_known = usize::from(taker.max(maker)) < self.positions && maker < 0x80;
        if !is_known || taker == maker {
            return Err(BatchError::Malformed(
                "taker and maker must index two of the positions",
            ));
        }
        self.step()?;
        let size_e8 = self.reader.amount()?;
        let id_step = self.reader.varint()?;
        let time_step = self.reader.varint()?;
        if size_e8 == 0 {
            return Err(BatchError::Malformed("a size must be positive"));
        }
        if id_step == 0 && !self.is_first {
            return Err(BatchError::Malformed("trade ids must increase"));
        }
        let too_large = BatchError::Malformed("a trade id or time does not fit in u64");
        self.trade_id = self.trade_id.checked_add(id_step).ok_or(too_large)?;
        self.at_ms = self.at_ms.checked_add(time_step).ok_or(too_large)?;
        if self.at_ms > self.to_ms {
            return Err(BatchError::Malformed(
                "a trade lies after the batch's last time",
            ));
        }
        self.is_first = false;
        Ok(Some(TradeEntry {
            trade_id: self.trade_id,
            taker,
            maker,
            is_taker_selling,
            price_e6: self.price_e6 as u64,
            size_e8,
            executed_at_ms: self.at_ms,
        }))
    }

    #[inline]
    fn step(&mut self) -> Result<()> {
        let step = self.reader.signed()?;
        self.price_e6 = self
            .price_e6
            .checked_add(step)
            .filter(|&price| price > 0)
            .ok_or(BatchError::Malformed(
                "a price must be positive and fit in i64",
            ))?;
        Ok(())
    }
}
