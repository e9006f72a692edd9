use anchor_lang::prelude::*;

use crate::{
    error::PositionError,
    events::{emit, ConfigCreated},
    program::PositionMgmt,
    seeds::{SEED_BEAT, SEED_CONFIG},
    state::{CreateConfigArgs, GlobalConfig, RelayerBeat},
};

#[event_cpi]
#[derive(Accounts)]
pub struct CreateConfig<'info> {
    #[account(mut)]
    pub upgrade_authority: Signer<'info>,
    #[account(
        init,
        payer = upgrade_authority,
        space = GlobalConfig::SPACE,
        seeds = [SEED_CONFIG],
        bump
    )]
    pub config: AccountLoader<'info, GlobalConfig>,
    #[account(
        init,
        payer = upgrade_authority,
        space = RelayerBeat::SPACE,
        seeds = [SEED_BEAT],
        bump
    )]
    pub beat: AccountLoader<'info, RelayerBeat>,
    #[account(constraint = this_program.programdata_address()? == Some(program_data.key()) @ PositionError::NotUpgradeAuthority)]
    pub this_program: Program<'info, PositionMgmt>,
    #[account(constraint = program_data.upgrade_authority_address == Some(upgrade_authority.key()) @ PositionError::NotUpgradeAuthority)]
    pub program_data: Box<Account<'info, ProgramData>>,
    pub system_program: Program<'info, System>,
}

impl CreateConfig<'_> {
    pub fn validate(&self, args: &CreateConfigArgs) -> Result<()> {
        args.validate()
    }

    pub fn handle(ctx: Context<CreateConfig>, args: CreateConfigArgs) -> Result<()> {
        let clock = Clock::get()?;
        let event = {
            let mut config = ctx.accounts.config.load_init()?;
            config.open(&args, ctx.bumps.config)?;
            config.invariant()?;
            let mut beat = ctx.accounts.beat.load_init()?;
            beat.open(ctx.bumps.beat);
            beat.beat(config.active_relayer, config.relayer_epoch, &clock);
            ConfigCreated {
                head: config.next_head(&clock),
                admin: config.admin,
                guardian: config.guardian,
                active_relayer: config.active_relayer,
                delay_seconds: config.delay_seconds,
            }
        };
        emit(&event, &ctx.accounts.event_authority)
    }
}
