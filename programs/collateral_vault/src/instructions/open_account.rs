use anchor_lang::prelude::*;

use crate::{events::AccountOpened, seeds::SEED_COLLATERAL, state::Collateral};

#[event_cpi]
#[derive(Accounts)]
pub struct OpenAccount<'info> {
    #[account(mut)]
    pub payer: Signer<'info>,
    /// CHECK: any address may own collateral; only its signature takes money out.
    pub owner: UncheckedAccount<'info>,
    #[account(
        init,
        payer = payer,
        space = Collateral::SPACE,
        seeds = [SEED_COLLATERAL, owner.key().as_ref()],
        bump
    )]
    pub collateral: AccountLoader<'info, Collateral>,
    pub system_program: Program<'info, System>,
}

impl OpenAccount<'_> {
    pub fn handle(ctx: Context<OpenAccount>) -> Result<()> {
        let clock = Clock::get()?;
        let event = {
            let mut collateral = ctx.accounts.collateral.load_init()?;
            collateral.open(ctx.accounts.owner.key(), ctx.bumps.collateral);
            collateral.invariant()?;
            AccountOpened {
                head: collateral.next_head(&clock),
                collateral: ctx.accounts.collateral.key(),
                owner: collateral.owner,
            }
        };
        emit_cpi!(event);
        Ok(())
    }
}
