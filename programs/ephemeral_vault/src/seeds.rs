//! Seeds of this program's addresses, spelled once.

use anchor_lang::prelude::*;

#[constant]
pub const SEED_VAULT: &[u8] = b"vault";
#[constant]
pub const SEED_SESSION: &[u8] = b"session";
