//! Reads varints from a slice.

use crate::{BatchError, Result};

/// What is left of a batch's entries.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
}

const CUT_SHORT: BatchError = BatchError::Malformed("the entries are cut short");

/// Groups of seven bits in 64.
const MAX_BYTES: usize = 10;
const TOO_LARGE: BatchError = BatchError::Malformed("a varint must fit in u64");
const NOT_SHORTEST: BatchError = BatchError::Malformed("a varint must be in its shortest form");

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// The next byte.
    #[inline]
    pub fn byte(&mut self) -> Result<u8> {
        let (&byte, rest) = self.bytes.split_first().ok_or(CUT_SHORT)?;
        self.bytes = rest;
        Ok(byte)
    }

    /// The next varint.
    #[inline(always)]
    pub fn varint(&mut self) -> Result<u64> {
        let (value, rest) = split_varint(self.bytes)?;
        self.bytes = rest;
        Ok(value)
    }

    /// The next varint, within the positive half of i64.
    #[inline(always)]
    pub fn amount(&mut self) -> Result<i64> {
        i64::try_from(self.varint()?)
            .map_err(|_| BatchError::Malformed("an amount must fit in i64"))
    }

    /// The next zig-zag varint.
    #[inline(always)]
    pub fn signed(&mut self) -> Result<i64> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// Refuses bytes after the last entry.
    pub fn end(&self) -> Result<()> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        Err(BatchError::Malformed("no bytes may follow the last entry"))
    }
}

/// A varint and what follows it. The first groups are written out, because the compiler leaves a loop as it is and a
/// batch has hundreds of these: whole bytes are added up, and what their continuation bits came to is taken off at the
/// end.
#[inline(always)]
fn split_varint(bytes: &[u8]) -> Result<(u64, &[u8])> {
    if bytes.len() < MAX_BYTES {
        return split_any_varint(bytes);
    }
    let mut sum = 0u64;
    macro_rules! read_groups {
        ($($index:literal)*) => {$(
            let byte = bytes[$index];
            sum = sum.wrapping_add(u64::from(byte) << (7 * $index));
            if byte < 0x80 {
                if byte == 0 && $index > 0 {
                    return Err(NOT_SHORTEST);
                }
                return Ok((sum.wrapping_sub(const { continuation_bits($index) }), &bytes[$index + 1..]));
            }
        )*};
    }
    read_groups!(0 1 2 3 4 5);
    split_any_varint(bytes)
}

/// The same of any length, and where few bytes are left.
#[inline(never)]
fn split_any_varint(bytes: &[u8]) -> Result<(u64, &[u8])> {
    let mut value = 0;
    for (index, &byte) in bytes.iter().enumerate().take(MAX_BYTES) {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte >= 0x80 {
            continue;
        }
        if byte == 0 && index > 0 {
            return Err(NOT_SHORTEST);
        }
        if byte > 1 && index == MAX_BYTES - 1 {
            return Err(TOO_LARGE);
        }
        return Ok((value, &bytes[index + 1..]));
    }
    Err(if bytes.len() < MAX_BYTES {
        CUT_SHORT
    } else {
        TOO_LARGE
    })
}

/// What the highest bits of a varint's first `groups` bytes come to, all set.
const fn continuation_bits(groups: usize) -> u64 {
    let (mut sum, mut index) = (0, 0);
    while index < groups {
        sum += 0x80 << (7 * index);
        index += 1;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encode(mut value: u64) -> Vec<u8> {
        let mut out = Vec::new();
        while value > 0x7f {
            out.push(value as u8 | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
        out
    }

    proptest! {
        #[test]
        fn reads_back_what_was_written(value: u64, signed: i64) {
            // Of every length, at the end and before other bytes.
            for value in (0..10).map(|groups| value >> (7 * groups)) {
                let mut bytes = encode(value);
                let mut reader = Reader::new(&bytes);
                prop_assert_eq!(reader.varint(), Ok(value));
                prop_assert_eq!(reader.end(), Ok(()));
                let length = bytes.len();
                bytes.extend([0xff; MAX_BYTES]);
                let mut reader = Reader::new(&bytes);
                prop_assert_eq!(reader.varint(), Ok(value));
                prop_assert_eq!(reader.bytes.len(), bytes.len() - length);
            }
            let zigzag = ((signed << 1) ^ (signed >> 63)) as u64;
            prop_assert_eq!(Reader::new(&encode(zigzag)).signed(), Ok(signed));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..24)) {
            let mut reader = Reader::new(&bytes);
            while reader.varint().is_ok() {}
        }
    }

    #[test]
    fn longer_forms_are_refused() {
        for length in 2..=MAX_BYTES {
            let mut bytes = vec![0x81; length - 1];
            bytes.push(0);
            assert_eq!(Reader::new(&bytes).varint(), Err(NOT_SHORTEST));
            bytes.extend([7; MAX_BYTES]);
            assert_eq!(Reader::new(&bytes).varint(), Err(NOT_SHORTEST));
        }
        assert!(Reader::new(&[0x80, 0x00]).varint().is_err());
        assert!(Reader::new(&[0xff; 10]).varint().is_err());
        assert!(
            Reader::new(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02])
                .varint()
                .is_err()
        );
        assert!(Reader::new(&[0x80]).varint().is_err());
    }
}
