use anchor_lang::prelude::*;
use collateral_vault::{
    cpi::{
        accounts::{MovePool, Release},
        draw_insurance, release,
    },
    program::CollateralVault,
    state::{Collateral, MarketPool},
};
use gdx_math::money::{open_payouts, pay_out, Ledger, Payouts};
use gdx_units::Atoms;

use crate::{
    error::{OrProgramError, PositionError},
    events::{emit, PositionPaid},
    seeds::{AUTHORITY_ADDRESS, AUTHORITY_SEEDS, VAULT_STATE_ADDRESS},
    state::{MarketSettlement, PerpMarket, UserPosition},
};

/// Pays one position its share and closes it; anyone may, once no position of the market has size left. The first one
/// fixes what is shared.
#[event_cpi]
#[derive(Accounts)]
pub struct PayPosition<'info> {
    #[account(mut, constraint = market.load()?.usdt_vault == pool.key() @ PositionError::WrongPool)]
    pub market: AccountLoader<'info, PerpMarket>,
    #[account(mut, has_one = market @ PositionError::WrongSettlement)]
    pub settlement: AccountLoader<'info, MarketSettlement>,
    #[account(mut, has_one = market @ PositionError::WrongMarket, close = recipient)]
    pub position: AccountLoader<'info, UserPosition>,
    /// CHECK: the position's parent wallet, which is its owner where there is no session; gets the rent.
    #[account(mut, constraint = recipient.key() == position.load()?.parent_wallet @ PositionError::WrongRentRecipient)]
    pub recipient: UncheckedAccount<'info>,
    /// The recipient's free collateral; may be left out when nothing is paid.
    #[account(mut, constraint = collateral.load()?.owner == recipient.key() @ PositionError::WrongCollateral)]
    pub collateral: Option<AccountLoader<'info, Collateral>>,
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

impl PayPosition<'_> {
    pub fn validate(&self) -> Result<()> {
        let market = self.market.load()?;
        market.require_settling()?;
        require!(!market.has_size_left(), PositionError::PositionsNotSettled);
        Ok(())
    }

    pub fn handle(ctx: Context<PayPosition>) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = &ctx.accounts;
        let (drawn, paid) = accounts.take_off_books()?;
        if drawn.0 > 0 {
            accounts.draw_insurance(drawn.0.unsigned_abs())?;
        }
        if paid.0 > 0 {
            accounts.release(paid.0.unsigned_abs())?;
        }
        let event = {
            let mut market = accounts.market.load_mut()?;
            let settlement = accounts.settlement.load()?;
            let position = accounts.position.load()?;
            market.settling_invariant(&settlement, accounts.pool.load()?.locked_atoms)?;
            PositionPaid {
                head: market.next_head(&clock),
                market: accounts.market.key(),
                position: accounts.position.key(),
                owner: position.owner,
                recipient: accounts.recipient.key(),
                collateral_atoms: position.collateral,
                paid_atoms: paid.0.unsigned_abs(),
                payable_atoms: settlement.payable_atoms,
                claims_atoms: settlement.claims_atoms,
                market_collateral_atoms: market.collateral_sum_atoms,
                position_count: market.position_count,
                realized_pnl_atoms: position.realized_pnl,
                accumulated_funding_atoms: position.accumulated_funding,
            }
        };
        emit(&event, &accounts.event_authority)
    }

    /// Takes the position's claim off the books; what insurance has to add to the pool now, and what is paid.
    fn take_off_books(&self) -> Result<(Atoms, Atoms)> {
        let mut market = self.market.load_mut()?;
        let mut settlement = self.settlement.load_mut()?;
        let mut money = self.position.load()?.money()?;
        let mut ledger = market.ledger()?;
        let (payouts, drawn) = match settlement.payouts() {
            Some(payouts) => (payouts, Atoms::ZERO),
            None => {
                let payouts = self.open_payouts(&market, &settlement, &mut ledger)?;
                settlement.start_paying(&payouts);
                (payouts, payouts.drawn)
            }
        };
        let paid = pay_out(&mut money, &mut ledger, &payouts).or_error()?;
        market.store_ledger(&ledger)?;
        market.uncount_position()?;
        settlement.count_paid(paid)?;
        Ok((drawn, paid))
    }

    fn open_payouts(
        &self,
        market: &PerpMarket,
        settlement: &MarketSettlement,
        ledger: &mut Ledger,
    ) -> Result<Payouts> {
        let pool = self.pool.load()?;
        market.settling_invariant(settlement, pool.locked_atoms)?;
        let atoms = |amount: u64| {
            let amount = i64::try_from(amount);
            amount.map(Atoms).map_err(|_| PositionError::MathOverflow)
        };
        open_payouts(
            ledger,
            atoms(pool.locked_atoms)?,
            atoms(pool.insurance_atoms)?,
        )
        .or_error()
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

    fn release(&self, amount_atoms: u64) -> Result<()> {
        let collateral = self.collateral.as_ref();
        let accounts = Release {
            vault_state: self.vault_state.to_account_info(),
            collateral: collateral
                .ok_or(PositionError::WrongCollateral)?
                .to_account_info(),
            pool: self.pool.to_account_info(),
            position_authority: self.authority.to_account_info(),
        };
        let program = self.vault_program.key();
        release(
            CpiContext::new_with_signer(program, accounts, &[AUTHORITY_SEEDS]),
            amount_atoms,
        )
    }
}
