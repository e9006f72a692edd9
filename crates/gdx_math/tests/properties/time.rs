//! What depends on time: funding and the withdrawal limiter.

use gdx_math::funding::{funding_index_step, funding_rate, premium};
use gdx_math::limiter::Outflow;
use gdx_math::net_outflow::NetOutflow;
use gdx_math::{MathError, Rounding};
use gdx_units::{Index, PriceE6, RateE9};
use proptest::prelude::*;

use crate::strategies::{any_i64, any_u64, divided, narrow};

proptest! {
    #[test]
    fn premium_is_exact(mark in any_u64(), index in any_u64()) {
        let found = premium(PriceE6(mark), PriceE6(index));
        if index == 0 {
            prop_assert_eq!(found, Err(MathError::DivisionByZero));
            return Ok(());
        }
        let distance = (i128::from(mark) - i128::from(index)) * 1_000_000_000;
        let exact = divided(distance, i128::from(index), Rounding::Trunc);
        prop_assert_eq!(found, narrow(exact).map(RateE9).ok_or(MathError::Overflow));
    }

    #[test]
    fn rate_is_clamped_and_grows_with_the_premium(one in any_i64(), two in any_i64(), limit in any_i64()) {
        let (low, high) = (one.min(two), one.max(two));
        let at = |premium: i64| funding_rate(RateE9(premium), RateE9(limit)).0;
        prop_assert!(at(low) <= at(high));
        prop_assert!(at(low).unsigned_abs() <= limit.max(0).unsigned_abs());
        let pull = (100_000 - i128::from(low)).clamp(-500_000, 500_000);
        let limit = i128::from(limit.max(0));
        let within_i64 = (i128::from(low) + pull).clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        let exact = divided(within_i64, 8, Rounding::Trunc).clamp(-limit, limit);
        prop_assert_eq!(i128::from(at(low)), exact);
    }

    #[test]
    fn index_step_is_exact_and_odd(rate in any_i64(), price in any_u64()) {
        let exact = divided(i128::from(rate) * i128::from(price), 100_000, Rounding::Trunc);
        let found = funding_index_step(RateE9(rate), PriceE6(price));
        prop_assert_eq!(found, narrow(exact).map(Index).ok_or(MathError::Overflow));
        if let (Ok(step), Some(opposite)) = (found, rate.checked_neg()) {
            if let Ok(back) = funding_index_step(RateE9(opposite), PriceE6(price)) {
                prop_assert_eq!(i128::from(step.0) + i128::from(back.0), 0);
            }
        }
    }

    #[test]
    fn forgetting_is_exact_and_never_early(
        net_atoms in any_u64(), updated_ts in any_i64(), now_ts in any_i64(), window_s in any_u64(),
    ) {
        let outflow = Outflow { net_atoms, updated_ts };
        let found = outflow.decayed(now_ts, window_s).unwrap();
        // Beyond i64 the span counts as the longest one.
        let elapsed = (i128::from(now_ts) - i128::from(updated_ts)).clamp(0, i128::from(i64::MAX));
        let (elapsed, window) = (elapsed as u128, u128::from(window_s));
        let left = if elapsed == 0 {
            u128::from(net_atoms)
        } else if elapsed >= window {
            0
        } else {
            (u128::from(net_atoms) * (window - elapsed)).div_ceil(window)
        };
        prop_assert_eq!(u128::from(found.net_atoms), left);
        prop_assert_eq!(found.updated_ts, if elapsed == 0 { updated_ts } else { now_ts });
    }

    #[test]
    fn forgetting_in_two_steps_forgets_less(
        net_atoms in any_u64(), first in 0i64..10_000, second in 0i64..10_000, window_s in 1u64..10_000,
    ) {
        let outflow = Outflow { net_atoms, updated_ts: 0 };
        let at_once = outflow.decayed(first + second, window_s).unwrap();
        let in_steps = outflow.decayed(first, window_s).unwrap().decayed(first + second, window_s).unwrap();
        prop_assert!(in_steps.net_atoms >= at_once.net_atoms);
        prop_assert!(in_steps.net_atoms <= net_atoms);
    }

    #[test]
    fn a_withdrawal_is_counted_on_top_of_what_is_left(
        net_atoms in any_u64(), amount in any_u64(), now_ts in any_i64(), window_s in any_u64(), limit in any_u64(),
    ) {
        let outflow = Outflow { net_atoms, updated_ts: 0 };
        let before = outflow.decayed(now_ts, window_s).unwrap();
        if let Some(after) = outflow.withdrawn(amount, now_ts, window_s, limit).unwrap() {
            prop_assert_eq!(after.net_atoms - before.net_atoms, amount);
            prop_assert_eq!(after.updated_ts, before.updated_ts);
        }
    }

    #[test]
    fn no_withdrawal_passes_the_limit(
        net_atoms in any_u64(), amount in any_u64(), now_ts in any_i64(), window_s in any_u64(), limit in any_u64(),
    ) {
        let outflow = Outflow { net_atoms, updated_ts: 0 };
        let before = u128::from(outflow.decayed(now_ts, window_s).unwrap().net_atoms);
        let after = outflow.withdrawn(amount, now_ts, window_s, limit).unwrap();
        let is_within = before + u128::from(amount) <= u128::from(limit);
        prop_assert_eq!(after.is_some(), is_within);
        prop_assert!(after.is_none_or(|after| after.net_atoms <= limit));
    }

    #[test]
    fn net_outflow_fades_exactly_and_against_who_withdraws(
        net_atoms in any_i64(), updated_ts in any_i64(), now_ts in any_i64(), window_s in any_u64(),
    ) {
        let outflow = NetOutflow { net_atoms, updated_ts };
        let found = outflow.decayed(now_ts, window_s);
        // Beyond i64 the span counts as the longest one.
        let elapsed = (i128::from(now_ts) - i128::from(updated_ts)).clamp(0, i128::from(i64::MAX));
        if elapsed == 0 {
            prop_assert_eq!(found, outflow);
            return Ok(());
        }
        let rest = (i128::from(window_s) - elapsed).max(0);
        let exact = divided(i128::from(net_atoms) * rest, i128::from(window_s.max(1)), Rounding::Ceil);
        prop_assert_eq!(i128::from(found.net_atoms), exact);
        prop_assert_eq!(found.updated_ts, now_ts);
    }

    #[test]
    fn net_outflow_counts_both_ways_up_to_the_ends(
        net_atoms in any_i64(), amount in any_u64(), limit in any_u64(),
    ) {
        let outflow = NetOutflow { net_atoms, updated_ts: 7 };
        let ends = (i128::from(i64::MIN), i128::from(i64::MAX));
        let less = (i128::from(net_atoms) - i128::from(amount)).clamp(ends.0, ends.1);
        let more = (i128::from(net_atoms) + i128::from(amount)).clamp(ends.0, ends.1);
        prop_assert_eq!(i128::from(outflow.deposited(amount).net_atoms), less);
        prop_assert_eq!(i128::from(outflow.withdrawn(amount).net_atoms), more);
        prop_assert_eq!(outflow.withdrawn(amount).updated_ts, 7);
        prop_assert_eq!(outflow.is_within(limit), i128::from(net_atoms) <= i128::from(limit));
    }
}
