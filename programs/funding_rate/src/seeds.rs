//! Seeds of this program's addresses, spelled once.

use anchor_lang::prelude::*;

#[constant]
pub const SEED_FUNDING: &[u8] = b"funding";
