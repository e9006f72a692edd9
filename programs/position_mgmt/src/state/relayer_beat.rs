//! The active relayer's sign of life, in an account of its own so that no shard waits for a lock on it.

use anchor_lang::prelude::*;

use crate::constants::LAYOUT_VERSION;

/// Address: `["beat"]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct RelayerBeat {
    /// Who beat last.
    pub relayer: Pubkey,
    /// When, in slots and unix seconds.
    pub slot: u64,
    pub ts: i64,
    pub epoch: u32,
    pub layout_version: u8,
    pub bump: u8,
    pub reserved: [u8; 2],
}

const _: () = assert!(size_of::<RelayerBeat>() == 56 && align_of::<RelayerBeat>() == 8);

impl RelayerBeat {
    pub const SPACE: usize = 8 + size_of::<Self>();

    pub fn open(&mut self, bump: u8) {
        self.layout_version = LAYOUT_VERSION;
        self.bump = bump;
    }

    pub fn beat(&mut self, relayer: Pubkey, epoch: u32, clock: &Clock) {
        self.relayer = relayer;
        self.epoch = epoch;
        self.slot = clock.slot;
        self.ts = clock.unix_timestamp;
    }
}
