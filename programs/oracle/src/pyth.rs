//! Reads Pyth's `PriceUpdateV2`, the fallback of a feed.

use anchor_lang::prelude::*;

use crate::{constants::PYTH_RECEIVER, error::OracleError, state::FallbackFeed};

const DISCRIMINATOR: [u8; 8] = [0x22, 0xf1, 0x23, 0x63, 0x9d, 0x7e, 0xf4, 0xcd];
/// After the discriminator and the write authority: 1 = verified in full.
const VERIFICATION_AT: usize = 40;
const FULLY_VERIFIED: u8 = 1;
const MESSAGE_AT: usize = VERIFICATION_AT + 1;
/// A fully verified update ends here: message and posted slot.
const MESSAGE_LEN: usize = 32 + 8 + 8 + 4 + 8 + 8 + 8 + 8 + 8;
/// Decimals of the exchange's prices.
const PRICE_DECIMALS: i32 = 6;

/// A price update in the exchange's units; zero where Pyth's is negative or out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PythPrice {
    pub price_e6: u64,
    /// Rounded up: it is what one does not know.
    pub confidence_e6: u64,
    pub ema_e6: u64,
    pub publish_ts: i64,
}

/// # Errors
/// `WrongFallback` for another account, `InvalidFallback` for another owner, layout, level or feed id.
pub fn read_price(account: &AccountInfo<'_>, fallback: &FallbackFeed) -> Result<PythPrice> {
    require_keys_eq!(account.key(), fallback.account, OracleError::WrongFallback);
    require_keys_eq!(*account.owner, PYTH_RECEIVER, OracleError::InvalidFallback);
    let data = account.try_borrow_data()?;
    parse_price(&data, &fallback.feed_id).ok_or(error!(OracleError::InvalidFallback))
}

/// `None` when the data is not a fully verified update of `feed_id`.
fn parse_price(data: &[u8], feed_id: &[u8; 32]) -> Option<PythPrice> {
    let is_verified =
        data.starts_with(&DISCRIMINATOR) && data.get(VERIFICATION_AT) == Some(&FULLY_VERIFIED);
    let message = data.get(MESSAGE_AT..MESSAGE_AT + MESSAGE_LEN)?;
    if !is_verified || message[..32] != feed_id[..] {
        return None;
    }
    let long = |at: usize| -> Option<[u8; 8]> { message.get(at..at + 8)?.try_into().ok() };
    let exponent = i32::from_le_bytes(message.get(48..52)?.try_into().ok()?);
    let price = u64::try_from(i64::from_le_bytes(long(32)?)).unwrap_or(0);
    let ema = u64::try_from(i64::from_le_bytes(long(68)?)).unwrap_or(0);
    Some(PythPrice {
        price_e6: scale_e6(price, exponent, false).unwrap_or(0),
        confidence_e6: scale_e6(u64::from_le_bytes(long(40)?), exponent, true).unwrap_or(u64::MAX),
        ema_e6: scale_e6(ema, exponent, false).unwrap_or(0),
        publish_ts: i64::from_le_bytes(long(52)?),
    })
}

/// `value · 10^(exponent + 6)`; `None` when it does not fit.
fn scale_e6(value: u64, exponent: i32, round_up: bool) -> Option<u64> {
    let shift = exponent.checked_add(PRICE_DECIMALS)?;
    let factor = 10u64.checked_pow(shift.unsigned_abs())?;
    if shift >= 0 {
        value.checked_mul(factor)
    } else if round_up {
        Some(value.div_ceil(factor))
    } else {
        Some(value / factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEED_ID: [u8; 32] = [9; 32];

    fn update(price: i64, confidence: u64, exponent: i32, level: u8) -> Vec<u8> {
        let mut data = DISCRIMINATOR.to_vec();
        data.extend([1; 32]);
        data.push(level);
        data.extend(FEED_ID);
        data.extend(price.to_le_bytes());
        data.extend(confidence.to_le_bytes());
        data.extend(exponent.to_le_bytes());
        data.extend(1_700_000_000i64.to_le_bytes());
        data.extend(1_699_999_999i64.to_le_bytes());
        data.extend((price + 100).to_le_bytes());
        data.extend(confidence.to_le_bytes());
        data.extend(77u64.to_le_bytes());
        data
    }

    #[test]
    fn an_update_is_read_in_our_units() {
        let price = parse_price(&update(6_000_012_345_678, 150, -8, 1), &FEED_ID).unwrap();
        let expected = PythPrice {
            price_e6: 60_000_123_456,
            confidence_e6: 2,
            ema_e6: 60_000_123_457,
            publish_ts: 1_700_000_000,
        };
        assert_eq!(price, expected);
        assert_eq!(
            parse_price(&update(5, 0, -5, 1), &FEED_ID)
                .unwrap()
                .price_e6,
            50
        );
    }

    #[test]
    fn what_is_not_a_full_update_of_the_feed_is_refused() {
        let good = update(100, 1, -8, 1);
        assert!(parse_price(&good, &[8; 32]).is_none());
        assert!(parse_price(&update(100, 1, -8, 0), &FEED_ID).is_none());
        assert!(parse_price(&good[..good.len() - 1], &FEED_ID).is_none());
        let mut other = good;
        other[0] ^= 1;
        assert!(parse_price(&other, &FEED_ID).is_none());
    }

    #[test]
    fn a_negative_price_is_zero() {
        assert_eq!(
            parse_price(&update(-500, 1, -8, 1), &FEED_ID)
                .unwrap()
                .price_e6,
            0
        );
    }
}
