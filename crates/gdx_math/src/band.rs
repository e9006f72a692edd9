//! How far a batch entry strays from the oracle's low–high, and what of a net fill is opened.
//!
//! A single trade is a net entry too: size delta ± size, quote delta ± notional, turnover = notional.

use gdx_units::{difference, Atoms, Bps, PriceE6, SizeE8, BPS_SCALE, SIZE_SCALE};

use crate::integer::{fits, mul_div, mul_div_rem, mul_div_signed, with_sign, Result, Rounding};

/// The oracle's range over the minutes that a batch covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceRange {
    /// Lowest price.
    pub low: PriceE6,
    /// Highest price.
    pub high: PriceE6,
}

impl PriceRange {
    /// `|qd − sd · ref / 1e8|` with ref the nearest end of the range, and the part of it that the entry lost
    /// (paid above the range, or received below it). The ends are rounded outward: the floor in a notional is no
    /// deviation.
    #[inline(always)]
    pub fn deviation(self, size_delta: SizeE8, quote_delta: Atoms) -> Result<Deviation> {
        let (least, most) = if size_delta.0 >= 0 {
            (self.low, self.high)
        } else {
            (self.high, self.low)
        };
        let top = mul_div_signed(size_delta.0, most.0, SIZE_SCALE, Rounding::Ceil)?;
        if quote_delta.0 >= top {
            let lost = Atoms(fits(difference(quote_delta.0, top))?);
            return Ok(Deviation { total: lost, lost });
        }
        let bottom = mul_div_signed(size_delta.0, least.0, SIZE_SCALE, Rounding::Floor)?;
        let gained = fits(difference(bottom, quote_delta.0))?.max(0);
        Ok(Deviation {
            total: Atoms(gained),
            lost: Atoms::ZERO,
        })
    }
}

/// `|sd| · price / 1e8` of one entry and price, computed once for all that it is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Worth {
    floor_atoms: u64,
    has_rest: bool,
}

impl Worth {
    /// [`MathError::Overflow`](crate::MathError::Overflow) beyond u64.
    #[inline(always)]
    pub fn of(size_delta: SizeE8, price: PriceE6) -> Result<Self> {
        let (floor_atoms, has_rest) = mul_div_rem(size_delta.magnitude(), price.0, SIZE_SCALE)?;
        Ok(Self {
            floor_atoms,
            has_rest,
        })
    }

    /// What the entry lost against the price: what it paid above its worth, or received below it, rounded up.
    #[inline(always)]
    pub fn lost(self, size_delta: SizeE8, quote_delta: Atoms) -> Result<Atoms> {
        let is_sold = size_delta.0 < 0;
        let rounded_up = self
            .floor_atoms
            .saturating_add(u64::from(self.has_rest && !is_sold));
        let worth = with_sign(rounded_up, is_sold)?;
        if quote_delta.0 <= worth {
            return Ok(Atoms::ZERO);
        }
        fits(difference(quote_delta.0, worth)).map(Atoms)
    }
}

/// How far an entry strays from a [`PriceRange`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deviation {
    /// Distance from the nearest end.
    pub total: Atoms,
    /// The same when the distance is to the entry's loss, else 0.
    pub lost: Atoms,
}

impl Deviation {
    /// `deviation ≤ band · turnover`, without rounding.
    #[inline(always)]
    pub fn is_within(self, turnover: Atoms, band: Bps) -> bool {
        let (distance, room) = (self.total.0, turnover.0);
        if distance.unsigned_abs() < 1 << 48 && room.unsigned_abs() < 1 << 48 {
            return distance.wrapping_mul(BPS_SCALE as i64) <= room.wrapping_mul(i64::from(band.0));
        }
        i128::from(distance) * i128::from(BPS_SCALE) <= i128::from(room) * i128::from(band.0)
    }
}

/// Reference price with a band around it, prepared once per batch: `ref · (1 ± band)` in 1e-10 USDT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpeningBand {
    reference: PriceE6,
    band: Bps,
    low_e10: u64,
    high_e10: u64,
}

impl OpeningBand {
    /// `reference · (1 ± band)`.
    pub fn new(reference: PriceE6, band: Bps) -> Result<Self> {
        let edge = |scale: u64| fits(reference.0.checked_mul(scale));
        Ok(Self {
            reference,
            band,
            low_e10: edge(BPS_SCALE.saturating_sub(u64::from(band.0)))?,
            high_e10: edge(BPS_SCALE + u64::from(band.0))?,
        })
    }

    /// `qo = clamp(qd, sd · ref · (1 ± band) / 1e8)`, both ends rounded down; 0 for sd = 0.
    #[inline(always)]
    pub fn opened_quote(self, size_delta: SizeE8, quote_delta: Atoms) -> Result<Atoms> {
        let worth = Worth::of(size_delta, self.reference)?;
        self.opened_quote_near(size_delta, quote_delta, worth)
    }

    /// The same when the entry's worth at the reference price is known.
    #[inline(always)]
    pub fn opened_quote_near(
        self,
        size_delta: SizeE8,
        quote_delta: Atoms,
        worth: Worth,
    ) -> Result<Atoms> {
        if size_delta.0 == 0 {
            return Ok(Atoms::ZERO);
        }
        if self.surely_contains(size_delta, quote_delta, worth) {
            return Ok(quote_delta);
        }
        let (least, most) = if size_delta.0 > 0 {
            (self.low_e10, self.high_e10)
        } else {
            (self.high_e10, self.low_e10)
        };
        let end =
            |edge: u64| mul_div_signed(size_delta.0, edge, SIZE_SCALE * BPS_SCALE, Rounding::Floor);
        Ok(Atoms(quote_delta.0.clamp(end(least)?, end(most)?)))
    }

    /// Whether the quote lies between the ends by more than any rounding of them: nearly every entry does, and then
    /// the ends need not be known exactly.
    #[inline(always)]
    fn surely_contains(self, size_delta: SizeE8, quote_delta: Atoms, worth: Worth) -> bool {
        let worth = worth.floor_atoms;
        let slack = (worth / BPS_SCALE).wrapping_mul(u64::from(self.band.0));
        (size_delta.0 > 0) == (quote_delta.0 > 0)
            && quote_delta.0.unsigned_abs().abs_diff(worth) < slack.saturating_sub(1)
    }
}

/// A mark sample from the buyers' side of a batch: `Σ qd / Σ sd` over its net buyers, kept within the band
/// around the oracle's range; `None` when nobody bought net.
pub fn mark_sample(
    bought: SizeE8,
    paid: Atoms,
    range: PriceRange,
    band: Bps,
) -> Result<Option<PriceE6>> {
    if bought.0 <= 0 || paid.0 <= 0 {
        return Ok(None);
    }
    let price_e6 = mul_div(
        paid.0.unsigned_abs(),
        SIZE_SCALE,
        bought.magnitude(),
        Rounding::Floor,
    )?;
    let band = u64::from(band.0);
    let low_e6 = mul_div(
        range.low.0,
        BPS_SCALE.saturating_sub(band),
        BPS_SCALE,
        Rounding::Ceil,
    )?;
    let high_e6 = mul_div(range.high.0, BPS_SCALE + band, BPS_SCALE, Rounding::Floor)?;
    Ok(Some(PriceE6(price_e6.clamp(low_e6, high_e6.max(low_e6)))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RANGE: PriceRange = PriceRange {
        low: PriceE6(99_000_000),
        high: PriceE6(101_000_000),
    };

    #[test]
    fn inside_the_range_nothing_strays() {
        let deviation = RANGE
            .deviation(SizeE8(100_000_000), Atoms(100_000_000))
            .unwrap();
        assert_eq!(deviation, Deviation::default());
    }

    #[test]
    fn paying_above_the_range_is_a_loss_and_below_it_a_gain() {
        let above = RANGE
            .deviation(SizeE8(100_000_000), Atoms(103_000_000))
            .unwrap();
        assert_eq!(
            (above.total, above.lost),
            (Atoms(2_000_000), Atoms(2_000_000))
        );
        let below = RANGE
            .deviation(SizeE8(100_000_000), Atoms(98_000_000))
            .unwrap();
        assert_eq!((below.total, below.lost), (Atoms(1_000_000), Atoms(0)));
        assert!(above.is_within(Atoms(103_000_000), Bps(200)));
        assert!(!above.is_within(Atoms(103_000_000), Bps(194)));
    }

    proptest! {
        #[test]
        fn the_short_cut_changes_nothing(
            size in -1_000_000_000_000i64..1_000_000_000_000,
            quote in -1_000_000_000_000i64..1_000_000_000_000,
            price in 1u64..1_000_000_000_000, band in 0u16..10_000,
        ) {
            prop_assume!(size != 0);
            let exact = |basis: i128| (i128::from(size) * i128::from(price) * basis).div_euclid(1_000_000_000_000);
            let ends = [exact(10_000 - i128::from(band)), exact(10_000 + i128::from(band))];
            let expected = i128::from(quote).clamp(ends[0].min(ends[1]), ends[0].max(ends[1]));
            let opened = OpeningBand::new(PriceE6(price), Bps(band)).unwrap().opened_quote(SizeE8(size), Atoms(quote));
            prop_assert_eq!(opened.map(|atoms| i128::from(atoms.0)).ok(), i64::try_from(expected).ok().map(i128::from));
        }
    }
}
