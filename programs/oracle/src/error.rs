//! Errors of the oracle: numbers are fixed and only grow.

use anchor_lang::prelude::*;

#[error_code(offset = 6200)]
pub enum OracleError {
    #[msg("the signer is not the upgrade authority of this program")]
    NotUpgradeAuthority = 0,
    #[msg("the signer is not the authority of the feed")]
    NotFeedAuthority = 1,
    #[msg("the signer is not a publisher of the feed")]
    NotPublisher = 2,
    #[msg("the price must be greater than zero")]
    PriceIsZero = 3,
    #[msg("the price is above a billion USDT")]
    PriceTooHigh = 4,
    #[msg("the confidence is wider than the highest price")]
    ConfidenceTooHigh = 5,
    #[msg("the publish time is not later than the publisher's last one")]
    PublishTimeNotLater = 6,
    #[msg("the publish time lies in the future")]
    PublishTimeInFuture = 7,
    #[msg("a feed needs at least three and at most eight publishers")]
    WrongPublisherCount = 8,
    #[msg("the publishers repeat an address or contain the default address")]
    PublisherRepeated = 9,
    #[msg("the least number of publishers is below three or above the number of publishers")]
    InvalidMinPublishers = 10,
    #[msg("the limits must be greater than zero and at most thirty days or one hundred percent, stale before too old")]
    InvalidLimits = 11,
    #[msg("the delay is longer than thirty days")]
    DelayTooLong = 12,
    #[msg("the account is not the fallback of the feed")]
    WrongFallback = 13,
    #[msg("the fallback account is not a fully verified price update of the stored feed id")]
    InvalidFallback = 14,
    #[msg("no change of the authority is pending")]
    NoPendingAuthority = 15,
    #[msg("the signer is not the pending authority")]
    NotPendingAuthority = 16,
    #[msg("the delay of the pending change has not passed")]
    DelayNotPassed = 17,
    #[msg("an admin instruction may not run in a transaction that starts with a durable nonce")]
    DurableNonceRefused = 18,
    #[msg("a computation of the feed left its range")]
    MathOverflow = 19,
    #[msg("the default address is not allowed here")]
    DefaultAddressRefused = 20,
    #[msg("the feed's publishers, averages or minutes contradict each other")]
    FeedInconsistent = 21,
    #[msg("the delay may only be raised")]
    DelayNotRaised = 22,
}
