//! Seeds of this program's addresses, spelled once.

use anchor_lang::prelude::*;

#[constant]
pub const SEED_FEED: &[u8] = b"feed";
