use anchor_lang::prelude::*;
use collateral_vault::{
    cpi::{
        accounts::{ClosePool, MovePool},
        close_pool, draw_insurance, sweep_fees,
    },
    program::CollateralVault,
    state::MarketPool,
};

use crate::{
    constants::FUNDING_PROGRAM,
    error::PositionError,
    events::{emit, MarketClosed},
    seeds::{
        AUTHORITY_ADDRESS, AUTHORITY_SEEDS, CONFIG_ADDRESS, SEED_FUNDING, VAULT_STATE_ADDRESS,
    },
    state::{has_current_layout, GlobalConfig, MarketSettlement, PerpMarket},
};

/// The last step of settling; anyone may. What is left of the market's money goes to the vault's fees, the rent of
/// market and pool to the admin, that of the settlement to who paid it. Records of batches are pruned without the
/// market.
#[event_cpi]
#[derive(Accounts)]
pub struct CloseMarket<'info> {
    #[account(
        mut,
        address = CONFIG_ADDRESS,
        constraint = has_current_layout(&config) @ PositionError::ConfigLayoutOld
    )]
    pub config: AccountLoader<'info, GlobalConfig>,
    #[account(
        mut,
        constraint = market.load()?.usdt_vault == pool.key() @ PositionError::WrongPool,
        close = admin
    )]
    pub market: AccountLoader<'info, PerpMarket>,
    #[account(
        mut,
        has_one = market @ PositionError::WrongSettlement,
        constraint = settlement.load()?.payer == settlement_payer.key() @ PositionError::WrongRentRecipient,
        close = settlement_payer
    )]
    pub settlement: AccountLoader<'info, MarketSettlement>,
    #[account(mut)]
    pub pool: AccountLoader<'info, MarketPool>,
    /// CHECK: the market's funding account, which must not exist any more.
    #[account(
        seeds = [SEED_FUNDING, market.key().as_ref()],
        bump,
        seeds::program = FUNDING_PROGRAM,
        constraint = funding.data_is_empty() @ PositionError::FundingNotClosed
    )]
    pub funding: UncheckedAccount<'info>,
    /// CHECK: the configuration's admin.
    #[account(mut, constraint = admin.key() == config.load()?.admin @ PositionError::WrongRentRecipient)]
    pub admin: UncheckedAccount<'info>,
    /// CHECK: named by the settlement.
    #[account(mut)]
    pub settlement_payer: UncheckedAccount<'info>,
    /// CHECK: the vault program checks it.
    #[account(mut, address = VAULT_STATE_ADDRESS)]
    pub vault_state: UncheckedAccount<'info>,
    /// CHECK: this program's signing address.
    #[account(address = AUTHORITY_ADDRESS)]
    pub authority: UncheckedAccount<'info>,
    pub vault_program: Program<'info, CollateralVault>,
}

impl CloseMarket<'_> {
    pub fn validate(&self) -> Result<()> {
        let market = self.market.load()?;
        market.require_settling()?;
        market.require_no_positions()
    }

    pub fn handle(ctx: Context<CloseMarket>) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = &ctx.accounts;
        let (locked_atoms, insurance_atoms) = {
            let pool = accounts.pool.load()?;
            let market = accounts.market.load()?;
            market.settling_invariant(&*accounts.settlement.load()?, pool.locked_atoms)?;
            (pool.locked_atoms, pool.insurance_atoms)
        };
        let swept_atoms = locked_atoms
            .checked_add(insurance_atoms)
            .ok_or(PositionError::MathOverflow)?;
        if insurance_atoms > 0 {
            draw_insurance(accounts.move_pool(), insurance_atoms)?;
        }
        if swept_atoms > 0 {
            sweep_fees(accounts.move_pool(), swept_atoms)?;
        }
        close_pool(accounts.close_pool())?;
        let market_key = accounts.market.key();
        accounts.config.load_mut()?.note_closed_market(&market_key);
        let event = {
            let mut market = accounts.market.load_mut()?;
            MarketClosed {
                head: market.next_head(&clock),
                market: market_key,
                market_index: market.market_index,
                last_batch_sequence: market.last_batch_sequence,
                paid_atoms: accounts.settlement.load()?.paid_atoms,
                swept_atoms,
            }
        };
        emit(&event, &accounts.event_authority)
    }
}

impl<'info> CloseMarket<'info> {
    fn move_pool(&self) -> CpiContext<'static, 'static, 'static, 'info, MovePool<'info>> {
        let accounts = MovePool {
            vault_state: self.vault_state.to_account_info(),
            pool: self.pool.to_account_info(),
            position_authority: self.authority.to_account_info(),
        };
        CpiContext::new_with_signer(self.vault_program.key(), accounts, &[AUTHORITY_SEEDS])
    }

    fn close_pool(&self) -> CpiContext<'static, 'static, 'static, 'info, ClosePool<'info>> {
        let accounts = ClosePool {
            vault_state: self.vault_state.to_account_info(),
            pool: self.pool.to_account_info(),
            recipient: self.admin.to_account_info(),
            position_authority: self.authority.to_account_info(),
        };
        CpiContext::new_with_signer(self.vault_program.key(), accounts, &[AUTHORITY_SEEDS])
    }
}
