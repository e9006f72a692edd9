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

    /// The next varint. Written out group by group: the compiler leaves a loop as it is, and a batch has hundreds.
    #[inline]
    pub fn varint(&mut self) -> Result<u64> {
        let bytes = self.bytes;
        if bytes.len() < MAX_BYTES {
            return self.last_varint();
        }
        let mut value = 0;
        macro_rules! read_groups {
            ($($index:literal)*) => {$(
                let byte = bytes[$index];
                value |= u64::from(byte & 0x7f) << (7 * $index);
                if byte < 0x80 {
                    self.bytes = &bytes[$index + 1..];
                    return check_varint(value, $index, byte);
                }
            )*};
        }
        read_groups!(0 1 2 3 4 5 6 7 8 9);
        Err(TOO_LARGE)
    }

    /// The same where the longest varint would not fit any more.
    #[inline(never)]
    fn last_varint(&mut self) -> Result<u64> {
        let bytes = self.bytes;
        let mut padded = [0x80; MAX_BYTES];
        padded[..bytes.len()].copy_from_slice(bytes);
        let mut reader = Reader { bytes: &padded };
        let value = match reader.varint() {
            Err(TOO_LARGE) => return Err(CUT_SHORT),
            other => other?,
        };
        self.bytes = bytes
            .get(MAX_BYTES - reader.bytes.len()..)
            .ok_or(CUT_SHORT)?;
        Ok(value)
    }

    /// The next varint, within the positive half of i64.
    #[inline]
    pub fn amount(&mut self) -> Result<i64> {
        i64::try_from(self.varint()?)
            .map_err(|_| BatchError::Malformed("an amount must fit in i64"))
    }

    /// The next zig-zag varint.
    #[inline]
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

/// `value`, when its last byte is neither superfluous nor past 64 bits.
#[inline(always)]
fn check_varint(value: u64, index: usize, byte: u8) -> Result<u64> {
    if byte == 0 && index > 0 {
        return Err(BatchError::Malformed(
            "a varint must be in its shortest form",
        ));
    }
    if byte > 1 && index == MAX_BYTES - 1 {
        return Err(TOO_LARGE);
    }
    Ok(value)
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
            let bytes = encode(value);
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(reader.varint(), Ok(value));
            prop_assert_eq!(reader.end(), Ok(()));
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
