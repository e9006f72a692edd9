//! What only the admin changes in the configuration, with the same accounts.

use anchor_lang::{prelude::*, Event};

use crate::{
    constants::INSTRUCTIONS_SYSVAR,
    error::PositionError,
    events::{
        emit, AdminProposed, ChangeProposed, ConfigChanged, ConfigLimitsSet, DelayRaised,
        GuardianSet,
    },
    guard::{change_hash, refuse_durable_nonce},
    instruction,
    seeds::CONFIG_ADDRESS,
    state::{has_current_layout, ConfigLimits, GlobalConfig},
};

#[event_cpi]
#[derive(Accounts)]
pub struct AdminConfig<'info> {
    #[account(
        mut,
        address = CONFIG_ADDRESS,
        constraint = has_current_layout(&config) @ PositionError::ConfigLayoutOld,
        constraint = config.load()?.admin == admin.key() @ PositionError::NotAdmin
    )]
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
        let admin = ctx.accounts.admin.key();
        ctx.accounts.apply(|config, clock| {
            config.set_min_batch_size(min_batch_size)?;
            Ok(ConfigChanged::of(config, admin, clock))
        })
    }

    pub fn approve_relayer(ctx: Context<AdminConfig>, relayer: Pubkey) -> Result<()> {
        let change = change_hash(&instruction::ApproveRelayer { relayer }, None);
        let admin = ctx.accounts.admin.key();
        ctx.accounts.apply(|config, clock| {
            config.consume_change(&change, clock.unix_timestamp)?;
            config.approve_relayer(relayer)?;
            Ok(ConfigChanged::of(config, admin, clock))
        })
    }

    pub fn set_guardian(ctx: Context<AdminConfig>, guardian: Pubkey) -> Result<()> {
        let change = change_hash(&instruction::SetGuardian { guardian }, None);
        ctx.accounts.apply(|config, clock| {
            config.consume_change(&change, clock.unix_timestamp)?;
            config.set_guardian(guardian)?;
            let head = config.next_head(clock);
            Ok(GuardianSet { head, guardian })
        })
    }

    pub fn set_config_limits(ctx: Context<AdminConfig>, limits: ConfigLimits) -> Result<()> {
        let change = change_hash(&instruction::SetConfigLimits { limits }, None);
        ctx.accounts.apply(|config, clock| {
            config.consume_change(&change, clock.unix_timestamp)?;
            config.set_limits(&limits)?;
            let head = config.next_head(clock);
            Ok(ConfigLimitsSet { head, limits })
        })
    }

    pub fn raise_delay(ctx: Context<AdminConfig>, delay_seconds: u32) -> Result<()> {
        let change = change_hash(&instruction::RaiseDelay { delay_seconds }, None);
        ctx.accounts.apply(|config, clock| {
            config.consume_change(&change, clock.unix_timestamp)?;
            config.raise_delay(delay_seconds)?;
            Ok(DelayRaised {
                head: config.next_head(clock),
                delay_seconds,
            })
        })
    }

    pub fn propose_change(ctx: Context<AdminConfig>, change_hash: [u8; 32]) -> Result<()> {
        ctx.accounts.apply(|config, clock| {
            config.propose_change(change_hash, clock.unix_timestamp);
            Ok(ChangeProposed {
                head: config.next_head(clock),
                change_hash,
                not_before_ts: config.pending_change_not_before_ts,
            })
        })
    }

    pub fn propose_admin(ctx: Context<AdminConfig>, new_admin: Pubkey) -> Result<()> {
        require_keys_neq!(
            new_admin,
            Pubkey::default(),
            PositionError::DefaultAddressRefused
        );
        ctx.accounts.apply(|config, clock| {
            config.propose_admin(new_admin, clock.unix_timestamp);
            Ok(AdminProposed {
                head: config.next_head(clock),
                admin: config.admin,
                pending_admin: config.pending_admin,
                not_before_ts: config.pending_admin_not_before_ts,
            })
        })
    }

    fn apply<E: Event>(
        &self,
        change: impl FnOnce(&mut GlobalConfig, &Clock) -> Result<E>,
    ) -> Result<()> {
        let clock = Clock::get()?;
        let event = {
            let mut config = self.config.load_mut()?;
            let event = change(&mut config, &clock)?;
            config.invariant()?;
            event
        };
        emit(&event, &self.event_authority)
    }
}
