//! Low and high of each of the last sixty minutes, for trades that settle late.

use anchor_lang::prelude::*;

use crate::constants::RING_MINUTES;

const SECONDS_PER_MINUTE: i64 = 60;

/// Zero for a minute before the first price.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct MinuteRange {
    pub low_e6: u64,
    pub high_e6: u64,
}

/// The minute `m` since 1970 is at `m % 60`.
#[zero_copy]
#[derive(Debug)]
pub struct MinuteRing {
    pub ranges: [MinuteRange; RING_MINUTES],
    /// The last minute that is filled; 0 before the first price.
    pub newest_minute: i64,
}

impl MinuteRing {
    /// Counts a price that is in force from `now_ts` on, after `previous_e6` (0 = none) was.
    ///
    /// A minute without a publication keeps the price that was in force.
    pub fn record(&mut self, price_e6: u64, previous_e6: u64, now_ts: i64) {
        let minute = now_ts.div_euclid(SECONDS_PER_MINUTE);
        if previous_e6 == 0 || self.newest_minute == 0 {
            *self.range_mut(minute) = MinuteRange {
                low_e6: price_e6,
                high_e6: price_e6,
            };
            self.newest_minute = minute;
            return;
        }
        let in_force = MinuteRange {
            low_e6: previous_e6,
            high_e6: previous_e6,
        };
        let oldest_kept = minute - RING_MINUTES as i64 + 1;
        for skipped in (self.newest_minute + 1).max(oldest_kept)..=minute {
            *self.range_mut(skipped) = in_force;
        }
        self.newest_minute = self.newest_minute.max(minute);
        let newest_minute = self.newest_minute;
        let range = self.range_mut(newest_minute);
        range.low_e6 = range.low_e6.min(price_e6);
        range.high_e6 = range.high_e6.max(price_e6);
    }

    /// Low and high over the minutes from `from_ts` to `to_ts`; `last_e6` is in force after the newest minute.
    ///
    /// `None` when a minute lies before the ring or before the first price.
    #[must_use]
    pub fn low_high_e6(&self, from_ts: i64, to_ts: i64, last_e6: u64) -> Option<(u64, u64)> {
        let from = from_ts.div_euclid(SECONDS_PER_MINUTE);
        let to = to_ts.div_euclid(SECONDS_PER_MINUTE);
        let is_kept = from > self.newest_minute - RING_MINUTES as i64;
        if self.newest_minute == 0 || !is_kept || from > to {
            return None;
        }
        let (mut low_e6, mut high_e6) = if to > self.newest_minute {
            (last_e6, last_e6)
        } else {
            (u64::MAX, 0)
        };
        for minute in from..=to.min(self.newest_minute) {
            let range = self.ranges[slot(minute)];
            if range.low_e6 == 0 {
                return None;
            }
            low_e6 = low_e6.min(range.low_e6);
            high_e6 = high_e6.max(range.high_e6);
        }
        Some((low_e6, high_e6))
    }

    fn range_mut(&mut self, minute: i64) -> &mut MinuteRange {
        &mut self.ranges[slot(minute)]
    }
}

fn slot(minute: i64) -> usize {
    minute.rem_euclid(RING_MINUTES as i64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_700_000_040; // a full minute

    fn ring() -> MinuteRing {
        MinuteRing {
            ranges: [MinuteRange::default(); RING_MINUTES],
            newest_minute: 0,
        }
    }

    #[test]
    fn a_minute_spans_the_price_in_force_and_those_after() {
        let mut ring = ring();
        ring.record(100, 0, START);
        ring.record(90, 100, START + 10);
        ring.record(95, 90, START + 70);
        assert_eq!(ring.low_high_e6(START, START + 59, 95), Some((90, 100)));
        assert_eq!(
            ring.low_high_e6(START + 60, START + 119, 95),
            Some((90, 95))
        );
        assert_eq!(ring.low_high_e6(START, START + 500, 95), Some((90, 100)));
        assert_eq!(
            ring.low_high_e6(START + 300, START + 301, 95),
            Some((95, 95))
        );
    }

    #[test]
    fn silent_minutes_keep_the_price_in_force() {
        let mut ring = ring();
        ring.record(100, 0, START);
        ring.record(120, 100, START + 5 * 60);
        assert_eq!(
            ring.low_high_e6(START + 60, START + 239, 120),
            Some((100, 100))
        );
        assert_eq!(
            ring.low_high_e6(START + 300, START + 301, 120),
            Some((100, 120))
        );
    }

    #[test]
    fn minutes_before_the_ring_are_unknown() {
        let mut ring = ring();
        ring.record(100, 0, START);
        assert_eq!(ring.low_high_e6(START - 1, START, 100), None);
        ring.record(110, 100, START + 200 * 60);
        assert_eq!(
            ring.low_high_e6(START + 140 * 60, START + 200 * 60, 110),
            None
        );
        assert_eq!(
            ring.low_high_e6(START + 141 * 60, START + 199 * 60, 110),
            Some((100, 100))
        );
        assert_eq!(ring.low_high_e6(START + 2, START + 1, 110), None);
    }

    #[test]
    fn every_window_of_a_random_walk_equals_a_plain_scan() {
        let mut seed = 7u64;
        let mut random = move |bound: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % bound
        };
        let (mut ring, mut history) = (ring(), Vec::<(i64, u64)>::new());
        let (mut now_ts, mut price_e6) = (START, 0u64);
        for _ in 0..2_000 {
            now_ts += random(150) as i64;
            let next_e6 = 1_000 + random(500);
            ring.record(next_e6, price_e6, now_ts);
            history.push((now_ts, next_e6));
            price_e6 = next_e6;
            let from = now_ts.div_euclid(60) - random(59) as i64;
            let to = from + random(70) as i64;
            if from < START / 60 {
                continue;
            }
            let in_force_before = history.iter().rev().find(|(ts, _)| *ts < from * 60);
            let within = history
                .iter()
                .filter(|(ts, _)| (from * 60..(to + 1) * 60).contains(ts));
            let prices: Vec<u64> = in_force_before
                .into_iter()
                .chain(within)
                .map(|(_, price)| *price)
                .collect();
            let expected = (*prices.iter().min().unwrap(), *prices.iter().max().unwrap());
            assert_eq!(
                ring.low_high_e6(from * 60, to * 60 + 59, price_e6),
                Some(expected)
            );
        }
    }
}
