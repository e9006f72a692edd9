//! Withdrawal limiter: withdrawals minus deposits within a rolling window.

/// Net outflow of a window that rolls by decaying linearly: after `elapsed` of `window` seconds the share
/// `elapsed / window` of it is forgotten.
///
/// One signed number that fades, not a sum per fixed window: a deposit and a withdrawal that are close
/// together cancel wherever they lie. Fixed windows let them fall to the two sides of a boundary, and who
/// deposits just before each boundary and withdraws just after it would use up everybody's limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NetOutflow {
    /// Atoms out minus atoms in; negative when more came in.
    pub net_atoms: i64,
    /// When `net_atoms` was computed, unix seconds.
    pub updated_ts: i64,
}

impl NetOutflow {
    /// The outflow as of `now_ts`, rounded up, against the one who withdraws; time that runs backwards
    /// forgets nothing.
    #[must_use]
    pub fn decayed(self, now_ts: i64, window_s: u64) -> Self {
        let elapsed_s = u64::try_from(now_ts.saturating_sub(self.updated_ts)).unwrap_or(0);
        if elapsed_s == 0 {
            return self;
        }
        let rest_s = window_s.saturating_sub(elapsed_s);
        let product = i128::from(self.net_atoms) * i128::from(rest_s);
        let divisor = i128::from(window_s.max(1));
        let net = product.div_euclid(divisor) + i128::from(product.rem_euclid(divisor) != 0);
        Self {
            net_atoms: clamped(net),
            updated_ts: now_ts,
        }
    }

    /// The outflow after money came in.
    #[must_use]
    pub fn deposited(self, amount_atoms: u64) -> Self {
        let net = i128::from(self.net_atoms) - i128::from(amount_atoms);
        Self {
            net_atoms: clamped(net),
            ..self
        }
    }

    /// The outflow after money went out.
    #[must_use]
    pub fn withdrawn(self, amount_atoms: u64) -> Self {
        let net = i128::from(self.net_atoms) + i128::from(amount_atoms);
        Self {
            net_atoms: clamped(net),
            ..self
        }
    }

    /// Whether no more than `limit_atoms` went out.
    #[must_use]
    pub fn is_within(self, limit_atoms: u64) -> bool {
        i128::from(self.net_atoms) <= i128::from(limit_atoms)
    }
}

/// Beyond the range the nearest end: counting must never be what stops a withdrawal.
fn clamped(net_atoms: i128) -> i64 {
    net_atoms.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WINDOW_S: u64 = 3_600;

    #[test]
    fn cycling_deposits_does_not_use_up_the_limit() {
        let mut outflow = NetOutflow::default();
        for _ in 0..100 {
            outflow = outflow.deposited(1_000).withdrawn(1_000);
        }
        assert_eq!(outflow.net_atoms, 0);
    }

    #[test]
    fn cycling_around_any_boundary_leaves_next_to_nothing() {
        let mut outflow = NetOutflow::default();
        for window in 1..20 {
            let boundary = window * WINDOW_S as i64;
            outflow = outflow
                .decayed(boundary - 1, WINDOW_S)
                .deposited(1_000_000)
                .decayed(boundary + 1, WINDOW_S)
                .withdrawn(1_000_000);
            // What two of 3,600 seconds cost, and the roundings of two fadings.
            assert!((0..=1_000_000 * 2 / 3_600 + 3).contains(&outflow.net_atoms));
        }
    }

    #[test]
    fn a_full_window_is_forgotten() {
        let outflow = NetOutflow {
            net_atoms: 500,
            updated_ts: 0,
        };
        assert_eq!(outflow.decayed(1_800, WINDOW_S).net_atoms, 250);
        assert_eq!(outflow.decayed(3_600, WINDOW_S).net_atoms, 0);
        assert_eq!(outflow.decayed(1, WINDOW_S).net_atoms, 500);
        assert!(outflow.is_within(500) && !outflow.withdrawn(1).is_within(500));
    }

    #[test]
    fn the_ends_of_the_range_hold() {
        let full = NetOutflow::default().withdrawn(u64::MAX);
        assert_eq!(full.net_atoms, i64::MAX);
        assert!(full.is_within(u64::MAX));
        assert_eq!(
            NetOutflow::default()
                .deposited(u64::MAX)
                .deposited(u64::MAX)
                .net_atoms,
            i64::MIN
        );
    }

    proptest! {
        #[test]
        fn waiting_moves_the_outflow_toward_zero(net_atoms: i64, first in 0i64..10_000, second in 0i64..10_000) {
            let outflow = NetOutflow { net_atoms, updated_ts: 0 };
            let early = outflow.decayed(first.min(second), WINDOW_S).net_atoms;
            let late = outflow.decayed(first.max(second), WINDOW_S).net_atoms;
            prop_assert!(late.unsigned_abs() <= early.unsigned_abs());
            prop_assert!(late == 0 || late.signum() == net_atoms.signum());
        }

        #[test]
        fn who_takes_all_that_is_allowed_gets_at_most_twice_the_limit_in_a_window(
            limit in 1u64..1 << 40, steps in prop::collection::vec(1i64..600, 1..200),
        ) {
            let (mut outflow, mut now_ts, mut taken) = (NetOutflow::default(), 0i64, Vec::new());
            for step in steps {
                now_ts += step;
                outflow = outflow.decayed(now_ts, WINDOW_S);
                let amount = limit - outflow.net_atoms.unsigned_abs();
                outflow = outflow.withdrawn(amount);
                taken.push((now_ts, amount));
                let in_view: u64 = taken.iter().filter(|(ts, _)| ts + WINDOW_S as i64 > now_ts).map(|(_, atoms)| atoms).sum();
                prop_assert!(outflow.is_within(limit) && in_view <= 2 * limit);
            }
        }
    }
}
