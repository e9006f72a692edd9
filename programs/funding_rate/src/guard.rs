//! Admin transactions must expire: a signed one must not lie in a drawer behind a durable nonce.

use anchor_lang::prelude::*;
use gdx_transaction::starts_with_durable_nonce;

use crate::error::FundingError;

/// # Errors
/// `DurableNonceRefused` when the first instruction of the transaction advances a nonce.
pub fn refuse_durable_nonce(instructions: &AccountInfo<'_>) -> Result<()> {
    let data = instructions.try_borrow_data()?;
    require!(
        starts_with_durable_nonce(&data) == Some(false),
        FundingError::DurableNonceRefused
    );
    Ok(())
}
