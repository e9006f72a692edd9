//! Fixed figures of the vault.

use anchor_lang::{derive_program_address, prelude::*};

use crate::seeds::SEED_POSITION_AUTHORITY;

/// Version of the account layouts of this program.
pub const LAYOUT_VERSION: u8 = 1;
/// The quote token has six decimals: one atom is 1e-6 of it.
pub const QUOTE_DECIMALS: u8 = 6;
/// A withdrawal pause lapses after this time.
pub const WITHDRAW_PAUSE_SECONDS: i64 = 72 * 3_600;
/// Once a pause of withdrawals has ended, no other begins for this time unless it was announced.
pub const WITHDRAWALS_OPEN_SECONDS: i64 = WITHDRAW_PAUSE_SECONDS;
/// An announced renewal that nobody executed for this time after its delay is void.
pub const PAUSE_RENEWAL_SECONDS: i64 = WITHDRAW_PAUSE_SECONDS;
/// Longest delay and longest limiter window that can be set: thirty days.
pub const MAX_DELAY_SECONDS: u32 = 30 * 86_400;

/// Pause bits of the vault. Moving collateral out of a market has none: it is a user's way out.
pub const PAUSE_DEPOSIT: u8 = 1;
pub const PAUSE_WITHDRAW: u8 = 2;
pub const PAUSE_LOCK: u8 = 4;
pub const PAUSE_ALL: u8 = PAUSE_DEPOSIT | PAUSE_WITHDRAW | PAUSE_LOCK;

/// The program whose ["authority"] address may move money between users and markets.
const POSITION_PROGRAM: Pubkey = pubkey!("8GnFDsGV4ehaimoscP8BBBFGm6suEdKNRPdLvHpo8Yun");
/// That address.
pub const POSITION_AUTHORITY: Pubkey = Pubkey::new_from_array(
    derive_program_address(&[SEED_POSITION_AUTHORITY], POSITION_PROGRAM.as_array()).0,
);

/// Lists the instructions of the running transaction.
pub const INSTRUCTIONS_SYSVAR: Pubkey = pubkey!("Sysvar1nstructions1111111111111111111111111");
