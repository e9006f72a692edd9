//! Admin transactions must expire: a signed one must not lie in a drawer behind a durable nonce.

use anchor_lang::prelude::*;
use gdx_transaction::starts_with_durable_nonce;
use solana_sha256_hasher::hashv;

use crate::error::PositionError;

/// # Errors
/// `DurableNonceRefused` when the first instruction of the transaction advances a nonce.
pub fn refuse_durable_nonce(instructions: &AccountInfo<'_>) -> Result<()> {
    let data = instructions.try_borrow_data()?;
    require!(
        starts_with_durable_nonce(&data) == Some(false),
        PositionError::DurableNonceRefused
    );
    Ok(())
}

/// What is proposed of a change that needs the delay: `sha256(instruction data ‖ account or nothing)`.
///
/// The account is what the change is about beside its data: the market, or the price feed of a new one.
pub fn change_hash(
    instruction: &impl anchor_lang::InstructionData,
    account: Option<&Pubkey>,
) -> [u8; 32] {
    let account = account.map_or(&[][..], |key| key.as_ref());
    hashv(&[&instruction.data(), account]).to_bytes()
}
