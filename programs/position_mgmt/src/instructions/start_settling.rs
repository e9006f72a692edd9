use anchor_lang::prelude::*;
use collateral_vault::state::MarketPool;
use gdx_math::{
    money::{is_average_near, is_index_nearly_used_up, is_loss_stuck},
    oracle::Action,
};
use gdx_units::{Atoms, PriceE6};
use oracle::state::PriceFeed;

use crate::{
    constants::{INSTRUCTIONS_SYSVAR, SETTLING_WITHOUT_ORACLE_SECONDS},
    error::PositionError,
    events::{emit, SettlingStarted},
    guard::{change_hash, refuse_durable_nonce},
    instruction,
    seeds::{CONFIG_ADDRESS, SEED_SETTLEMENT},
    settlement::usable_price,
    state::{
        has_current_layout, GlobalConfig, MarketSettlement, MarketStatus, PerpMarket,
        SettlingReason,
    },
};

/// Neither a pause nor a halt keeps anyone from it: this is every user's way out.
#[event_cpi]
#[derive(Accounts)]
pub struct StartSettling<'info> {
    /// Pays for the settlement account, and gets its rent back.
    #[account(mut)]
    pub payer: Signer<'info>,
    #[account(
        mut,
        address = CONFIG_ADDRESS,
        constraint = has_current_layout(&config) @ PositionError::ConfigLayoutOld
    )]
    pub config: AccountLoader<'info, GlobalConfig>,
    /// Signs a delisting; nobody does otherwise.
    pub admin: Option<Signer<'info>>,
    #[account(
        mut,
        constraint = market.load()?.usdt_vault == pool.key() @ PositionError::WrongPool,
        constraint = market.load()?.price_oracle == price_feed.key() @ PositionError::WrongPriceFeed
    )]
    pub market: AccountLoader<'info, PerpMarket>,
    pub pool: AccountLoader<'info, MarketPool>,
    pub price_feed: AccountLoader<'info, PriceFeed>,
    #[account(
        init,
        payer = payer,
        space = MarketSettlement::SPACE,
        seeds = [SEED_SETTLEMENT, market.key().as_ref()],
        bump
    )]
    pub settlement: AccountLoader<'info, MarketSettlement>,
    pub system_program: Program<'info, System>,
    /// CHECK: the instructions sysvar, fixed by its address.
    #[account(address = INSTRUCTIONS_SYSVAR)]
    pub instructions: UncheckedAccount<'info>,
}

impl StartSettling<'_> {
    pub fn validate(&self) -> Result<()> {
        self.market.load()?.require_status(&[
            MarketStatus::Active,
            MarketStatus::ReduceOnly,
            MarketStatus::Halted,
        ])
    }

    /// `reason` is a [`SettlingReason`], whose own rule must hold.
    pub fn handle(ctx: Context<StartSettling>, reason: u8) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = &ctx.accounts;
        let reason = SettlingReason::from_byte(reason)?;
        accounts.require_reason(reason, clock.unix_timestamp)?;
        let price = accounts.price(&clock)?;
        let event = {
            let mut market = accounts.market.load_mut()?;
            let mut settlement = accounts.settlement.load_init()?;
            settlement.open(
                (accounts.market.key(), accounts.payer.key()),
                reason,
                price,
                market.total_open_interest,
                ctx.bumps.settlement,
                clock.unix_timestamp,
            );
            market.set_status(MarketStatus::Settling);
            market.settling_invariant(&settlement, accounts.pool.load()?.locked_atoms)?;
            SettlingStarted {
                head: market.next_head(&clock),
                market: accounts.market.key(),
                settlement: accounts.settlement.key(),
                reason: settlement.reason,
                price_e6: price.0,
                open_interest_e8: market.total_open_interest,
                position_count: market.position_count,
            }
        };
        emit(&event, &accounts.event_authority)
    }

    /// # Errors
    /// The reason's own: `NotAdmin`, `DurableNonceRefused`, `ChangeNotProposed`, `DelayNotPassed`; `MarketNotSilent`;
    /// `LossNotStuck`; `IndexNotNearlyUsedUp`.
    fn require_reason(&self, reason: SettlingReason, now_ts: i64) -> Result<()> {
        let market = self.market.load()?;
        match reason {
            SettlingReason::Delisting => self.require_delisting(reason, now_ts),
            SettlingReason::Silence => market.require_silent(now_ts),
            SettlingReason::StuckLoss => {
                let insurance = i64::try_from(self.pool.load()?.insurance_atoms);
                let is_stuck =
                    is_loss_stuck(&market.ledger()?, Atoms(insurance.unwrap_or(i64::MAX)));
                require!(is_stuck, PositionError::LossNotStuck);
                Ok(())
            }
            SettlingReason::UsedUpIndex => {
                let is_due = is_index_nearly_used_up(&market.ledger()?);
                require!(is_due, PositionError::IndexNotNearlyUsedUp);
                Ok(())
            }
        }
    }

    fn require_delisting(&self, reason: SettlingReason, now_ts: i64) -> Result<()> {
        let mut config = self.config.load_mut()?;
        let signer = self.admin.as_ref().map(|admin| admin.key());
        require!(signer == Some(config.admin), PositionError::NotAdmin);
        refuse_durable_nonce(&self.instructions)?;
        let delisting = instruction::StartSettling {
            reason: reason as u8,
        };
        let change = change_hash(&delisting, Some(&self.market.key()));
        config.consume_change(&change, now_ts)
    }

    /// The feed's one-hour average. Any will do while nothing is open; after three days without a batch it is taken as
    /// it stands, so that a dead oracle locks no money for ever.
    ///
    /// # Errors
    /// `OracleNotUsable`, `AverageTooFar`.
    fn price(&self, clock: &Clock) -> Result<PriceE6> {
        let market = self.market.load()?;
        let feed = self.price_feed.load()?;
        let average = PriceE6(feed.twap_e6());
        if !market.has_size_left() {
            return Ok(average);
        }
        require_gt!(average.0, 0, PositionError::OracleNotUsable);
        let silent_seconds = market.silent_seconds(clock.unix_timestamp);
        if silent_seconds < SETTLING_WITHOUT_ORACLE_SECONDS {
            let price = usable_price(&feed, Action::StartSettling, clock)?;
            require!(
                is_average_near(average, price, market.price_band()),
                PositionError::AverageTooFar
            );
        }
        Ok(average)
    }
}
