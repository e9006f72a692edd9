//! Relayers: approved, active, fenced by the epoch.

use anchor_lang::prelude::*;

use super::{GlobalConfig, RelayerBeat};
use crate::error::PositionError;

impl GlobalConfig {
    /// # Errors
    /// `DefaultAddressRefused`, `RelayerAlreadyApproved`, `TooManyRelayers`.
    pub fn approve_relayer(&mut self, relayer: Pubkey) -> Result<()> {
        require_keys_neq!(
            relayer,
            Pubkey::default(),
            PositionError::DefaultAddressRefused
        );
        require!(
            !self.approved_relayers.contains(&relayer),
            PositionError::RelayerAlreadyApproved
        );
        let free = self
            .approved_relayers
            .iter_mut()
            .find(|place| **place == Pubkey::default());
        *free.ok_or(PositionError::TooManyRelayers)? = relayer;
        Ok(())
    }

    /// # Errors
    /// `RelayerNotApproved`, `ActiveRelayerNotRevocable`.
    pub fn revoke_relayer(&mut self, relayer: &Pubkey) -> Result<()> {
        require_keys_neq!(
            *relayer,
            self.active_relayer,
            PositionError::ActiveRelayerNotRevocable
        );
        *self.approved_place(relayer)? = Pubkey::default();
        Ok(())
    }

    /// The guardian moves at once to another approved relayer, the admin after the delay.
    pub fn move_relayer(
        &mut self,
        signer: &Pubkey,
        relayer: &Pubkey,
        change_hash: &[u8; 32],
        clock: &Clock,
    ) -> Result<()> {
        if *signer != self.guardian {
            self.consume_change(change_hash, clock.unix_timestamp)?;
        }
        self.set_active_relayer(relayer, clock.slot)
    }

    /// Makes an approved relayer the active one and raises the epoch.
    fn set_active_relayer(&mut self, relayer: &Pubkey, slot: u64) -> Result<()> {
        self.approved_place(relayer)?;
        self.active_relayer = *relayer;
        self.relayer_since_slot = slot;
        self.relayer_epoch = self
            .relayer_epoch
            .checked_add(1)
            .ok_or(PositionError::MathOverflow)?;
        Ok(())
    }

    /// A relayer that has just become the active one has as long as after a beat: the beat may be its predecessor's.
    ///
    /// # Errors
    /// `RelayerNotApproved`, `RelayerAlive`.
    pub fn take_over(&mut self, relayer: &Pubkey, beat: &RelayerBeat, slot: u64) -> Result<()> {
        let age = slot.saturating_sub(beat.slot.max(self.relayer_since_slot));
        require_gt!(
            age,
            u64::from(self.takeover_slots),
            PositionError::RelayerAlive
        );
        self.set_active_relayer(relayer, slot)
    }

    fn approved_place(&mut self, relayer: &Pubkey) -> Result<&mut Pubkey> {
        require_keys_neq!(
            *relayer,
            Pubkey::default(),
            PositionError::DefaultAddressRefused
        );
        let place = self
            .approved_relayers
            .iter_mut()
            .find(|place| *place == relayer);
        place.ok_or(error!(PositionError::RelayerNotApproved))
    }
}
