//! Errors: fixed numbers from 6400, append-only, each a sentence that names the broken rule.

use anchor_lang::prelude::*;
use gdx_math::MathError;

#[error_code(offset = 6400)]
pub enum PositionError {
    #[msg("the signer is not the admin of the configuration")]
    NotAdmin,
    #[msg("the signer is neither the admin nor the guardian of the configuration")]
    NotAdminOrGuardian,
    #[msg("the signer is not the upgrade authority of this program")]
    NotUpgradeAuthority,
    #[msg("the guardian may only add pause bits and narrow the batch versions")]
    GuardianMayOnlyRestrict,
    #[msg("an admin transaction must not start with a durable nonce")]
    DurableNonceRefused,
    #[msg("the address must not be the default address")]
    DefaultAddressRefused,
    #[msg("the delay must be at most thirty days")]
    DelayTooLong,
    #[msg("no change with this content is pending: propose its hash first")]
    ChangeNotProposed,
    #[msg("the delay of the pending change has not passed")]
    DelayNotPassed,
    #[msg("no admin transfer is pending")]
    NoPendingAdmin,
    #[msg("the signer is not the pending admin")]
    NotPendingAdmin,
    #[msg("the pause mask has a bit that no operation owns")]
    UnknownPauseBit,
    #[msg("the version mask has a bit of a batch version that does not exist")]
    UnknownVersionBit,
    #[msg("the smallest batch size must be at most 18")]
    MinBatchSizeTooLarge,
    #[msg("the relayer is not approved")]
    RelayerNotApproved,
    #[msg("the relayer is approved already")]
    RelayerAlreadyApproved,
    #[msg("four relayers are approved already")]
    TooManyRelayers,
    #[msg("the active relayer cannot be revoked: make another one active first")]
    ActiveRelayerNotRevocable,
    #[msg("the signer is not the active relayer")]
    WrongRelayer,
    #[msg("the batch carries another relayer epoch than the configuration")]
    WrongEpoch,
    #[msg("the active relayer's last beat is not old enough for a take-over")]
    RelayerAlive,
    #[msg("the symbol hash is not the sha256 of the symbol")]
    WrongSymbolHash,
    #[msg("the symbol must be 1 to 32 printable ASCII characters, padded with zeros")]
    BadSymbol,
    #[msg("the maximal leverage must be at least 1 and within the initial margin ratio")]
    BadLeverageLimit,
    #[msg("margin ratios must satisfy 0 < maintenance < initial <= 10000 bps")]
    BadMarginRatios,
    #[msg("fees must be within 1 % and maker plus taker fee must not be negative")]
    BadFees,
    #[msg("the price band must be above 0 and below 10000 bps")]
    BadPriceBand,
    #[msg("limits must be positive and the position limit within the open interest limit")]
    BadLimits,
    #[msg("the liquidation fee must be below the maintenance margin ratio")]
    BadLiquidationFee,
    #[msg("a share in bps must be at most 10000")]
    BadShare,
    #[msg("the market status does not exist or cannot be set by hand")]
    BadMarketStatus,
    #[msg("the market does not accept this in its present status")]
    MarketNotActive,
    #[msg("the market is reduce-only: the entry adds risk")]
    MarketReduceOnly,
    #[msg("opening positions is paused")]
    OpenPaused,
    #[msg("adding risk is paused")]
    AddRiskPaused,
    #[msg("settling batches is paused")]
    SettlePaused,
    #[msg("liquidation is paused")]
    LiquidationPaused,
    #[msg("adding collateral is paused")]
    AddCollateralPaused,
    #[msg("releasing collateral is paused")]
    ReleasePaused,
    #[msg("the leverage must be between 1 and the market's maximum")]
    BadLeverage,
    #[msg("the position belongs to another owner")]
    WrongOwner,
    #[msg("the position belongs to another market")]
    WrongMarket,
    #[msg("the price feed is not the market's")]
    WrongPriceFeed,
    #[msg("the pool is not the market's")]
    WrongPool,
    #[msg("the collateral account belongs to another owner")]
    WrongCollateral,
    #[msg("the position still has size or collateral")]
    PositionNotEmpty,
    #[msg("the amount must be positive")]
    AmountIsZero,
    #[msg("the amount is above the position's collateral")]
    AmountAboveCollateral,
    #[msg("no release is requested")]
    NoReleaseRequested,
    #[msg("the requested release is too young to execute")]
    ReleaseTooEarly,
    #[msg("the oracle price does not allow this action now")]
    OracleNotUsable,
    #[msg("the batch version does not exist")]
    InvalidBatchVersion,
    #[msg("the batch version is not allowed now")]
    BatchVersionNotAllowed,
    #[msg("the batch bytes do not follow the format of their version")]
    BatchMalformed,
    #[msg("the batch has fewer trades than the smallest batch size and is no flush")]
    BatchTooSmall,
    #[msg("the sequence is settled with other content")]
    BatchConflict,
    #[msg("the sequence was settled too long ago to be compared")]
    BatchTooOld,
    #[msg("the sequence is not the next one of the market")]
    BatchOutOfOrder,
    #[msg("the previous batch id is not the market's last one")]
    BatchPreviousMismatch,
    #[msg("the batch account is not the address of this batch id")]
    WrongBatchAddress,
    #[msg("the batch has times ahead of the chain's clock")]
    BatchFromFuture,
    #[msg("the Merkle root is not the root of the trades")]
    MerkleRootMismatch,
    #[msg("position accounts must be writable, of this market, in strictly ascending order, each used")]
    BadPositionAccounts,
    #[msg("the net sizes, quotes, fees or fill counts of the batch do not balance")]
    BatchNotBalanced,
    #[msg("the entry's turnover is below its net quote")]
    TurnoverTooSmall,
    #[msg("the entry's fee is not within the market's fee rates")]
    FeeOutOfRange,
    #[msg("the entry's price is outside the market's band around the oracle")]
    PriceOutOfBand,
    #[msg("the market's slippage of this hour would pass its cap")]
    MarketSlippageExceeded,
    #[msg("the position's slippage of this hour would pass its cap")]
    PositionSlippageExceeded,
    #[msg("the position's equity is below its initial margin requirement")]
    InsufficientMargin,
    #[msg("the position would be larger than the market allows")]
    PositionTooLarge,
    #[msg("the market's open interest would be larger than allowed")]
    OpenInterestTooLarge,
    #[msg("the batch is not old enough to be pruned, or the market's last one")]
    BatchNotPrunable,
    #[msg("the batch was settled by another relayer")]
    WrongBatchRelayer,
    #[msg("the position is healthy")]
    PositionHealthy,
    #[msg("a position cannot liquidate itself")]
    SelfLiquidation,
    #[msg("nothing is bankrupt on this side")]
    NoShortfall,
    #[msg("nobody is open to carry the loss")]
    NobodyToCarryLoss,
    #[msg("nothing is accrued that the pool could pay")]
    NothingToSweep,
    #[msg("the funding update is not later than the last one")]
    FundingNotNewer,
    #[msg("a product or sum does not fit in its type")]
    MathOverflow,
    #[msg("the market's books do not add up to what its pool holds")]
    MarketNotBacked,
    #[msg("long and short interest differ")]
    InterestNotBalanced,
    #[msg("a position would end with negative collateral")]
    NegativeCollateral,
    #[msg("the configuration has an old layout: run migrate_config first")]
    ConfigLayoutOld,
    #[msg("the configuration has the present layout already")]
    ConfigLayoutCurrent,
    #[msg("the configuration has a size that no layout has")]
    ConfigLayoutUnknown,
    #[msg("a canary may last at most 10000 batches")]
    CanaryTooLong,
    #[msg("the batch version is allowed for all markets already")]
    VersionAlreadyAllowed,
    #[msg("the slippage floor must be at most a hundred billion USDT")]
    SlippageFloorTooLarge,
    #[msg("the take-over age must be 1 to 216000 slots")]
    BadTakeoverSlots,
    #[msg("the delay of a release must be 1 to 9000 slots")]
    BadReleaseDelay,
    #[msg("batches must be kept for a minute to thirty days")]
    BadBatchRetention,
    #[msg("the delay may only be raised")]
    DelayNotRaised,
    #[msg("the parent wallet has requested a release, which its session wallet cannot change")]
    ReleaseRequestedByParent,
    #[msg("the reason to settle the market does not exist")]
    BadSettlingReason,
    #[msg("the market had a batch within the last day")]
    MarketNotSilent,
    #[msg("every loss of the market can still be covered or carried")]
    LossNotStuck,
    #[msg("no index of the market is nearly used up")]
    IndexNotNearlyUsedUp,
    #[msg("the oracle's hourly average is further from its price than the market's band")]
    AverageTooFar,
    #[msg("the market is not settling")]
    MarketNotSettling,
    #[msg("the settlement belongs to another market")]
    WrongSettlement,
    #[msg("the position has no size to settle")]
    NothingToSettle,
    #[msg("a position of the market still has size: settle it first")]
    PositionsNotSettled,
    #[msg("the market still has positions: pay them out first")]
    PositionsLeft,
    #[msg("the market was created before positions were counted, so it cannot be closed")]
    PositionsNotCounted,
    #[msg("the market's funding account still exists: close it first")]
    FundingNotClosed,
    #[msg("rent goes back to who paid it: the account is another one")]
    WrongRentRecipient,
    #[msg("releases must stay open for 72 hours after a pause of them")]
    ReleasesMustStayOpen,
}

impl From<MathError> for PositionError {
    fn from(error: MathError) -> Self {
        match error {
            MathError::Overflow | MathError::DivisionByZero => Self::MathOverflow,
            MathError::NobodyToCarryLoss => Self::NobodyToCarryLoss,
            MathError::QuoteWithoutSize => Self::BatchMalformed,
        }
    }
}

/// Turns a failed computation into this program's error.
pub trait OrProgramError<T> {
    /// The value, or the error with this program's number.
    fn or_error(self) -> Result<T>;
}

impl<T> OrProgramError<T> for core::result::Result<T, MathError> {
    #[inline]
    fn or_error(self) -> Result<T> {
        self.map_err(|error| PositionError::from(error).into())
    }
}
