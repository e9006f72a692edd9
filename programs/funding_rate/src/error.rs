//! Errors of funding: numbers are fixed and only grow.

use anchor_lang::prelude::*;

#[error_code(offset = 6300)]
pub enum FundingError {
    #[msg("the signer is not the admin of the configuration")]
    NotAdmin = 0,
    #[msg("the market is not the one of the funding account")]
    WrongMarket = 1,
    #[msg("the price feed is not the one of the market")]
    WrongFeed = 2,
    #[msg("the index price is too volatile, too uncertain, too old or zero, so funding waits")]
    PriceBlocked = 3,
    #[msg("the last sample is less than ten seconds old")]
    SampleTooSoon = 4,
    #[msg("no full hour has passed since the last funding update")]
    FundingNotDue = 5,
    #[msg("the market does not trade, so there is no premium to sample")]
    MarketNotTrading = 6,
    #[msg(
        "the market's mark price is more than five minutes old, so it says nothing about the premium"
    )]
    MarkPriceStale = 7,
    #[msg("the clamp of the rate must be greater than zero and at most one percent per hour")]
    InvalidMaxRate = 8,
    #[msg("a computation of the funding rate left its range")]
    MathOverflow = 9,
    #[msg("an admin instruction may not run in a transaction that starts with a durable nonce")]
    DurableNonceRefused = 10,
    #[msg("the funding index of the market is not the one of the funding account")]
    FundingIndexMismatch = 11,
    #[msg("the funding account's rate is beyond its clamp or its hours are in the future")]
    FundingInconsistent = 12,
    #[msg("the configuration has an old layout: run position_mgmt's migrate_config first")]
    ConfigLayoutOld = 13,
    #[msg("funding of earlier hours is still to be paid; update the funding first")]
    FundingOverdue = 14,
    #[msg("the market is not settling, so it still needs its funding account")]
    MarketNotSettling = 15,
    #[msg("the market is settling, so it needs no funding account")]
    MarketSettling = 16,
}
