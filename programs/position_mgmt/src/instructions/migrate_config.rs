use anchor_lang::{
    prelude::*,
    system_program::{transfer, Transfer},
};

use crate::{
    events::{emit, ConfigMigrated},
    seeds::CONFIG_ADDRESS,
    state::{require_layout_1, GlobalConfig},
};

/// Grows the configuration to the present layout. Anyone may, and pays the rent of what is new.
#[event_cpi]
#[derive(Accounts)]
pub struct MigrateConfig<'info> {
    #[account(mut)]
    pub payer: Signer<'info>,
    /// Not read before it has grown.
    #[account(mut, address = CONFIG_ADDRESS)]
    pub config: AccountLoader<'info, GlobalConfig>,
    pub system_program: Program<'info, System>,
}

impl MigrateConfig<'_> {
    pub fn validate(&self) -> Result<()> {
        require_layout_1(self.config.as_ref())
    }

    pub fn handle(ctx: Context<MigrateConfig>) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = &ctx.accounts;
        accounts.grow()?;
        let event = {
            let mut config = accounts.config.load_mut()?;
            config.migrate()?;
            ConfigMigrated {
                head: config.next_head(&clock),
                payer: accounts.payer.key(),
                layout_version: config.layout_version,
            }
        };
        emit(&event, &accounts.event_authority)
    }

    fn grow(&self) -> Result<()> {
        let info: &AccountInfo<'_> = self.config.as_ref();
        let rent_lamports = Rent::get()?.minimum_balance(GlobalConfig::SPACE);
        let missing_lamports = rent_lamports.saturating_sub(info.lamports());
        if missing_lamports > 0 {
            let accounts = Transfer {
                from: self.payer.to_account_info(),
                to: self.config.to_account_info(),
            };
            let call = CpiContext::new(self.system_program.key(), accounts);
            transfer(call, missing_lamports)?;
        }
        info.resize(GlobalConfig::SPACE)?;
        Ok(())
    }
}
