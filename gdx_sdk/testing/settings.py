"""Settings of a local exchange: every check is on, no limit is in a test's way. Not for a real cluster.

The values are frozen; a test that needs another number says just that one, with `dataclasses.replace`.
"""

from __future__ import annotations

from solders.pubkey import Pubkey

from gdx_sdk.instructions import CreateConfigArgs, FeedLimits, MarketParams, WithdrawLimit

UNLIMITED = 10**15
"""Atoms, or 1e-8 of the base asset: more than a test moves."""

MARKET_PARAMS = MarketParams(
    max_leverage=10,
    initial_margin_ratio_bps=500,
    maintenance_margin_ratio_bps=250,
    maker_fee_ppm=-100,
    taker_fee_ppm=500,
    liquidation_fee_ppm=10_000,
    price_band_bps=200,
    min_position_size_e8=1,
    max_position_size_e8=UNLIMITED,
    max_open_interest_e8=UNLIMITED,
    max_slippage_per_hour_atoms=UNLIMITED,
)
"""For `create_market`."""

FEED_LIMITS = FeedLimits(
    max_confidence_bps=100, max_deviation_bps=10_000, stale_seconds=120, too_old_seconds=600
)
"""For `create_feed`: a price may double at once, and is stale after two minutes."""

WITHDRAW_LIMIT = WithdrawLimit(limit_atoms=UNLIMITED, user_minimum_atoms=10**6, window_seconds=3_600)
"""For `create_vault`."""


def config_args(admin: Pubkey, *, relayer: Pubkey | None = None) -> CreateConfigArgs:
    """For `create_config`: changes take effect at once, batches are kept for an hour.

    The admin is the guardian, too, and the relayer unless another is given.
    """
    return CreateConfigArgs(
        admin=admin,
        guardian=admin,
        relayer=admin if relayer is None else relayer,
        allowed_batch_versions=3,
        min_batch_size=1,
        delay_seconds=0,
        takeover_slots=8,
        release_delay_slots=2,
        batch_retention_seconds=3_600,
        slippage_floor_atoms=UNLIMITED,
        slippage_share_bps=10_000,
        insurance_share_bps=2_500,
    )
