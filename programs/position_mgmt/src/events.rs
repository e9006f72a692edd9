//! Events: past tense, numbered per account, with the state after.

use anchor_lang::{
    event::EVENT_IX_TAG_LE,
    prelude::*,
    solana_program::{instruction::Instruction, program::invoke_signed_unchecked},
};

use crate::{
    state::{ConfigLimits, GlobalConfig, MarketParams, PerpMarket, UserPosition},
    EVENT_AUTHORITY_AND_BUMP,
};

mod settling;

pub use settling::*;

/// Starts every event; `sequence` grows by one per event of the account named by the event.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct EventHead {
    pub slot: u64,
    pub ts: i64,
    pub sequence: u64,
}

impl EventHead {
    pub fn new(clock: &Clock, sequence: u64) -> Self {
        Self {
            slot: clock.slot,
            ts: clock.unix_timestamp,
            sequence,
        }
    }
}

/// Emits by a call to the program itself. What Anchor's macro does, without its byte-by-byte copy, which costs
/// more than the call.
pub fn emit<E: anchor_lang::Event>(event: &E, event_authority: &AccountInfo<'_>) -> Result<()> {
    let mut data = Vec::with_capacity(512);
    data.extend_from_slice(EVENT_IX_TAG_LE);
    data.extend_from_slice(E::DISCRIMINATOR);
    event.serialize(&mut data)?;
    let instruction = Instruction {
        program_id: crate::ID,
        accounts: vec![AccountMeta::new_readonly(*event_authority.key, true)],
        data,
    };
    let seeds: &[&[u8]] = &[b"__event_authority", &[EVENT_AUTHORITY_AND_BUMP.1]];
    // No account of this call is borrowed or changed by it.
    invoke_signed_unchecked(
        &instruction,
        std::slice::from_ref(event_authority),
        &[seeds],
    )?;
    Ok(())
}

/// Sequence of the configuration.
#[event]
pub struct ConfigCreated {
    pub head: EventHead,
    pub admin: Pubkey,
    pub guardian: Pubkey,
    pub active_relayer: Pubkey,
    pub delay_seconds: u32,
}

/// A change of relayers, batch versions, pause bits or the smallest batch, as it stands after. Sequence of the
/// configuration.
#[event]
pub struct ConfigChanged {
    pub head: EventHead,
    pub signer: Pubkey,
    pub active_relayer: Pubkey,
    pub approved_relayers: [Pubkey; 4],
    pub relayer_epoch: u32,
    pub min_batch_size: u32,
    pub pause_bits: u32,
    pub allowed_batch_versions: u8,
    pub ever_live_versions: u8,
}

impl ConfigChanged {
    /// The configuration as it stands.
    pub fn of(config: &mut GlobalConfig, signer: Pubkey, clock: &Clock) -> Self {
        Self {
            head: config.next_head(clock),
            signer,
            active_relayer: config.active_relayer,
            approved_relayers: config.approved_relayers,
            relayer_epoch: config.relayer_epoch,
            min_batch_size: config.min_batch_size,
            pause_bits: config.pause_bits,
            allowed_batch_versions: config.allowed_batch_versions,
            ever_live_versions: config.ever_live_versions,
        }
    }
}

/// Releases are paused until then, at the latest. Sequence of the configuration.
#[event]
pub struct ReleasePauseBegun {
    pub head: EventHead,
    pub signer: Pubkey,
    pub expiry_ts: i64,
}

/// The canary as it stands; all zeros when there is none. Sequence of the configuration.
#[event]
pub struct CanarySet {
    pub head: EventHead,
    pub signer: Pubkey,
    pub version: u8,
    pub market: Pubkey,
    pub batches: u32,
    pub last_sequence: u64,
}

impl CanarySet {
    /// The canary as it stands.
    pub fn of(config: &mut GlobalConfig, signer: Pubkey, clock: &Clock) -> Self {
        Self {
            head: config.next_head(clock),
            signer,
            version: config.canary_version,
            market: config.canary_market,
            batches: config.canary_remaining,
            last_sequence: config.canary_last_sequence,
        }
    }
}

/// Sequence of the configuration.
#[event]
pub struct GuardianSet {
    pub head: EventHead,
    pub guardian: Pubkey,
}

/// Sequence of the configuration.
#[event]
pub struct ConfigLimitsSet {
    pub head: EventHead,
    pub limits: ConfigLimits,
}

/// Sequence of the configuration.
#[event]
pub struct DelayRaised {
    pub head: EventHead,
    pub delay_seconds: u32,
}

/// Sequence of the configuration.
#[event]
pub struct ConfigMigrated {
    pub head: EventHead,
    pub payer: Pubkey,
    pub layout_version: u8,
}

/// Sequence of the configuration.
#[event]
pub struct ChangeProposed {
    pub head: EventHead,
    pub change_hash: [u8; 32],
    pub not_before_ts: i64,
}

/// Sequence of the configuration.
#[event]
pub struct AdminProposed {
    pub head: EventHead,
    pub admin: Pubkey,
    pub pending_admin: Pubkey,
    pub not_before_ts: i64,
}

/// Sequence of the configuration.
#[event]
pub struct AdminAccepted {
    pub head: EventHead,
    pub admin: Pubkey,
}

/// Sequence of the market, as for all events below.
#[event]
pub struct MarketCreated {
    pub head: EventHead,
    pub market: Pubkey,
    pub symbol: [u8; 32],
    pub market_index: u32,
    pub price_oracle: Pubkey,
    pub pool: Pubkey,
    pub params: MarketParams,
}

#[event]
pub struct MarketStatusSet {
    pub head: EventHead,
    pub market: Pubkey,
    pub status: u8,
}

#[event]
pub struct MarketLimitsSet {
    pub head: EventHead,
    pub market: Pubkey,
    pub params: MarketParams,
}

#[event]
pub struct FundingSet {
    pub head: EventHead,
    pub market: Pubkey,
    pub funding_index: i64,
    pub funding_rate_e9: i64,
}

/// The money of a position and the sums of its market, after.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct PositionAfter {
    pub position: Pubkey,
    pub owner: Pubkey,
    pub size_e8: i64,
    pub cost_atoms: i64,
    pub collateral_atoms: u64,
    pub funding_index: i64,
    pub loss_index: i64,
    pub requested_release_atoms: u64,
    pub requested_release_slot: u64,
    pub market_collateral_atoms: i64,
    pub market_cost_atoms: i64,
}

impl PositionAfter {
    pub fn of(key: Pubkey, position: &UserPosition, market: &PerpMarket) -> Self {
        Self {
            position: key,
            owner: position.owner,
            size_e8: position.size,
            cost_atoms: position.cost_atoms,
            collateral_atoms: position.collateral,
            funding_index: position.funding_index,
            loss_index: position.loss_index,
            requested_release_atoms: position.requested_release_atoms,
            requested_release_slot: position.requested_release_slot,
            market_collateral_atoms: market.collateral_sum_atoms,
            market_cost_atoms: market.cost_sum_atoms,
        }
    }
}

#[event]
pub struct PositionOpened {
    pub head: EventHead,
    pub market: Pubkey,
    pub after: PositionAfter,
    pub leverage: u16,
}

/// Follows `PositionOpened` for the position of a session wallet.
#[event]
pub struct SessionLinked {
    pub head: EventHead,
    pub market: Pubkey,
    pub position: Pubkey,
    pub owner: Pubkey,
    pub parent_wallet: Pubkey,
}

#[event]
pub struct PositionClosed {
    pub head: EventHead,
    pub market: Pubkey,
    pub position: Pubkey,
    pub owner: Pubkey,
    pub realized_pnl_atoms: i64,
    pub accumulated_funding_atoms: i64,
}

#[event]
pub struct CollateralAdded {
    pub head: EventHead,
    pub market: Pubkey,
    pub amount_atoms: u64,
    pub after: PositionAfter,
}

#[event]
pub struct ReleaseRequested {
    pub head: EventHead,
    pub market: Pubkey,
    pub amount_atoms: u64,
    pub executable_from_slot: u64,
    pub after: PositionAfter,
}

#[event]
pub struct CollateralReleased {
    pub head: EventHead,
    pub market: Pubkey,
    pub amount_atoms: u64,
    pub after: PositionAfter,
}

#[event]
pub struct BatchSettled {
    pub head: EventHead,
    pub market: Pubkey,
    pub batch_id: [u8; 32],
    pub merkle_root: [u8; 32],
    pub relayer: Pubkey,
    pub batch_sequence: u64,
    pub version: u8,
    pub flags: u8,
    pub trade_count: u16,
    pub position_count: u16,
    pub mark_price_e6: u64,
    pub index_price_e6: u64,
    pub open_interest_e8: u64,
    pub collateral_sum_atoms: i64,
    pub cost_sum_atoms: i64,
    pub accrued_fees_atoms: i64,
    pub funding_pool_atoms: i64,
    pub slippage_used_atoms: u64,
}

#[event]
pub struct PositionLiquidated {
    pub head: EventHead,
    pub market: Pubkey,
    pub liquidatee: PositionAfter,
    pub liquidator: PositionAfter,
    /// Signed like the liquidatee's size before.
    pub size_e8: i64,
    pub price_e6: u64,
    pub notional_atoms: i64,
    pub liquidator_fee_atoms: i64,
    pub insurance_fee_atoms: i64,
    pub shortfall_atoms: i64,
}

#[event]
pub struct BankruptcyResolved {
    pub head: EventHead,
    pub market: Pubkey,
    /// 0 when longs went bankrupt, 1 when shorts did.
    pub bankrupt_side: u8,
    pub insured_atoms: i64,
    pub socialized_atoms: i64,
    pub long_loss_index: i64,
    pub short_loss_index: i64,
}

#[event]
pub struct FeesSwept {
    pub head: EventHead,
    pub market: Pubkey,
    pub fees_atoms: u64,
    pub insurance_atoms: u64,
    pub accrued_fees_atoms: i64,
    pub insurance_fund_atoms: u64,
}

#[event]
pub struct BatchPruned {
    pub head: EventHead,
    pub market: Pubkey,
    pub batch_id: [u8; 32],
    pub batch_sequence: u64,
}
