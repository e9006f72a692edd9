use anchor_lang::prelude::*;
use collateral_vault::{
    cpi::{accounts::MovePool, fund_insurance, sweep_fees},
    program::CollateralVault,
    state::MarketPool,
};

use crate::{
    error::PositionError,
    events::{emit, FeesSwept},
    seeds::{AUTHORITY_ADDRESS, AUTHORITY_SEEDS, VAULT_STATE_ADDRESS},
    state::{MarketStatus, PerpMarket},
};

/// Moves what the market earned out of its pool: fees to the vault's fees, insurance's share to its insurance.
#[event_cpi]
#[derive(Accounts)]
pub struct SweepFees<'info> {
    #[account(mut, constraint = market.load()?.usdt_vault == pool.key() @ PositionError::WrongPool)]
    pub market: AccountLoader<'info, PerpMarket>,
    #[account(mut)]
    pub pool: AccountLoader<'info, MarketPool>,
    /// CHECK: the vault program checks it.
    #[account(mut, address = VAULT_STATE_ADDRESS)]
    pub vault_state: UncheckedAccount<'info>,
    /// CHECK: this program's signing address.
    #[account(address = AUTHORITY_ADDRESS)]
    pub authority: UncheckedAccount<'info>,
    pub vault_program: Program<'info, CollateralVault>,
}

impl SweepFees<'_> {
    /// A settling market pays its positions first; what is left goes when it is closed.
    pub fn validate(&self) -> Result<()> {
        self.market.load()?.require_status(&[
            MarketStatus::Active,
            MarketStatus::ReduceOnly,
            MarketStatus::Halted,
        ])
    }

    pub fn handle(ctx: Context<SweepFees>) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = &ctx.accounts;
        let locked_atoms = accounts.pool.load()?.locked_atoms;
        let (fees_atoms, insurance_atoms) =
            accounts.market.load_mut()?.take_earned(locked_atoms)?;
        require!(
            fees_atoms > 0 || insurance_atoms > 0,
            PositionError::NothingToSweep
        );
        if fees_atoms > 0 {
            sweep_fees(accounts.vault_call(), fees_atoms)?;
        }
        if insurance_atoms > 0 {
            fund_insurance(accounts.vault_call(), insurance_atoms)?;
        }
        let event = {
            let mut market = accounts.market.load_mut()?;
            market.invariant(accounts.pool.load()?.locked_atoms)?;
            FeesSwept {
                head: market.next_head(&clock),
                market: accounts.market.key(),
                fees_atoms,
                insurance_atoms,
                accrued_fees_atoms: market.accrued_fees_atoms,
                insurance_fund_atoms: market.insurance_fund,
            }
        };
        emit(&event, &accounts.event_authority)
    }
}

impl<'info> SweepFees<'info> {
    fn vault_call(&self) -> CpiContext<'static, 'static, 'static, 'info, MovePool<'info>> {
        let accounts = MovePool {
            vault_state: self.vault_state.to_account_info(),
            pool: self.pool.to_account_info(),
            position_authority: self.authority.to_account_info(),
        };
        CpiContext::new_with_signer(self.vault_program.key(), accounts, &[AUTHORITY_SEEDS])
    }
}
