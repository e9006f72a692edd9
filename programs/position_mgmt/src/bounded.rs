//! An instruction's bytes, whose claimed length is checked before memory is taken for it.

use anchor_lang::prelude::*;
use std::{
    io::{Error, ErrorKind, Read, Write},
    ops::Deref,
};

/// Longest data that the runtime hands to an instruction (`MAX_INSTRUCTION_DATA_LEN`): no bytes can be more.
const MAX_BYTES: u32 = 10 * 1_024;

/// A `Vec` in an instruction's signature, and on the wire. Borsh's own takes up to a megabyte for what a length claims
/// before it looks whether the bytes are there, and the heap has 32 KiB: a lie would end the program without a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundedVec<T>(Vec<T>);

#[cfg(feature = "cpi")]
impl BoundedVec<u8> {
    /// The standard vector: what Anchor's helpers for calling this program mean by `Vec` beside its signatures.
    pub fn with_capacity(capacity: usize) -> Vec<u8> {
        Vec::with_capacity(capacity)
    }
}

impl Deref for BoundedVec<u8> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for BoundedVec<u8> {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl AnchorSerialize for BoundedVec<u8> {
    fn serialize<W: Write>(&self, writer: &mut W) -> std::io::Result<()> {
        self.0.serialize(writer)
    }
}

impl AnchorDeserialize for BoundedVec<u8> {
    fn deserialize_reader<R: Read>(reader: &mut R) -> std::io::Result<Self> {
        let length = u32::deserialize_reader(reader)?;
        if length > MAX_BYTES {
            return Err(Error::from(ErrorKind::InvalidData));
        }
        let mut bytes = vec![0; length as usize];
        reader.read_exact(&mut bytes)?;
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(data: &[u8]) -> std::io::Result<BoundedVec<u8>> {
        BoundedVec::deserialize(&mut &data[..])
    }

    #[test]
    fn bytes_are_what_a_vec_has() {
        for length in [0, 1, 1_232, MAX_BYTES as usize] {
            let bytes: Vec<u8> = (0..length).map(|index| index as u8).collect();
            let mut wire = Vec::new();
            bytes.serialize(&mut wire).unwrap();
            let bounded = read(&wire).unwrap();
            assert_eq!(*bounded, *bytes);
            let mut again = Vec::new();
            bounded.serialize(&mut again).unwrap();
            assert_eq!(again, wire);
        }
    }

    #[test]
    fn a_length_that_lies_is_refused() {
        for (claimed, there) in [
            (1, 0),
            (11, 10),
            (MAX_BYTES, 0),
            (MAX_BYTES + 1, 0),
            (u32::MAX, 9),
        ] {
            let data = [&claimed.to_le_bytes()[..], &vec![7; there]].concat();
            assert!(read(&data).is_err(), "{claimed} claimed, {there} there");
        }
        assert!(read(&[1, 0, 0]).is_err());
    }
}
