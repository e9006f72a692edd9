use anchor_lang::prelude::*;
use collateral_vault::{
    cpi::{accounts::Lock, lock},
    program::CollateralVault,
    state::{Collateral, MarketPool},
};
use gdx_math::money::{move_collateral, settle_overdraft, touch};
use gdx_units::{Atoms, PriceE6};

use crate::{
    constants::PAUSE_ADD_COLLATERAL,
    error::{OrProgramError, PositionError},
    events::{emit, CollateralAdded, PositionAfter},
    seeds::{AUTHORITY_ADDRESS, AUTHORITY_SEEDS, CONFIG_ADDRESS, VAULT_STATE_ADDRESS},
    state::{has_current_layout, GlobalConfig, MarketStatus, PerpMarket, UserPosition},
};

#[event_cpi]
#[derive(Accounts)]
pub struct AddCollateral<'info> {
    /// The position's owner or its parent wallet; it is its own free collateral that is locked.
    pub owner: Signer<'info>,
    #[account(
        address = CONFIG_ADDRESS,
        constraint = has_current_layout(&config) @ PositionError::ConfigLayoutOld
    )]
    pub config: AccountLoader<'info, GlobalConfig>,
    #[account(mut, constraint = market.load()?.usdt_vault == pool.key() @ PositionError::WrongPool)]
    pub market: AccountLoader<'info, PerpMarket>,
    #[account(
        mut,
        has_one = market @ PositionError::WrongMarket,
        constraint = position.load()?.is_run_by(owner.key) @ PositionError::WrongOwner
    )]
    pub position: AccountLoader<'info, UserPosition>,
    #[account(mut, has_one = owner @ PositionError::WrongCollateral)]
    pub collateral: AccountLoader<'info, Collateral>,
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

impl AddCollateral<'_> {
    pub fn validate(&self, amount_atoms: u64) -> Result<()> {
        require_neq!(amount_atoms, 0, PositionError::AmountIsZero);
        let config = self.config.load()?;
        config.require_open(PAUSE_ADD_COLLATERAL, PositionError::AddCollateralPaused)?;
        self.market.load()?.require_status(&[
            MarketStatus::Active,
            MarketStatus::ReduceOnly,
            MarketStatus::Halted,
        ])
    }

    pub fn handle(ctx: Context<AddCollateral>, amount_atoms: u64) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = &ctx.accounts;
        accounts.lock(amount_atoms)?;
        let amount = i64::try_from(amount_atoms).map_err(|_| PositionError::MathOverflow)?;
        let event = {
            let mut market = accounts.market.load_mut()?;
            let mut position = accounts.position.load_mut()?;
            let mut ledger = market.ledger()?;
            let mut money = position.money()?;
            let funding = touch(&mut money, &mut ledger).or_error()?;
            move_collateral(&mut money, &mut ledger, Atoms(amount)).or_error()?;
            settle_overdraft(&mut money, &mut ledger, None).or_error()?;
            let mark = market.mark_or(PriceE6(position.entry_price));
            position.count_result(Atoms::ZERO, funding)?;
            position.store(&money, &market, mark, clock.unix_timestamp)?;
            market.store_ledger(&ledger)?;
            market.invariant(accounts.pool.load()?.locked_atoms)?;
            CollateralAdded {
                head: market.next_head(&clock),
                market: accounts.market.key(),
                amount_atoms,
                after: PositionAfter::of(accounts.position.key(), &position, &market),
            }
        };
        emit(&event, &accounts.event_authority)
    }

    fn lock(&self, amount_atoms: u64) -> Result<()> {
        let accounts = Lock {
            vault_state: self.vault_state.to_account_info(),
            collateral: self.collateral.to_account_info(),
            pool: self.pool.to_account_info(),
            position_authority: self.authority.to_account_info(),
        };
        let program = self.vault_program.key();
        lock(
            CpiContext::new_with_signer(program, accounts, &[AUTHORITY_SEEDS]),
            amount_atoms,
        )
    }
}
