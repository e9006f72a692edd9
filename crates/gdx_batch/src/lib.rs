//! The bytes of settlement batches, read without copying: header, V1 trades, V2 nets, Merkle root, batch id.
//!
//! All integers are little-endian; `varint` is LEB128 in its shortest form within u64, signed values zig-zag.
//!
//! | offset | field | type |
//! |---|---|---|
//! | 0 | version | u8: 1 or 2 |
//! | 1 | flags | u8: bit 0 flush, bit 1 heartbeat, others 0 |
//! | 2 | relayer epoch | u32 |
//! | 6 | sequence | u64, from 1 |
//! | 14 | previous id | 32 bytes, zeros for sequence 1 and only then |
//! | 46 | Merkle root | 32 bytes, zeros in a heartbeat |
//! | 78 | trade count | u16, 0 in a heartbeat and only there |
//! | 80 | executed from | u64, unix milliseconds |
//! | 88 | executed to, minus from | u32, 0 in a heartbeat |
//! | 92 | entries | see [`Trades`] and [`Nets`] |
//!
//! The payload, hashed into the id, is every byte from offset 80 on.
#![forbid(unsafe_code)]

mod header;
mod merkle;
mod nets;
mod reader;
mod trades;

pub use header::{Header, FLAG_FLUSH, FLAG_HEARTBEAT};
pub use merkle::{leaf, merkle_root, verify_proof, Fill, Hash};
pub use nets::{NetEntry, Nets};
pub use reader::Reader;
pub use trades::{TradeEntry, Trades};

/// The bytes do not follow the format; the sentence names the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchError {
    /// Byte 0 names no version.
    UnknownVersion,
    /// Anything else.
    Malformed(&'static str),
}

/// Result of reading batch bytes.
pub type Result<T> = core::result::Result<T, BatchError>;
