//! Which quote mints the vault accepts.

use anchor_lang::prelude::*;
use anchor_spl::token_2022::spl_token_2022::{
    extension::{BaseStateWithExtensions, ExtensionType, StateWithExtensions},
    state::Mint,
};

use crate::{constants::QUOTE_DECIMALS, error::VaultError};

/// Extensions that only describe a mint. Every other one is refused: a fee or a hook changes what
/// a transfer does, and a delegate, a default state or a pause reaches into the vault.
const DESCRIPTIVE: [ExtensionType; 6] = [
    ExtensionType::MetadataPointer,
    ExtensionType::TokenMetadata,
    ExtensionType::GroupPointer,
    ExtensionType::TokenGroup,
    ExtensionType::GroupMemberPointer,
    ExtensionType::TokenGroupMember,
];

/// # Errors
/// `QuoteDecimalsNotSix`, `MintExtensionRefused`.
pub fn require_plain_mint(mint: &AccountInfo<'_>) -> Result<()> {
    let data = mint.try_borrow_data()?;
    let mint = StateWithExtensions::<Mint>::unpack(&data)?;
    require_eq!(
        mint.base.decimals,
        QUOTE_DECIMALS,
        VaultError::QuoteDecimalsNotSix
    );
    let is_plain = mint
        .get_extension_types()?
        .iter()
        .all(|extension| DESCRIPTIVE.contains(extension));
    require!(is_plain, VaultError::MintExtensionRefused);
    Ok(())
}
