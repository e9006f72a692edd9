//! Scales of the integer units.

/// Price units per whole USDT.
pub const PRICE_SCALE: u64 = 1_000_000;
/// Size units per whole base unit.
pub const SIZE_SCALE: u64 = 100_000_000;
/// Quote atoms per whole USDT.
pub const QUOTE_SCALE: u64 = 1_000_000;
/// Basis points in one.
pub const BPS_SCALE: u64 = 10_000;
/// Parts per million in one.
pub const PPM_SCALE: u64 = 1_000_000;
/// Rate units in one.
pub const RATE_SCALE: u64 = 1_000_000_000;
/// Size units times index units in one atom: 1e8 sizes per base unit, 1e4 index units per atom.
pub const INDEX_SCALE: u64 = 1_000_000_000_000;
