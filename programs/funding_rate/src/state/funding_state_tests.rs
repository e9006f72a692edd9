//! The funding account hour by hour, without a chain.

use anchor_lang::prelude::*;

use super::{FundingState, MarketPremium};
use crate::constants::SECONDS_PER_HOUR;

const START: i64 = 472_222 * SECONDS_PER_HOUR;
const INDEX_E6: u64 = 60_000_000_000;
const NOTHING: MarketPremium = MarketPremium {
    sum_e9: 0,
    weight_seconds: 0,
    last_ts: 0,
};

fn funding() -> FundingState {
    let mut funding: FundingState = bytemuck::Zeroable::zeroed();
    funding.open(Pubkey::new_unique(), 0, NOTHING, 1_000_000, 255, START);
    funding
}

#[test]
fn an_hour_without_samples_pays_nothing() {
    let mut funding = funding();
    let update = funding.update(START + SECONDS_PER_HOUR).unwrap();
    assert_eq!(
        (update.hours, update.rate_e9, update.funding_index),
        (1, 0, 0)
    );
    assert_eq!(update.paid_until_ts, START + SECONDS_PER_HOUR);
}

#[test]
fn samples_are_weighted_by_their_time() {
    let mut funding = funding();
    funding.sample(4_000_000, INDEX_E6, START + 100).unwrap();
    funding.sample(1_000_000, INDEX_E6, START + 400).unwrap();
    let update = funding.update(START + SECONDS_PER_HOUR).unwrap();
    // mean 1_750_000, pulled down by 500_000, over eight hours
    assert_eq!(update.rate_e9, (1_750_000 - 500_000) / 8);
    assert_eq!(
        update.funding_index,
        update.rate_e9 * (INDEX_E6 / 100_000) as i64
    );
}

#[test]
fn no_hour_is_paid_twice_or_early() {
    let mut funding = funding();
    assert!(funding.update(START + SECONDS_PER_HOUR - 1).is_err());
    funding.update(START + SECONDS_PER_HOUR).unwrap();
    assert!(funding.update(START + SECONDS_PER_HOUR + 5).is_err());
}

#[test]
fn missed_hours_are_caught_up_each_with_its_clamp() {
    let mut funding = funding();
    for hour in 0..3 {
        funding
            .sample(90_000_000, INDEX_E6, START + hour * SECONDS_PER_HOUR + 600)
            .unwrap();
    }
    let update = funding.update(START + 30 * SECONDS_PER_HOUR).unwrap();
    assert_eq!((update.hours, update.rate_e9), (24, 0));
    assert_eq!(
        update.funding_index,
        3 * 1_000_000 * (INDEX_E6 / 100_000) as i64
    );
    assert_eq!(
        funding.update(START + 30 * SECONDS_PER_HOUR).unwrap().hours,
        6
    );
}

#[test]
fn samples_of_an_hour_a_day_ago_do_not_count_today() {
    let mut funding = funding();
    funding.sample(90_000_000, INDEX_E6, START + 600).unwrap();
    funding.update(START + SECONDS_PER_HOUR).unwrap();
    let index = funding.funding_index;
    funding.update(START + 25 * SECONDS_PER_HOUR).unwrap();
    assert_eq!(funding.funding_index, index);
}

#[test]
fn what_batches_accumulated_counts_in_their_hour() {
    let mut funding = funding();
    let premium = MarketPremium {
        sum_e9: 800_000 * 60,
        weight_seconds: 60,
        last_ts: START + 50,
    };
    funding.collect(premium, INDEX_E6).unwrap();
    funding.collect(premium, INDEX_E6).unwrap();
    let update = funding.update(START + SECONDS_PER_HOUR + 1).unwrap();
    assert_eq!(update.rate_e9, (800_000 - 500_000) / 8);
    let late = MarketPremium {
        sum_e9: 0,
        weight_seconds: 90,
        ..premium
    };
    funding.collect(late, INDEX_E6).unwrap();
    assert_eq!(
        funding
            .update(START + 2 * SECONDS_PER_HOUR)
            .unwrap()
            .rate_e9,
        0
    );
}

#[test]
fn sampling_is_rate_limited() {
    let mut funding = funding();
    funding.sample(1, INDEX_E6, START + 10).unwrap();
    assert!(funding.sample(1, INDEX_E6, START + 19).is_err());
}

/// What the simple rule pays: each hour its own premium under the clamp in force when it ended.
fn paid(funding: &mut FundingState, now_ts: i64) -> i64 {
    funding.update(now_ts).unwrap().funding_index
}

#[test]
fn a_new_clamp_does_not_reach_hours_that_ended_before_it() {
    let mut funding = funding();
    for hour in 0..4 {
        let ts = START + hour * SECONDS_PER_HOUR + 600;
        funding.sample(90_000_000, INDEX_E6, ts).unwrap();
    }
    let in_force_ts = START + 2 * SECONDS_PER_HOUR + 1_800;
    funding.schedule_max_rate(7, in_force_ts, START).unwrap();
    let per_rate = (INDEX_E6 / 100_000) as i64;
    assert_eq!(
        paid(&mut funding, START + 4 * SECONDS_PER_HOUR),
        (2 * 1_000_000 + 2 * 7) * per_rate
    );
    assert_eq!(funding.max_rate_e9, 7);
}

#[test]
fn the_clamp_of_an_hour_is_that_at_its_end_to_the_second() {
    for (in_force_ts, clamp) in [(0, 7), (1, 1_000_000)] {
        let mut funding = funding();
        funding.sample(90_000_000, INDEX_E6, START + 600).unwrap();
        let in_force_ts = START + SECONDS_PER_HOUR + in_force_ts;
        funding.schedule_max_rate(7, in_force_ts, START).unwrap();
        let update = funding.update(START + SECONDS_PER_HOUR + 5).unwrap();
        assert_eq!((update.rate_e9, funding.max_rate_e9), (clamp, 7));
    }
}

#[test]
fn a_clamp_that_earlier_hours_wait_for_is_not_replaced() {
    let mut funding = funding();
    funding.sample(90_000_000, INDEX_E6, START + 600).unwrap();
    let now_ts = START + 3 * SECONDS_PER_HOUR;
    funding.schedule_max_rate(7, now_ts, now_ts).unwrap();
    assert_eq!(funding.max_rate_e9, 1_000_000);
    assert!(funding.schedule_max_rate(9, now_ts, now_ts).is_err());
    funding.update(now_ts).unwrap();
    funding.schedule_max_rate(9, now_ts, now_ts).unwrap();
    assert_eq!(funding.max_rate_e9, 9);
}

#[test]
fn samples_push_out_no_unpaid_hour() {
    let mut funding = funding();
    funding.sample(90_000_000, INDEX_E6, START + 600).unwrap();
    let now_ts = START + 24 * SECONDS_PER_HOUR + 600;
    assert!(funding.sample(1, INDEX_E6, now_ts).is_err());
    let premium = MarketPremium {
        sum_e9: 800_000 * 60,
        weight_seconds: 60,
        last_ts: now_ts,
    };
    funding.collect(premium, INDEX_E6).unwrap();
    assert_eq!(funding.market_weight_seconds, 0);
    assert_eq!(
        paid(&mut funding, now_ts),
        1_000_000 * (INDEX_E6 / 100_000) as i64
    );
    funding.collect(premium, INDEX_E6).unwrap();
    let update = funding.update(START + 25 * SECONDS_PER_HOUR).unwrap();
    assert_eq!(update.rate_e9, (800_000 - 500_000) / 8);
}
