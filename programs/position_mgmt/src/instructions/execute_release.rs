use anchor_lang::prelude::*;
use collateral_vault::{
    cpi::{accounts::Release, release},
    program::CollateralVault,
    state::{Collateral, MarketPool},
};
use gdx_math::{
    money::{move_collateral, touch},
    oracle::Action,
};
use gdx_units::{Atoms, PriceE6};
use oracle::state::PriceFeed;

use crate::{
    error::{OrProgramError, PositionError},
    events::{emit, CollateralReleased, PositionAfter},
    seeds::{AUTHORITY_ADDRESS, AUTHORITY_SEEDS, CONFIG_ADDRESS, VAULT_STATE_ADDRESS},
    settlement::usable_price,
    state::{
        has_current_layout, require_initial_margin, GlobalConfig, MarketStatus, PerpMarket,
        UserPosition,
    },
};

/// Second step of taking collateral out; anyone may take it once the request is old enough.
#[event_cpi]
#[derive(Accounts)]
pub struct ExecuteRelease<'info> {
    #[account(
        address = CONFIG_ADDRESS,
        constraint = has_current_layout(&config) @ PositionError::ConfigLayoutOld
    )]
    pub config: AccountLoader<'info, GlobalConfig>,
    #[account(
        mut,
        constraint = market.load()?.usdt_vault == pool.key() @ PositionError::WrongPool,
        constraint = market.load()?.price_oracle == price_feed.key() @ PositionError::WrongPriceFeed
    )]
    pub market: AccountLoader<'info, PerpMarket>,
    #[account(mut, has_one = market @ PositionError::WrongMarket)]
    pub position: AccountLoader<'info, UserPosition>,
    #[account(mut, constraint = collateral.load()?.owner == position.load()?.parent_wallet @ PositionError::WrongCollateral)]
    pub collateral: AccountLoader<'info, Collateral>,
    #[account(mut)]
    pub pool: AccountLoader<'info, MarketPool>,
    pub price_feed: AccountLoader<'info, PriceFeed>,
    /// CHECK: the vault program checks it.
    #[account(mut, address = VAULT_STATE_ADDRESS)]
    pub vault_state: UncheckedAccount<'info>,
    /// CHECK: this program's signing address.
    #[account(address = AUTHORITY_ADDRESS)]
    pub authority: UncheckedAccount<'info>,
    pub vault_program: Program<'info, CollateralVault>,
}

impl ExecuteRelease<'_> {
    pub fn validate(&self) -> Result<()> {
        let now_ts = Clock::get()?.unix_timestamp;
        self.config.load()?.require_releases_open(now_ts)?;
        self.market.load()?.require_status(&[
            MarketStatus::Active,
            MarketStatus::ReduceOnly,
            MarketStatus::Halted,
        ])
    }

    pub fn handle(ctx: Context<ExecuteRelease>) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = &ctx.accounts;
        let amount_atoms = accounts.take_out(&clock)?;
        accounts.release(amount_atoms)?;
        let event = {
            let mut market = accounts.market.load_mut()?;
            let position = accounts.position.load()?;
            market.invariant(accounts.pool.load()?.locked_atoms)?;
            CollateralReleased {
                head: market.next_head(&clock),
                market: accounts.market.key(),
                amount_atoms,
                after: PositionAfter::of(accounts.position.key(), &position, &market),
            }
        };
        emit(&event, &accounts.event_authority)
    }

    /// Takes the requested amount off the position and the market's books.
    fn take_out(&self, clock: &Clock) -> Result<u64> {
        let mut market = self.market.load_mut()?;
        let mut position = self.position.load_mut()?;
        let delay_slots = self.config.load()?.release_delay_slots;
        let amount_atoms = position.take_requested_release(clock.slot, delay_slots)?;
        let amount =
            i64::try_from(amount_atoms).map_err(|_| PositionError::AmountAboveCollateral)?;
        let mut ledger = market.ledger()?;
        let mut money = position.money()?;
        let funding = touch(&mut money, &mut ledger).or_error()?;
        require_gte!(
            money.collateral_atoms,
            amount,
            PositionError::AmountAboveCollateral
        );
        move_collateral(&mut money, &mut ledger, Atoms(-amount)).or_error()?;
        let feed = self.price_feed.load()?;
        let mut index = PriceE6(feed.price_e6());
        if money.size_e8 != 0 {
            index = usable_price(&feed, Action::ReleaseCollateral, clock)?;
            let prices = [market.mark_or(index), index];
            require_initial_margin(&money, &market, position.leverage, prices)?;
        }
        position.count_result(Atoms::ZERO, funding)?;
        position.store(&money, &market, market.mark_or(index), clock.unix_timestamp)?;
        market.store_ledger(&ledger)?;
        Ok(amount_atoms)
    }

    fn release(&self, amount_atoms: u64) -> Result<()> {
        let accounts = Release {
            vault_state: self.vault_state.to_account_info(),
            collateral: self.collateral.to_account_info(),
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
