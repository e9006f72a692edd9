//! The account that records a settled batch.

use anchor_lang::{
    prelude::*,
    system_program::{
        allocate, assign, create_account, transfer, Allocate, Assign, CreateAccount, Transfer,
    },
    Discriminator,
};

use crate::{error::PositionError, seeds::SEED_BATCH, state::SettlementBatch};

/// Creates the record at `["batch", batch_id]` and fills it; lamports sent there before do no harm.
#[inline(never)]
pub fn write_record<'info>(
    mut content: SettlementBatch,
    record: &AccountInfo<'info>,
    relayer: &AccountInfo<'info>,
    system_program: &AccountInfo<'info>,
) -> Result<()> {
    let (address, bump) = record_address(&content.batch_id);
    require!(*record.key == address, PositionError::WrongBatchAddress);
    content.bump = bump;
    let seeds: &[&[u8]] = &[SEED_BATCH, &content.batch_id, &[bump]];
    create(record, relayer, system_program, seeds)?;
    let mut data = record.try_borrow_mut_data()?;
    let (discriminator, body) = data.split_at_mut(8);
    discriminator.copy_from_slice(SettlementBatch::DISCRIMINATOR);
    body.copy_from_slice(bytemuck::bytes_of(&content));
    Ok(())
}

fn create<'info>(
    record: &AccountInfo<'info>,
    payer: &AccountInfo<'info>,
    system_program: &AccountInfo<'info>,
    seeds: &[&[u8]],
) -> Result<()> {
    let space = SettlementBatch::SPACE as u64;
    let rent_lamports = Rent::get()?.minimum_balance(SettlementBatch::SPACE);
    let system = *system_program.key;
    let (from, to) = (payer.clone(), record.clone());
    if record.lamports() == 0 {
        let accounts = CreateAccount { from, to };
        let call = CpiContext::new_with_signer(system, accounts, std::slice::from_ref(&seeds));
        return create_account(call, rent_lamports, space, &crate::ID);
    }
    let missing_lamports = rent_lamports.saturating_sub(record.lamports());
    if missing_lamports > 0 {
        transfer(
            CpiContext::new(system, Transfer { from, to }),
            missing_lamports,
        )?;
    }
    let signer_seeds = std::slice::from_ref(&seeds);
    let account_to_allocate = record.clone();
    let call = CpiContext::new_with_signer(
        system,
        Allocate {
            account_to_allocate,
        },
        signer_seeds,
    );
    allocate(call, space)?;
    let account_to_assign = record.clone();
    let call = CpiContext::new_with_signer(system, Assign { account_to_assign }, signer_seeds);
    assign(call, &crate::ID)
}

/// `["batch", batch_id]` and its bump.
#[cfg(not(target_os = "solana"))]
pub fn record_address(batch_id: &[u8; 32]) -> (Pubkey, u8) {
    Pubkey::find_program_address(&[SEED_BATCH, batch_id], &crate::ID)
}

/// `["batch", batch_id]` and its bump: the search that `find_program_address` makes, for a fifth of its price, by hash
/// and by asking whether the hash is a point of the curve.
#[cfg(target_os = "solana")]
pub fn record_address(batch_id: &[u8; 32]) -> (Pubkey, u8) {
    const EDWARDS_CURVE: u64 = 0;
    let mut bump = u8::MAX;
    loop {
        let candidate = solana_sha256_hasher::hashv(&[
            SEED_BATCH,
            batch_id,
            &[bump],
            crate::ID.as_ref(),
            b"ProgramDerivedAddress",
        ])
        .to_bytes();
        // SAFETY: the runtime reads 32 bytes at the candidate, and for this call writes nothing.
        let is_off_curve = unsafe {
            solana_define_syscall::definitions::sol_curve_validate_point(
                EDWARDS_CURVE,
                candidate.as_ptr(),
                core::ptr::null_mut(),
            )
        } != 0;
        if is_off_curve || bump == 0 {
            return (Pubkey::new_from_array(candidate), bump);
        }
        bump -= 1;
    }
}
