//! What may be done on which oracle price: validity is a bit set, and one table says which bits block which action.

use core::ops::BitOr;

/// What is wrong with a price; empty when nothing is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ValidityBits(pub u8);

impl ValidityBits {
    /// Nothing is wrong.
    pub const VALID: Self = Self(0);
    /// The price is zero.
    pub const NON_POSITIVE: Self = Self(1 << 0);
    /// The price is further from its average than the feed's limit.
    pub const TOO_VOLATILE: Self = Self(1 << 1);
    /// The confidence interval is wider than the feed's limit.
    pub const TOO_UNCERTAIN: Self = Self(1 << 2);
    /// The price is older than the feed's soft limit.
    pub const STALE: Self = Self(1 << 3);
    /// The price is older than the feed's hard limit.
    pub const TOO_OLD: Self = Self(1 << 4);
    /// Fewer publishers than required are fresh, and no fallback feed stands in.
    pub const TOO_FEW_PUBLISHERS: Self = Self(1 << 5);
    /// Fewer publishers than required are fresh; the price is the fallback feed's.
    pub const ON_FALLBACK: Self = Self(1 << 6);

    /// Each bit with its name, lowest first.
    pub const NAMED: [(&'static str, Self); 7] = [
        ("non_positive", Self::NON_POSITIVE),
        ("too_volatile", Self::TOO_VOLATILE),
        ("too_uncertain", Self::TOO_UNCERTAIN),
        ("stale", Self::STALE),
        ("too_old", Self::TOO_OLD),
        ("too_few_publishers", Self::TOO_FEW_PUBLISHERS),
        ("on_fallback", Self::ON_FALLBACK),
    ];

    /// Every bit.
    pub const ALL: Self = Self((1 << 7) - 1);

    /// Whether `self` and `other` share a bit.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// `self` without the bits of `other`.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// `self` with the bits of `other` when `condition` holds.
    pub const fn with(self, other: Self, condition: bool) -> Self {
        if condition {
            Self(self.0 | other.0)
        } else {
            self
        }
    }
}

impl BitOr for ValidityBits {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Something a program does with an oracle price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Settle fills that leave no position with more risk than before.
    SettleReduction,
    /// Open a position or make one larger.
    AddRisk,
    /// Take collateral out of a position.
    ReleaseCollateral,
    /// Liquidate, and take the liquidated size over.
    Liquidate,
    /// Sample the premium and move the funding index.
    UpdateFunding,
    /// Close every position of a market at the one-hour average.
    StartSettling,
}

impl Action {
    /// Each action with its name.
    pub const NAMED: [(&'static str, Self); 6] = [
        ("settle_reduction", Self::SettleReduction),
        ("add_risk", Self::AddRisk),
        ("release_collateral", Self::ReleaseCollateral),
        ("liquidate", Self::Liquidate),
        ("update_funding", Self::UpdateFunding),
        ("start_settling", Self::StartSettling),
    ];

    /// The bits that block this action.
    pub const fn blocking_bits(self) -> ValidityBits {
        let publishers =
            ValidityBits(ValidityBits::TOO_FEW_PUBLISHERS.0 | ValidityBits::ON_FALLBACK.0);
        match self {
            Self::SettleReduction => ValidityBits::NON_POSITIVE,
            Self::AddRisk => ValidityBits::ALL,
            Self::ReleaseCollateral => ValidityBits::ALL.without(publishers),
            Self::Liquidate => {
                let soft = ValidityBits(ValidityBits::TOO_UNCERTAIN.0 | ValidityBits::STALE.0);
                ValidityBits::ALL
                    .without(soft)
                    .without(ValidityBits::ON_FALLBACK)
            }
            Self::UpdateFunding => ValidityBits::ALL
                .without(ValidityBits::STALE)
                .without(publishers),
            // The average is the feed's own and stands still while its publishers are away.
            Self::StartSettling => ValidityBits::ALL.without(ValidityBits::STALE),
        }
    }

    /// Whether a price with `validity` may be used for this action.
    pub const fn is_allowed(self, validity: ValidityBits) -> bool {
        !self.blocking_bits().intersects(validity)
    }
}

/// The table as JSON: `{"bits": {name: mask}, "actions": {name: blocking mask}}`, ending with a newline.
pub fn action_table_json() -> String {
    let row = |(name, mask): (&str, u8)| format!("    \"{name}\": {mask}");
    let bits: Vec<String> = ValidityBits::NAMED
        .iter()
        .map(|(name, bits)| row((name, bits.0)))
        .collect();
    let actions: Vec<String> = Action::NAMED
        .iter()
        .map(|(name, action)| row((name, action.blocking_bits().0)))
        .collect();
    format!(
        "{{\n  \"bits\": {{\n{}\n  }},\n  \"actions\": {{\n{}\n  }}\n}}\n",
        bits.join(",\n"),
        actions.join(",\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn liquidation_is_blocked_by_the_four_bits_of_the_rule() {
        let blocking = ValidityBits::NON_POSITIVE
            | ValidityBits::TOO_VOLATILE
            | ValidityBits::TOO_OLD
            | ValidityBits::TOO_FEW_PUBLISHERS;
        assert_eq!(Action::Liquidate.blocking_bits(), blocking);
    }

    #[test]
    fn every_bit_blocks_adding_risk() {
        for (name, bit) in ValidityBits::NAMED {
            assert!(!Action::AddRisk.is_allowed(bit), "{name}");
        }
        assert!(Action::AddRisk.is_allowed(ValidityBits::VALID));
    }

    #[test]
    fn a_stale_price_still_updates_funding_but_releases_nothing() {
        assert!(Action::UpdateFunding.is_allowed(ValidityBits::STALE));
        assert!(!Action::ReleaseCollateral.is_allowed(ValidityBits::STALE));
        assert!(Action::ReleaseCollateral.is_allowed(ValidityBits::TOO_FEW_PUBLISHERS));
    }

    #[test]
    fn only_a_stale_price_does_not_stop_settling() {
        for (name, bit) in ValidityBits::NAMED {
            let is_stale = bit == ValidityBits::STALE;
            assert_eq!(Action::StartSettling.is_allowed(bit), is_stale, "{name}");
        }
    }
}
