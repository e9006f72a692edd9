//! What admin and guardian change in the configuration, with the same accounts: the guardian only restricts.

use anchor_lang::prelude::*;

use crate::{
    constants::INSTRUCTIONS_SYSVAR,
    error::PositionError,
    events::{emit, CanarySet, ConfigChanged, ReleasePauseBegun},
    guard::{change_hash, refuse_durable_nonce},
    instruction,
    seeds::CONFIG_ADDRESS,
    state::{has_current_layout, GlobalConfig},
};

#[event_cpi]
#[derive(Accounts)]
pub struct GuardConfig<'info> {
    #[account(
        mut,
        address = CONFIG_ADDRESS,
        constraint = has_current_layout(&config) @ PositionError::ConfigLayoutOld
    )]
    pub config: AccountLoader<'info, GlobalConfig>,
    /// The admin or the guardian.
    pub signer: Signer<'info>,
    /// CHECK: the instructions sysvar, fixed by its address.
    #[account(address = INSTRUCTIONS_SYSVAR)]
    pub instructions: UncheckedAccount<'info>,
}

impl GuardConfig<'_> {
    pub fn validate(&self) -> Result<()> {
        let config = self.config.load()?;
        config.require_admin_or_guardian(self.signer.key)?;
        refuse_durable_nonce(&self.instructions)
    }

    pub fn set_pause_bits(ctx: Context<GuardConfig>, pause_bits: u32) -> Result<()> {
        let signer = ctx.accounts.signer.key();
        let expiry_before_ts = ctx.accounts.config.load()?.release_pause_expiry_ts;
        ctx.accounts.apply(|config, clock| {
            config.set_pause_bits(&signer, pause_bits, clock.unix_timestamp)
        })?;
        ctx.accounts.tell_release_pause(expiry_before_ts)
    }

    pub fn set_allowed_versions(ctx: Context<GuardConfig>, versions: u8) -> Result<()> {
        let signer = ctx.accounts.signer.key();
        let change = change_hash(&instruction::SetAllowedVersions { versions }, None);
        let had_canary = ctx.accounts.config.load()?.canary_version != 0;
        ctx.accounts.apply(|config, clock| {
            config.set_allowed_versions(&signer, versions, clock.unix_timestamp, &change)
        })?;
        ctx.accounts.tell_end_of_canary(had_canary)
    }

    pub fn revoke_relayer(ctx: Context<GuardConfig>, relayer: Pubkey) -> Result<()> {
        ctx.accounts
            .apply(|config, _| config.revoke_relayer(&relayer))
    }

    pub fn set_active_relayer(ctx: Context<GuardConfig>, relayer: Pubkey) -> Result<()> {
        let signer = ctx.accounts.signer.key();
        let change = change_hash(&instruction::SetActiveRelayer { relayer }, None);
        ctx.accounts
            .apply(|config, clock| config.move_relayer(&signer, &relayer, &change, clock))
    }

    /// A pause of releases may have begun, which ends by itself.
    fn tell_release_pause(&self, expiry_before_ts: i64) -> Result<()> {
        let event = {
            let mut config = self.config.load_mut()?;
            if config.release_pause_expiry_ts == expiry_before_ts {
                return Ok(());
            }
            ReleasePauseBegun {
                head: config.next_head(&Clock::get()?),
                signer: self.signer.key(),
                expiry_ts: config.release_pause_expiry_ts,
            }
        };
        emit(&event, &self.event_authority)
    }

    /// A change of the mask may have ended the canary.
    fn tell_end_of_canary(&self, had_canary: bool) -> Result<()> {
        let event = {
            let mut config = self.config.load_mut()?;
            if !had_canary || config.canary_version != 0 {
                return Ok(());
            }
            CanarySet::of(&mut config, self.signer.key(), &Clock::get()?)
        };
        emit(&event, &self.event_authority)
    }

    fn apply(&self, change: impl FnOnce(&mut GlobalConfig, &Clock) -> Result<()>) -> Result<()> {
        let clock = Clock::get()?;
        let event = {
            let mut config = self.config.load_mut()?;
            change(&mut config, &clock)?;
            config.invariant()?;
            ConfigChanged::of(&mut config, self.signer.key(), &clock)
        };
        emit(&event, &self.event_authority)
    }
}
