//! The newtypes and the few operations that make sense on each.

use crate::checked::{difference, sum};

macro_rules! unit {
    ($(#[$doc:meta])* $name:ident(i64)) => {
        unit!($(#[$doc])* $name(i64), sum, difference);
    };
    ($(#[$doc:meta])* $name:ident($int:ty)) => {
        unit!($(#[$doc])* $name($int), <$int>::checked_add, <$int>::checked_sub);
    };
    ($(#[$doc:meta])* $name:ident($int:ty), $sum:expr, $difference:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(transparent)]
        pub struct $name(pub $int);

        impl $name {
            /// Nothing of it.
            pub const ZERO: Self = Self(0);

            /// Sum, or `None` when it does not fit.
            #[inline]
            pub const fn checked_add(self, other: Self) -> Option<Self> {
                match $sum(self.0, other.0) {
                    Some(sum) => Some(Self(sum)),
                    None => None,
                }
            }

            /// Difference, or `None` when it does not fit.
            #[inline]
            pub const fn checked_sub(self, other: Self) -> Option<Self> {
                match $difference(self.0, other.0) {
                    Some(difference) => Some(Self(difference)),
                    None => None,
                }
            }
        }
    };
}

unit!(
    /// USDT per whole base unit, in 1e-6.
    PriceE6(u64)
);
unit!(
    /// Base units in 1e-8: + long or bought, − short or sold.
    SizeE8(i64)
);
unit!(
    /// Quote, collateral, profit or fee in 1e-6 USDT.
    Atoms(i64)
);
unit!(
    /// A ratio in 1e-4.
    Bps(u16)
);
unit!(
    /// A ratio in 1e-6; negative for rebates.
    Ppm(i32)
);
unit!(
    /// A ratio in 1e-9: funding per hour (+ = longs pay) or premium.
    RateE9(i64)
);
unit!(
    /// Cumulative payment in 1e-4 atom per whole base unit.
    Index(i64)
);

impl SizeE8 {
    /// Distance from zero.
    #[inline]
    pub const fn magnitude(self) -> u64 {
        self.0.unsigned_abs()
    }

    /// Whether `self` and `other` are both long or both short.
    #[inline]
    pub const fn is_same_side(self, other: Self) -> bool {
        (self.0 > 0 && other.0 > 0) || (self.0 < 0 && other.0 < 0)
    }

    /// The same size on the other side, or `None` for the most negative size.
    #[inline]
    pub const fn checked_neg(self) -> Option<Self> {
        match self.0.checked_neg() {
            Some(negated) => Some(Self(negated)),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_that_do_not_fit_are_none() {
        assert_eq!(Atoms(i64::MAX).checked_add(Atoms(1)), None);
        assert_eq!(PriceE6(1).checked_sub(PriceE6(2)), None);
        assert_eq!(SizeE8(i64::MIN).checked_neg(), None);
    }

    #[test]
    fn flat_is_on_no_side() {
        assert!(SizeE8(-3).is_same_side(SizeE8(-1)));
        assert!(!SizeE8(3).is_same_side(SizeE8(-1)));
        assert!(!SizeE8(0).is_same_side(SizeE8(0)));
    }
}
