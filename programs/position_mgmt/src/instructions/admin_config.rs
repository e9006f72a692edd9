//! What only the admin changes in the configuration, with the same accounts.

use anchor_lang::prelude::*;

use crate::{
    constants::INSTRUCTIONS_SYSVAR,
    error::PositionError,
    events::{emit, AdminProposed, ChangeProposed, ConfigChanged},
    guard::{change_hash, refuse_durable_nonce},
    instruction,
    seeds::CONFIG_ADDRESS,
    state::GlobalConfig,
};

#[event_cpi]
#[derive(Accounts)]
pub struct AdminConfig<'info> {
    #[account(mut, has_one = admin @ PositionError::NotAdmin, address = CONFIG_ADDRESS)]
    pub config: AccountLoader<'info, GlobalConfig>,
    pub admin: Signer<'info>,
    /// CHECK: the instructions sysvar, fixed by its address.
    #[account(address = INSTRUCTIONS_SYSVAR)]
    pub instructions: UncheckedAccount<'info>,
}

impl AdminConfig<'_> {
    pub fn validate(&self) -> Result<()> {
        refuse_durable_nonce(&self.instructions)
    }

    pub fn set_min_batch_size(ctx: Context<AdminConfig>, min_batch_size: u32) -> Result<()> {
        ctx.accounts
            .apply(|config, _| config.set_min_batch_size(min_batch_size))
    }

    pub fn approve_relayer(ctx: Context<AdminConfig>, relayer: Pubkey) -> Result<()> {
        let change = change_hash(&instruction::ApproveRelayer { relayer }, None);
        ctx.accounts.apply(|config, now_ts| {
            config.consume_change(&change, now_ts)?;
            config.approve_relayer(relayer)
        })
    }

    pub fn propose_change(ctx: Context<AdminConfig>, change_hash: [u8; 32]) -> Result<()> {
        let clock = Clock::get()?;
        let event = {
            let mut config = ctx.accounts.config.load_mut()?;
            config.propose_change(change_hash, clock.unix_timestamp);
            ChangeProposed {
                head: config.next_head(&clock),
                change_hash,
                not_before_ts: config.pending_change_not_before_ts,
            }
        };
        emit(&event, &ctx.accounts.event_authority)
    }

    pub fn propose_admin(ctx: Context<AdminConfig>, new_admin: Pubkey) -> Result<()> {
        require_keys_neq!(
            new_admin,
            Pubkey::default(),
            PositionError::DefaultAddressRefused
        );
        let clock = Clock::get()?;
        let event = {
            let mut config = ctx.accounts.config.load_mut()?;
            config.propose_admin(new_admin, clock.unix_timestamp);
            AdminProposed {
                head: config.next_head(&clock),
                admin: config.admin,
                pending_admin: config.pending_admin,
                not_before_ts: config.pending_admin_not_before_ts,
            }
        };
        emit(&event, &ctx.accounts.event_authority)
    }

    fn apply(&self, change: impl FnOnce(&mut GlobalConfig, i64) -> Result<()>) -> Result<()> {
        let clock = Clock::get()?;
        let event = {
            let mut config = self.config.load_mut()?;
            change(&mut config, clock.unix_timestamp)?;
            config.invariant()?;
            ConfigChanged::of(&mut config, self.admin.key(), &clock)
        };
        emit(&event, &self.event_authority)
    }
}
