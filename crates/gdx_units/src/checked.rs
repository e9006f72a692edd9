//! Checked sums of signed words, in the fewest steps.

/// `a + b`, or `None` when it does not fit: `i64::checked_add`, which costs a program twice as many instructions, since
/// its machine has no overflow flag.
#[inline(always)]
pub const fn sum(a: i64, b: i64) -> Option<i64> {
    let sum = a.wrapping_add(b);
    // It overflowed if its sign is neither that of `a` nor that of `b`.
    if (a ^ sum) & (b ^ sum) < 0 {
        None
    } else {
        Some(sum)
    }
}

/// `a − b`, or `None` when it does not fit: `i64::checked_sub` in the same way.
#[inline(always)]
pub const fn difference(a: i64, b: i64) -> Option<i64> {
    let difference = a.wrapping_sub(b);
    // It overflowed if the signs of `a` and `b` differ and its sign is not that of `a`.
    if (a ^ b) & (a ^ difference) < 0 {
        None
    } else {
        Some(difference)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_the_standard_ones_at_every_edge() {
        let near = |middle: i64| (-3..=3).map(move |step| middle.wrapping_add(step));
        let edges = || {
            [0, i64::MAX, i64::MAX / 2, i64::MIN / 2]
                .into_iter()
                .flat_map(near)
        };
        for a in edges() {
            for b in edges() {
                assert_eq!(sum(a, b), a.checked_add(b), "{a} + {b}");
                assert_eq!(difference(a, b), a.checked_sub(b), "{a} - {b}");
            }
        }
    }
}
