//! The programs' accounts as JSON values, for comparing kept accounts with what the programs read in them.
//!
//! Addresses are base58, byte arrays hex, structs objects. Reserved space is left out.

mod told;

use anchor_lang::{error::ErrorCode, require_eq, AccountDeserialize, Result};
use collateral_vault::state::{Collateral, MarketPool, VaultState, WithdrawLimit, WithdrawLimiter};
use ephemeral_vault::state::{EphemeralVault, Session};
use funding_rate::state::{FundingHour, FundingState};
use oracle::state::{
    FallbackFeed, FeedLimits, MinuteRange, MinuteRing, PriceFeed, Publisher, PublisherSet,
};
use position_mgmt::state::{
    GlobalConfig, MarketSettlement, PerpMarket, RelayerBeat, SettlementBatch, UserPosition,
};
use serde_json::Value;
use told::{told_fields, Told};

/// What a program reads in an account of the type called `name`; `None` for a name that no program has.
///
/// # Errors
/// As Anchor's own: another discriminator, too few bytes, a value that no field of that type has.
pub fn read_account(name: &str, data: &[u8]) -> Option<Result<Value>> {
    Some(match name {
        "Collateral" => read_in_place::<Collateral>(data),
        "MarketPool" => read_in_place::<MarketPool>(data),
        "VaultState" => read_in_place::<VaultState>(data),
        "EphemeralVault" => read::<EphemeralVault>(data),
        "Session" => read::<Session>(data),
        "PriceFeed" => read_in_place::<PriceFeed>(data),
        "FundingState" => read_in_place::<FundingState>(data),
        "GlobalConfig" => read_in_place::<GlobalConfig>(data),
        "MarketSettlement" => read_in_place::<MarketSettlement>(data),
        "PerpMarket" => read_in_place::<PerpMarket>(data),
        "RelayerBeat" => read_in_place::<RelayerBeat>(data),
        "SettlementBatch" => read_in_place::<SettlementBatch>(data),
        "UserPosition" => read_in_place::<UserPosition>(data),
        _ => return None,
    })
}

/// For accounts that the programs don't copy: as their loader does, an account of another size is refused, which
/// Anchor's decoder panics at.
fn read_in_place<T: AccountDeserialize + Told>(data: &[u8]) -> Result<Value> {
    require_eq!(
        data.len(),
        8 + size_of::<T>(),
        ErrorCode::AccountDidNotDeserialize
    );
    read::<T>(data)
}

fn read<T: AccountDeserialize + Told>(mut data: &[u8]) -> Result<Value> {
    Ok(T::try_deserialize(&mut data)?.told())
}

told_fields!(Collateral {
    owner,
    free_atoms,
    total_deposited_atoms,
    total_withdrawn_atoms,
    total_locked_atoms,
    total_released_atoms,
    window_start_ts,
    window_withdrawn_atoms,
    event_sequence,
    layout_version,
    bump
});
told_fields!(MarketPool {
    market,
    locked_atoms,
    insurance_atoms,
    total_locked_atoms,
    total_released_atoms,
    total_swept_atoms,
    total_insured_atoms,
    total_drawn_atoms,
    layout_version,
    bump
});
told_fields!(WithdrawLimit {
    limit_atoms,
    user_minimum_atoms,
    window_seconds
});
told_fields!(WithdrawLimiter {
    current,
    pending,
    pending_not_before_ts,
    window_start_ts,
    window_net_atoms,
    previous_net_atoms
});
told_fields!(VaultState {
    quote_mint,
    vault_token,
    token_program,
    position_authority,
    admin,
    guardian,
    pending_admin,
    fee_recipient,
    free_atoms,
    locked_atoms,
    insurance_atoms,
    fees_atoms,
    total_deposited_atoms,
    total_withdrawn_atoms,
    limiter,
    pending_admin_not_before_ts,
    withdraw_pause_expiry_ts,
    delay_seconds,
    event_sequence,
    layout_version,
    bump,
    vault_token_bump,
    quote_decimals,
    pause_bits,
    pending_role,
    pending_role_key,
    pending_role_not_before_ts,
    pending_delay_seconds,
    pending_delay_not_before_ts,
    withdrawals_open_since_ts,
    pause_renewal_not_before_ts
});
told_fields!(EphemeralVault {
    user_wallet,
    vault_pda,
    created_at,
    last_activity,
    approved_amount,
    used_amount,
    available_amount,
    event_sequence,
    is_active,
    bump,
    layout_version
});
told_fields!(Session {
    user_wallet,
    session_key,
    user_token,
    expiry_ts,
    bump,
    layout_version
});
told_fields!(FundingHour {
    hour,
    premium_sum_e9,
    weight_seconds,
    index_price_e6
});
told_fields!(FundingState {
    market,
    hours,
    rates_e9,
    next_hour,
    last_rate_e9,
    funding_index,
    last_update_ts,
    last_sample_ts,
    last_premium_e9,
    market_premium_sum_e9,
    market_weight_seconds,
    max_rate_e9,
    pending_max_rate_e9,
    pending_max_rate_not_before_ts,
    event_sequence,
    layout_version,
    bump
});
told_fields!(FallbackFeed { account, feed_id });
told_fields!(Publisher {
    key,
    price_e6,
    confidence_e6,
    publish_ts,
    publish_slot
});
told_fields!(PublisherSet {
    keys,
    count,
    min_publishers
});
told_fields!(MinuteRange { low_e6, high_e6 });
told_fields!(MinuteRing {
    ranges,
    newest_minute
});
told_fields!(FeedLimits {
    max_confidence_bps,
    max_deviation_bps,
    stale_seconds,
    too_old_seconds
});
told_fields!(PriceFeed {
    symbol_hash,
    authority,
    pending_authority,
    fallback,
    pending_fallback,
    publishers,
    pending_publishers,
    minutes,
    price_e6,
    confidence_e6,
    publish_ts,
    publish_slot,
    last_good_price_e6,
    last_good_ts,
    ema_e9,
    twap_e9,
    average_ts,
    limits,
    pending_limits,
    pending_limits_not_before_ts,
    pending_publishers_not_before_ts,
    pending_fallback_not_before_ts,
    pending_authority_not_before_ts,
    delay_seconds,
    event_sequence,
    publisher_count,
    min_publishers,
    layout_version,
    bump,
    pending_delay_seconds,
    pending_delay_not_before_ts
});
told_fields!(GlobalConfig {
    admin,
    active_relayer,
    guardian,
    pending_admin,
    approved_relayers,
    canary_market,
    pending_change_hash,
    pending_admin_not_before_ts,
    pending_change_not_before_ts,
    slippage_floor_atoms,
    event_sequence,
    min_batch_size,
    relayer_epoch,
    pause_bits,
    delay_seconds,
    takeover_slots,
    release_delay_slots,
    batch_retention_seconds,
    market_count,
    canary_remaining,
    slippage_share_bps,
    insurance_share_bps,
    is_paused,
    allowed_batch_versions,
    ever_live_versions,
    canary_version,
    layout_version,
    bump,
    canary_last_sequence,
    relayer_since_slot,
    release_pause_expiry_ts,
    releases_open_since_ts
});
told_fields!(MarketSettlement {
    market,
    payer,
    price_e6,
    started_ts,
    open_interest_e8,
    imbalance_atoms,
    claims_atoms,
    payable_atoms,
    drawn_atoms,
    paid_atoms,
    settled_count,
    paid_count,
    reason,
    is_paying,
    layout_version,
    bump
});
told_fields!(PerpMarket {
    authority,
    market_id,
    symbol,
    base_asset,
    quote_asset,
    usdt_vault,
    price_oracle,
    fee_recipient,
    last_batch_id,
    funding_rate,
    last_funding_update,
    total_open_interest,
    total_long_interest,
    total_short_interest,
    insurance_fund,
    funding_index,
    premium_accumulator,
    long_loss_index,
    short_loss_index,
    mark_price_e6,
    last_batch_sequence,
    last_batch_ts,
    collateral_sum_atoms,
    cost_sum_atoms,
    accrued_fees_atoms,
    funding_pool_atoms,
    long_shortfall_atoms,
    short_shortfall_atoms,
    outstanding_loss_atoms,
    slippage_used_atoms,
    min_position_size_e8,
    max_position_size_e8,
    max_open_interest_e8,
    max_slippage_per_hour_atoms,
    event_sequence,
    market_index,
    premium_weight_seconds,
    slippage_ts,
    mark_ts,
    max_leverage,
    maintenance_margin_ratio,
    initial_margin_ratio,
    maker_fee,
    taker_fee,
    liquidation_fee_ppm,
    price_band_bps,
    status,
    is_active,
    layout_version,
    bump,
    position_count
});
told_fields!(RelayerBeat {
    relayer,
    slot,
    ts,
    epoch,
    layout_version,
    bump
});
told_fields!(SettlementBatch {
    batch_id,
    relayer,
    merkle_root,
    timestamp,
    sequence,
    market_index,
    trade_count,
    status,
    bump
});
told_fields!(UserPosition {
    owner,
    parent_wallet,
    market,
    size,
    entry_price,
    collateral,
    liquidation_price,
    maintenance_margin,
    realized_pnl,
    unrealized_pnl,
    funding_index,
    accumulated_funding,
    last_funding_update,
    open_timestamp,
    last_update_timestamp,
    cost_atoms,
    loss_index,
    slippage_used_atoms,
    requested_release_atoms,
    requested_release_slot,
    slippage_ts,
    leverage,
    layout_version,
    bump,
    is_release_by_parent
});
