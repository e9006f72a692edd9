//! Limit on what is lost within a rolling window.

use crate::integer::{mul_div, Result, Rounding};

/// What was lost in a window that rolls by decaying linearly: after `elapsed` of `window` seconds the share
/// `elapsed / window` of it is forgotten, rounded so that the limiter never forgets more than that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outflow {
    /// Atoms lost and not yet forgotten.
    pub net_atoms: u64,
    /// When `net_atoms` was computed, unix seconds.
    pub updated_ts: i64,
}

impl Outflow {
    /// The outflow as of `now_ts`; time that runs backwards forgets nothing.
    pub fn decayed(self, now_ts: i64, window_s: u64) -> Result<Self> {
        let elapsed_s = u64::try_from(now_ts.saturating_sub(self.updated_ts)).unwrap_or(0);
        if elapsed_s == 0 {
            return Ok(self);
        }
        let net_atoms = if elapsed_s >= window_s {
            0
        } else {
            mul_div(
                self.net_atoms,
                window_s - elapsed_s,
                window_s,
                Rounding::Ceil,
            )?
        };
        Ok(Self {
            net_atoms,
            updated_ts: now_ts,
        })
    }

    /// The same after a further loss, or `None` when it would pass `limit_atoms`.
    pub fn withdrawn(
        self,
        amount_atoms: u64,
        now_ts: i64,
        window_s: u64,
        limit_atoms: u64,
    ) -> Result<Option<Self>> {
        let now = self.decayed(now_ts, window_s)?;
        let net_atoms = now
            .net_atoms
            .checked_add(amount_atoms)
            .filter(|&net| net <= limit_atoms);
        Ok(net_atoms.map(|net_atoms| Self { net_atoms, ..now }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_full_window_is_forgotten() {
        let outflow = Outflow {
            net_atoms: 500,
            updated_ts: 0,
        };
        assert_eq!(outflow.decayed(1_800, 3_600).unwrap().net_atoms, 250);
        assert_eq!(outflow.decayed(3_600, 3_600).unwrap().net_atoms, 0);
        assert_eq!(outflow.withdrawn(600, 0, 3_600, 1_000), Ok(None));
    }

    proptest! {
        #[test]
        fn waiting_never_raises_the_outflow(net_atoms: u64, first in 0i64..10_000, second in 0i64..10_000) {
            let outflow = Outflow { net_atoms, updated_ts: 0 };
            let early = outflow.decayed(first.min(second), 3_600).unwrap();
            let late = outflow.decayed(first.max(second), 3_600).unwrap();
            prop_assert!(late.net_atoms <= early.net_atoms);
        }
    }
}
