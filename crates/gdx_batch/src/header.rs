//! The 92 bytes in front of the entries, and the id that chains batches of a market.

use solana_sha256_hasher::hashv;

use crate::{merkle::Hash, BatchError, Result};

/// Settle although the batch is smaller than the configured minimum.
pub const FLAG_FLUSH: u8 = 1;
/// An empty batch from the matcher's log.
pub const FLAG_HEARTBEAT: u8 = 2;

const PAYLOAD_OFFSET: usize = 80;
const ENTRIES_OFFSET: usize = 92;
const NO_HASH: Hash = [0; 32];

/// The header's fields, and the bytes after it.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    /// 1 or 2.
    pub version: u8,
    /// [`FLAG_FLUSH`], [`FLAG_HEARTBEAT`].
    pub flags: u8,
    /// Fences an old relayer; not part of the id.
    pub relayer_epoch: u32,
    /// Gapless per market, from 1.
    pub sequence: u64,
    /// Id of the batch before; zeros for the first.
    pub previous_id: &'a Hash,
    /// Root over the trades' leaves.
    pub merkle_root: &'a Hash,
    /// Trades in the batch.
    pub trade_count: u16,
    /// Unix milliseconds.
    pub executed_from_ms: u64,
    /// Milliseconds after `executed_from_ms`.
    pub executed_to_delta_ms: u32,
    /// Every byte from offset 80 on.
    pub payload: &'a [u8],
    /// Every byte from offset 92 on.
    pub entries: &'a [u8],
}

impl<'a> Header<'a> {
    /// The version byte alone, so that routing comes before everything else.
    pub fn version_of(data: &[u8]) -> Result<u8> {
        match data.first() {
            Some(&version @ (1 | 2)) => Ok(version),
            Some(_) => Err(BatchError::UnknownVersion),
            None => Err(BatchError::Malformed("the batch is empty")),
        }
    }

    /// Reads and checks the header.
    pub fn read(data: &'a [u8]) -> Result<Self> {
        let version = Self::version_of(data)?;
        let (head, entries) = data
            .split_first_chunk::<ENTRIES_OFFSET>()
            .ok_or(BatchError::Malformed("the header is cut short"))?;
        let header = Self {
            version,
            flags: head[1],
            relayer_epoch: u32::from_le_bytes(array(head, 2)),
            sequence: u64::from_le_bytes(array(head, 6)),
            previous_id: hash_at(head, 14),
            merkle_root: hash_at(head, 46),
            trade_count: u16::from_le_bytes(array(head, 78)),
            executed_from_ms: u64::from_le_bytes(array(head, 80)),
            executed_to_delta_ms: u32::from_le_bytes(array(head, 88)),
            payload: &data[PAYLOAD_OFFSET..],
            entries,
        };
        header.check()
    }

    fn check(self) -> Result<Self> {
        let rules = [
            (
                self.flags & !(FLAG_FLUSH | FLAG_HEARTBEAT) == 0,
                "only flag bits 0 and 1 exist",
            ),
            (self.sequence > 0, "the first sequence is 1"),
            (
                (self.sequence == 1) == (*self.previous_id == NO_HASH),
                "the previous id must be zeros for sequence 1 and only then",
            ),
            (
                self.is_heartbeat() == (self.trade_count == 0),
                "the trade count must be 0 in a heartbeat and only there",
            ),
            (
                !self.is_heartbeat()
                    || (*self.merkle_root == NO_HASH && self.executed_to_delta_ms == 0),
                "root and duration of a heartbeat must be 0",
            ),
            (
                !self.is_heartbeat() || self.entries.is_empty(),
                "a heartbeat has no entries",
            ),
        ];
        match rules.iter().find(|(holds, _)| !holds) {
            Some((_, rule)) => Err(BatchError::Malformed(rule)),
            None => Ok(self),
        }
    }

    /// Whether this is an empty batch that only proves that the relayer lives.
    pub const fn is_heartbeat(&self) -> bool {
        self.flags & FLAG_HEARTBEAT != 0
    }

    /// Whether the smallest batch size does not apply.
    pub const fn is_exempt_from_min_size(&self) -> bool {
        self.flags != 0
    }

    /// Unix milliseconds of the last trade at the latest.
    pub const fn executed_to_ms(&self) -> u64 {
        self.executed_from_ms
            .saturating_add(self.executed_to_delta_ms as u64)
    }

    /// `sha256("gdx/batch" ‖ version ‖ market ‖ sequence ‖ previous ‖ root ‖ count ‖ sha256(payload))`.
    pub fn batch_id(&self, market: &[u8; 32]) -> Hash {
        hashv(&[
            b"gdx/batch",
            &[self.version],
            market,
            &self.sequence.to_le_bytes(),
            self.previous_id,
            self.merkle_root,
            &self.trade_count.to_le_bytes(),
            hashv(&[self.payload]).as_ref(),
        ])
        .to_bytes()
    }
}

/// `N` bytes at a constant offset within the header.
#[inline]
fn array<const N: usize>(head: &[u8; ENTRIES_OFFSET], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&head[at..at + N]);
    bytes
}

#[inline]
fn hash_at(head: &[u8; ENTRIES_OFFSET], at: usize) -> &Hash {
    head[at..].first_chunk().unwrap_or(&NO_HASH)
}
