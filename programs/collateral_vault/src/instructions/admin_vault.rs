//! What the admin announces or schedules in the vault, with the same accounts.

use anchor_lang::prelude::*;

use crate::{
    constants::INSTRUCTIONS_SYSVAR,
    error::VaultError,
    events::{
        DelayRaiseScheduled, FeeRecipientScheduled, GuardianScheduled, PauseRenewalProposed,
        VaultPauseSet,
    },
    guard::refuse_durable_nonce,
    state::{Role, VaultState},
};

#[event_cpi]
#[derive(Accounts)]
pub struct AdminVault<'info> {
    #[account(mut, has_one = admin @ VaultError::NotAdmin)]
    pub vault_state: AccountLoader<'info, VaultState>,
    pub admin: Signer<'info>,
    /// CHECK: the instructions sysvar, fixed by its address.
    #[account(address = INSTRUCTIONS_SYSVAR)]
    pub instructions: UncheckedAccount<'info>,
}

impl AdminVault<'_> {
    pub fn validate(&self) -> Result<()> {
        refuse_durable_nonce(&self.instructions)
    }

    pub fn propose_pause_renewal(ctx: Context<AdminVault>) -> Result<()> {
        let event = ctx.accounts.change(|vault, clock| {
            let not_before_ts = vault.propose_pause_renewal(clock.unix_timestamp);
            Ok(PauseRenewalProposed {
                head: vault.next_head(clock),
                not_before_ts,
            })
        })?;
        emit_cpi!(event);
        Ok(())
    }

    pub fn execute_pause_renewal(ctx: Context<AdminVault>) -> Result<()> {
        let event = ctx.accounts.change(|vault, clock| {
            vault.execute_pause_renewal(clock.unix_timestamp)?;
            Ok(VaultPauseSet {
                head: vault.next_head(clock),
                signer: vault.admin,
                pause_bits: vault.pause_bits,
                withdraw_pause_expiry_ts: vault.withdraw_pause_expiry_ts,
            })
        })?;
        emit_cpi!(event);
        Ok(())
    }

    pub fn set_guardian(ctx: Context<AdminVault>, guardian: Pubkey) -> Result<()> {
        let event = ctx.accounts.change(|vault, clock| {
            let not_before_ts =
                vault.schedule_role(Role::Guardian, guardian, clock.unix_timestamp)?;
            Ok(GuardianScheduled {
                head: vault.next_head(clock),
                guardian,
                not_before_ts,
            })
        })?;
        emit_cpi!(event);
        Ok(())
    }

    pub fn set_fee_recipient(ctx: Context<AdminVault>, fee_recipient: Pubkey) -> Result<()> {
        let event = ctx.accounts.change(|vault, clock| {
            let not_before_ts =
                vault.schedule_role(Role::FeeRecipient, fee_recipient, clock.unix_timestamp)?;
            Ok(FeeRecipientScheduled {
                head: vault.next_head(clock),
                fee_recipient,
                not_before_ts,
            })
        })?;
        emit_cpi!(event);
        Ok(())
    }

    pub fn raise_delay(ctx: Context<AdminVault>, delay_seconds: u32) -> Result<()> {
        let event = ctx.accounts.change(|vault, clock| {
            let not_before_ts = vault.schedule_delay(delay_seconds, clock.unix_timestamp)?;
            Ok(DelayRaiseScheduled {
                head: vault.next_head(clock),
                delay_seconds: u64::from(delay_seconds),
                not_before_ts,
            })
        })?;
        emit_cpi!(event);
        Ok(())
    }

    fn change<E>(&self, change: impl FnOnce(&mut VaultState, &Clock) -> Result<E>) -> Result<E> {
        let clock = Clock::get()?;
        let mut vault = self.vault_state.load_mut()?;
        change(&mut vault, &clock)
    }
}
