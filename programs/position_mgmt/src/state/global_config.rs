//! The configuration: roles, pauses, batch versions, and figures common to all markets.

use anchor_lang::prelude::*;
use solana_sha256_hasher::hashv;

use super::config_args::{require_known_versions, require_min_batch_size, CreateConfigArgs};
use crate::{
    constants::{CONFIG_LAYOUT_VERSION, MAX_RELAYERS},
    error::PositionError,
    events::EventHead,
};

/// Address: `["config"]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct GlobalConfig {
    pub admin: Pubkey,
    /// The only relayer that may settle.
    pub active_relayer: Pubkey,
    pub guardian: Pubkey,
    pub pending_admin: Pubkey,
    /// Relayers that may take over; unused places are the default address.
    pub approved_relayers: [Pubkey; 4],
    /// Market of the canary; the default address when there is none.
    pub canary_market: Pubkey,
    /// Hash of the change that may be executed from `pending_change_not_before_ts` on; zeros when none.
    pub pending_change_hash: [u8; 32],
    pub pending_admin_not_before_ts: i64,
    pub pending_change_not_before_ts: i64,
    /// Slippage that any position may have per hour.
    pub slippage_floor_atoms: u64,
    pub event_sequence: u64,
    /// Fewest trades of a batch that is no flush; at most 18.
    pub min_batch_size: u32,
    /// Grows with each change of the active relayer: fences the old one.
    pub relayer_epoch: u32,
    /// One bit per operation.
    pub pause_bits: u32,
    /// Delay of changes that touch money; 0 only on a local chain.
    pub delay_seconds: u32,
    /// Age of the active relayer's beat from which another may take over.
    pub takeover_slots: u32,
    /// Slots between the request of a release and its execution.
    pub release_delay_slots: u32,
    /// How long a settled batch is kept.
    pub batch_retention_seconds: u32,
    /// Number of markets ever created: the next market's index.
    pub market_count: u32,
    /// Batches that the canary was set for: the last one is `canary_last_sequence`. Settling does not count it down,
    /// because shards would wait for each other to write here.
    pub canary_remaining: u32,
    /// Share of equity that a position may lose to slippage per hour.
    pub slippage_share_bps: u16,
    /// Share of a liquidation fee that goes to the market's insurance.
    pub insurance_share_bps: u16,
    /// 1 when every operation is paused.
    pub is_paused: u8,
    /// Batch versions accepted: 1 = V1, 2 = V2, 3 = both.
    pub allowed_batch_versions: u8,
    /// Batch versions that were ever accepted for all markets.
    pub ever_live_versions: u8,
    /// Batch version that the canary accepts; 0 when there is none.
    pub canary_version: u8,
    pub layout_version: u8,
    pub bump: u8,
    /// 1 once a market was closed: a market created later may have the address of one before it.
    pub has_closed_markets: u8,
    pub reserved: [u8; 73],
    /// Last sequence of its market that the canary covers; from here on layout 2.
    pub canary_last_sequence: u64,
    /// When the active relayer was last changed; 0 when never.
    pub relayer_since_slot: u64,
    /// When the pause of releases lapses, or the last one lapsed; 0 when there never was one. Unix seconds.
    pub release_pause_expiry_ts: i64,
    /// When releases were last opened again. Unix seconds.
    pub releases_open_since_ts: i64,
    pub reserved_for_later: [u8; 512],
}

const _: () = assert!(size_of::<GlobalConfig>() == 1_016 && align_of::<GlobalConfig>() == 8);

impl GlobalConfig {
    pub const SPACE: usize = 8 + size_of::<Self>();
    /// What an account of layout 1 takes.
    pub const SPACE_OF_LAYOUT_1: usize = 480;

    pub fn open(&mut self, args: &CreateConfigArgs, bump: u8) -> Result<()> {
        self.admin = args.admin;
        self.guardian = args.guardian;
        self.active_relayer = args.relayer;
        self.approved_relayers[0] = args.relayer;
        self.relayer_epoch = 1;
        self.allowed_batch_versions = args.allowed_batch_versions;
        self.ever_live_versions = args.allowed_batch_versions;
        self.min_batch_size = args.min_batch_size;
        self.delay_seconds = args.delay_seconds;
        self.layout_version = CONFIG_LAYOUT_VERSION;
        self.bump = bump;
        self.set_limits(&args.limits())
    }

    /// Header of the next event of this account.
    pub fn next_head(&mut self, clock: &Clock) -> EventHead {
        self.event_sequence = self.event_sequence.wrapping_add(1);
        EventHead::new(clock, self.event_sequence)
    }

    /// # Errors
    /// The operation's own error when its bit is set.
    #[inline]
    pub fn require_open(&self, pause_bit: u32, paused: PositionError) -> Result<()> {
        if self.pause_bits & pause_bit != 0 {
            return Err(paused.into());
        }
        Ok(())
    }

    /// The guardian may narrow the mask; the admin may also allow again what was live before. A version that was
    /// never live is a change that needs the delay. A canary ends when its version becomes live for all, or no
    /// version is: it must not outlast a later narrowing.
    pub fn set_allowed_versions(
        &mut self,
        signer: &Pubkey,
        versions: u8,
        now_ts: i64,
        change_hash: &[u8; 32],
    ) -> Result<()> {
        require_known_versions(versions)?;
        let is_narrower = versions & !self.allowed_batch_versions == 0;
        self.require_admin_or_restricting_guardian(signer, is_narrower)?;
        if versions & !self.ever_live_versions != 0 {
            self.consume_change(change_hash, now_ts)?;
        }
        self.allowed_batch_versions = versions;
        self.ever_live_versions |= versions;
        if versions == 0 || versions & self.canary_version != 0 {
            self.end_canary();
        }
        Ok(())
    }

    /// Whether the mask has the bit of `version` (1 or 2).
    #[inline]
    pub fn allows_version(&self, version: u8) -> bool {
        self.allowed_batch_versions & version != 0
    }

    pub fn set_min_batch_size(&mut self, min_batch_size: u32) -> Result<()> {
        require_min_batch_size(min_batch_size)?;
        self.min_batch_size = min_batch_size;
        Ok(())
    }

    /// Index for a new market.
    pub fn next_market_index(&mut self) -> Result<u32> {
        let index = self.market_count;
        self.market_count = index.checked_add(1).ok_or(PositionError::MathOverflow)?;
        Ok(index)
    }

    /// Sequence and id that the first batch of a new market follows: 0 and zeros. Once a market was closed, its creation
    /// counts as sequence 1 and has an id of its own, so that no batch of an earlier market at the same address is of it.
    pub fn chain_start(&self, market: &Pubkey, market_index: u32) -> (u64, [u8; 32]) {
        if self.has_closed_markets == 0 {
            return (0, [0; 32]);
        }
        let id = hashv(&[b"gdx/market", market.as_ref(), &market_index.to_le_bytes()]);
        (1, id.to_bytes())
    }

    /// Notes that a market was closed; its canary must not be one of a later market at the same address.
    pub fn note_closed_market(&mut self, market: &Pubkey) {
        self.has_closed_markets = 1;
        if self.canary_market == *market {
            self.end_canary();
        }
    }

    /// Only one change waits at a time; a new proposal replaces the waiting one.
    pub fn propose_change(&mut self, change_hash: [u8; 32], now_ts: i64) {
        self.pending_change_hash = change_hash;
        self.pending_change_not_before_ts = now_ts.saturating_add(i64::from(self.delay_seconds));
    }

    /// Lets a change that touches money through: at once without a delay, else when it was proposed and the delay
    /// has passed; then the proposal is used up.
    pub fn consume_change(&mut self, change_hash: &[u8; 32], now_ts: i64) -> Result<()> {
        if self.delay_seconds == 0 {
            return Ok(());
        }
        require!(
            self.pending_change_hash == *change_hash,
            PositionError::ChangeNotProposed
        );
        require_gte!(
            now_ts,
            self.pending_change_not_before_ts,
            PositionError::DelayNotPassed
        );
        self.pending_change_hash = [0; 32];
        self.pending_change_not_before_ts = 0;
        Ok(())
    }

    pub fn propose_admin(&mut self, new_admin: Pubkey, now_ts: i64) {
        self.pending_admin = new_admin;
        self.pending_admin_not_before_ts = now_ts.saturating_add(i64::from(self.delay_seconds));
    }

    /// # Errors
    /// `NoPendingAdmin`, `NotPendingAdmin`, `DelayNotPassed`.
    pub fn accept_admin(&mut self, signer: &Pubkey, now_ts: i64) -> Result<()> {
        require_keys_neq!(
            self.pending_admin,
            Pubkey::default(),
            PositionError::NoPendingAdmin
        );
        require_keys_eq!(*signer, self.pending_admin, PositionError::NotPendingAdmin);
        require_gte!(
            now_ts,
            self.pending_admin_not_before_ts,
            PositionError::DelayNotPassed
        );
        self.admin = self.pending_admin;
        self.pending_admin = Pubkey::default();
        self.pending_admin_not_before_ts = 0;
        Ok(())
    }

    pub(super) fn require_admin_or_restricting_guardian(
        &self,
        signer: &Pubkey,
        is_narrower: bool,
    ) -> Result<()> {
        if *signer == self.admin {
            return Ok(());
        }
        require_keys_eq!(*signer, self.guardian, PositionError::NotAdminOrGuardian);
        require!(is_narrower, PositionError::GuardianMayOnlyRestrict);
        Ok(())
    }

    /// # Errors
    /// `NotAdminOrGuardian`.
    pub fn require_admin_or_guardian(&self, signer: &Pubkey) -> Result<()> {
        require!(
            *signer == self.admin || *signer == self.guardian,
            PositionError::NotAdminOrGuardian
        );
        Ok(())
    }

    /// The active relayer is one of the approved ones, whose places fit the layout.
    pub fn invariant(&self) -> Result<()> {
        const _: () = assert!(MAX_RELAYERS == 4);
        require!(
            self.approved_relayers.contains(&self.active_relayer),
            PositionError::RelayerNotApproved
        );
        require_known_versions(self.allowed_batch_versions)
    }
}
