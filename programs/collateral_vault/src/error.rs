//! Errors of the collateral vault: numbers are fixed and only grow.

use anchor_lang::prelude::*;

#[error_code(offset = 6000)]
pub enum VaultError {
    #[msg("the amount must be greater than zero")]
    AmountIsZero = 0,
    #[msg("the amount is greater than the free collateral")]
    InsufficientFreeCollateral = 1,
    #[msg("the market pool holds less than the amount, because winners wait for losers to realize; try again later")]
    MarketPoolShort = 2,
    #[msg("the insurance of the market holds less than the amount")]
    InsuranceShort = 3,
    #[msg("the collected fees are less than the amount")]
    FeesShort = 4,
    #[msg("the net outflow of the rolling window would exceed the withdrawal limit")]
    WithdrawLimitExceeded = 5,
    #[msg("deposits are paused")]
    DepositsPaused = 6,
    #[msg("withdrawals are paused")]
    WithdrawalsPaused = 7,
    #[msg("locking collateral is paused")]
    LockingPaused = 8,
    #[msg("the signer is not the position program's authority")]
    NotPositionAuthority = 9,
    #[msg("the signer is not the admin of the vault")]
    NotAdmin = 10,
    #[msg("the signer is neither the admin nor the guardian of the vault")]
    NotAdminOrGuardian = 11,
    #[msg("the signer is not the upgrade authority of this program")]
    NotUpgradeAuthority = 12,
    #[msg("the signer is not the owner of the collateral account")]
    NotCollateralOwner = 13,
    #[msg("the mint is not the quote mint of the vault")]
    WrongQuoteMint = 14,
    #[msg("the token account is not the token account of the vault")]
    WrongVaultToken = 15,
    #[msg("the token program is not the one of the quote mint")]
    WrongTokenProgram = 16,
    #[msg("the token account belongs to another mint than the quote mint")]
    WrongTokenMint = 17,
    #[msg("the quote mint must have six decimals")]
    QuoteDecimalsNotSix = 18,
    #[msg("the quote mint has an extension that can move, freeze or tax the vault's tokens")]
    MintExtensionRefused = 19,
    #[msg("the token account received another amount than was sent")]
    TransferAmountMismatch = 20,
    #[msg("the vault holds fewer tokens than it owes")]
    LedgerNotBacked = 21,
    #[msg("a ledger total would leave its range")]
    LedgerOverflow = 22,
    #[msg("the guardian may only add pause bits")]
    GuardianMayOnlyPause = 23,
    #[msg("the pause bits contain a bit that does not exist")]
    UnknownPauseBit = 24,
    #[msg("the withdrawal limit needs a window of at least one second and at most thirty days")]
    InvalidLimitWindow = 25,
    #[msg("the delay is longer than thirty days")]
    DelayTooLong = 26,
    #[msg("no change of the admin is pending")]
    NoPendingAdmin = 27,
    #[msg("the signer is not the pending admin")]
    NotPendingAdmin = 28,
    #[msg("the delay of the pending change has not passed")]
    DelayNotPassed = 29,
    #[msg("an admin instruction may not run in a transaction that starts with a durable nonce")]
    DurableNonceRefused = 30,
    #[msg("the fees may only go to a token account of the fee recipient")]
    WrongFeeRecipient = 31,
    #[msg("the default address is not allowed here")]
    DefaultAddressRefused = 32,
    #[msg("withdrawals were paused lately, so they stay open for three days unless a renewal was announced")]
    WithdrawalsMustStayOpen = 33,
    #[msg("no renewal of the withdrawal pause was announced")]
    NoPauseRenewalProposed = 34,
    #[msg("the announced renewal of the withdrawal pause was not executed within three days; announce it again")]
    PauseRenewalLapsed = 35,
    #[msg("the delay may only be raised")]
    DelayNotRaised = 36,
    #[msg("the pool still holds collateral or insurance")]
    PoolNotEmpty = 37,
}
