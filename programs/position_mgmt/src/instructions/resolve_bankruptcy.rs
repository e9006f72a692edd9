use anchor_lang::prelude::*;
use collateral_vault::{
    cpi::{accounts::MovePool, draw_insurance},
    program::CollateralVault,
    state::MarketPool,
};
use gdx_math::money::{cover_from_accrued, resolve_bankruptcy, Side};
use gdx_units::Atoms;

use crate::{
    error::{OrProgramError, PositionError},
    events::{emit, BankruptcyResolved},
    seeds::{AUTHORITY_ADDRESS, AUTHORITY_SEEDS, VAULT_STATE_ADDRESS},
    state::{MarketStatus, PerpMarket},
};

/// Covers what bankrupt positions left: from the market's insurance, then from the side that gained. Anyone may.
#[event_cpi]
#[derive(Accounts)]
pub struct ResolveBankruptcy<'info> {
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

impl ResolveBankruptcy<'_> {
    pub fn validate(&self) -> Result<()> {
        self.market.load()?.require_status(&[
            MarketStatus::Active,
            MarketStatus::ReduceOnly,
            MarketStatus::Halted,
        ])
    }

    /// `is_short_bankrupt` names the side whose shortfall is covered.
    pub fn handle(ctx: Context<ResolveBankruptcy>, is_short_bankrupt: bool) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = &ctx.accounts;
        let bankrupt = if is_short_bankrupt {
            Side::Short
        } else {
            Side::Long
        };
        let (covered, insured, socialized) = accounts.resolve(bankrupt)?;
        if insured.0 > 0 {
            accounts.draw_insurance(insured.0.unsigned_abs())?;
        }
        let event = {
            let mut market = accounts.market.load_mut()?;
            market.invariant(accounts.pool.load()?.locked_atoms)?;
            BankruptcyResolved {
                head: market.next_head(&clock),
                market: accounts.market.key(),
                bankrupt_side: u8::from(is_short_bankrupt),
                insured_atoms: covered.0 + insured.0,
                socialized_atoms: socialized.0,
                long_loss_index: market.long_loss_index,
                short_loss_index: market.short_loss_index,
            }
        };
        emit(&event, &accounts.event_authority)
    }

    /// What insurance not yet moved covers, what the pool's insurance pays, what the other side carries.
    fn resolve(&self, bankrupt: Side) -> Result<(Atoms, Atoms, Atoms)> {
        let mut market = self.market.load_mut()?;
        let mut ledger = market.ledger()?;
        let outstanding_before = ledger.outstanding_loss_atoms;
        require_gt!(ledger.shortfall(bankrupt).0, 0, PositionError::NoShortfall);
        let covered = cover_from_accrued(&mut ledger, bankrupt).or_error()?;
        let insurance = i64::try_from(self.pool.load()?.insurance_atoms).unwrap_or(i64::MAX);
        let insured = resolve_bankruptcy(&mut ledger, bankrupt, Atoms(insurance)).or_error()?;
        let socialized = Atoms(ledger.outstanding_loss_atoms - outstanding_before);
        market.store_ledger(&ledger)?;
        Ok((covered, insured, socialized))
    }

    fn draw_insurance(&self, amount_atoms: u64) -> Result<()> {
        let accounts = MovePool {
            vault_state: self.vault_state.to_account_info(),
            pool: self.pool.to_account_info(),
            position_authority: self.authority.to_account_info(),
        };
        let program = self.vault_program.key();
        draw_insurance(
            CpiContext::new_with_signer(program, accounts, &[AUTHORITY_SEEDS]),
            amount_atoms,
        )
    }
}
