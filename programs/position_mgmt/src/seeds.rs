//! Seeds of this program's addresses, spelled once, and the addresses that are known before it runs.

use anchor_lang::{derive_program_address, prelude::*};

#[constant]
pub const SEED_CONFIG: &[u8] = b"config";
#[constant]
pub const SEED_BEAT: &[u8] = b"beat";
#[constant]
pub const SEED_AUTHORITY: &[u8] = b"authority";
#[constant]
pub const SEED_MARKET: &[u8] = b"market";
#[constant]
pub const SEED_POSITION: &[u8] = b"position";
#[constant]
pub const SEED_BATCH: &[u8] = b"batch";
#[constant]
pub const SEED_SETTLEMENT: &[u8] = b"settlement";

/// Seed of the funding program's signing address for a market.
pub const SEED_FUNDING: &[u8] = b"funding";

const CONFIG: ([u8; 32], u8) = derive_program_address(&[SEED_CONFIG], crate::ID_CONST.as_array());
const AUTHORITY: ([u8; 32], u8) =
    derive_program_address(&[SEED_AUTHORITY], crate::ID_CONST.as_array());

const VAULT_STATE: ([u8; 32], u8) = derive_program_address(
    &[collateral_vault::seeds::SEED_VAULT_STATE],
    collateral_vault::ID_CONST.as_array(),
);

/// Address of the configuration.
pub const CONFIG_ADDRESS: Pubkey = Pubkey::new_from_array(CONFIG.0);
/// Address of the vault's state.
pub const VAULT_STATE_ADDRESS: Pubkey = Pubkey::new_from_array(VAULT_STATE.0);
/// Address that signs into the vault.
pub const AUTHORITY_ADDRESS: Pubkey = Pubkey::new_from_array(AUTHORITY.0);
/// Bump of [`AUTHORITY_ADDRESS`].
pub const AUTHORITY_BUMP: u8 = AUTHORITY.1;
/// Signer seeds of [`AUTHORITY_ADDRESS`].
pub const AUTHORITY_SEEDS: &[&[u8]] = &[SEED_AUTHORITY, &[AUTHORITY_BUMP]];
