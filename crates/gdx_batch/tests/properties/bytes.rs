//! Writing batches, as plainly as possible.

use gdx_batch::Hash;
use proptest::prelude::*;

pub fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let low = (value % 128) as u8;
        value /= 128;
        if value == 0 {
            out.push(low);
            return out;
        }
        out.push(low + 128);
    }
}

pub fn zigzag(value: i64) -> u64 {
    let wide = i128::from(value);
    u64::try_from(if wide >= 0 { 2 * wide } else { -2 * wide - 1 }).unwrap()
}

pub fn edge() -> impl Strategy<Value = u64> {
    let edges: Vec<u64> = (0..64)
        .flat_map(|bit| [1 << bit, (1 << bit) - 1])
        .chain([u64::MAX])
        .collect();
    prop_oneof![prop::sample::select(edges), any::<u64>(), 0u64..300]
}

/// The fields in front of the entries.
#[derive(Clone, Debug)]
pub struct Fields {
    pub version: u8,
    pub flags: u8,
    pub epoch: u32,
    pub sequence: u64,
    pub previous: Hash,
    pub root: Hash,
    pub count: u16,
    pub from_ms: u64,
    pub delta_ms: u32,
}

impl Fields {
    pub fn encode(&self, entries: &[u8]) -> Vec<u8> {
        let mut out = vec![self.version, self.flags];
        out.extend(self.epoch.to_le_bytes());
        out.extend(self.sequence.to_le_bytes());
        out.extend(self.previous);
        out.extend(self.root);
        out.extend(self.count.to_le_bytes());
        out.extend(self.from_ms.to_le_bytes());
        out.extend(self.delta_ms.to_le_bytes());
        out.extend(entries);
        out
    }
}

prop_compose! {
    /// A valid header of a batch with trades.
    pub fn fields()(
        version in 1u8..3, flags in 0u8..2, epoch: u32, sequence in edge(), previous: Hash, root: Hash,
        count in 1u16.., from_ms in edge(), delta_ms: u32,
    ) -> Fields {
        let sequence = sequence.max(1);
        let previous = if sequence == 1 { [0; 32] } else { previous };
        Fields { version, flags, epoch, sequence, previous, root, count, from_ms, delta_ms }
    }
}
