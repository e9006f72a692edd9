//! A market on its way to being closed: at which price, how far, and what is shared.

use anchor_lang::prelude::*;
use gdx_math::money::Payouts;
use gdx_units::{Atoms, PriceE6};

use crate::{constants::LAYOUT_VERSION, error::PositionError};

/// Address: `["settlement", market]`. Exists while the market is settling.
#[account(zero_copy)]
#[derive(Debug)]
pub struct MarketSettlement {
    pub market: Pubkey,
    /// Who paid for this account and gets the rent back.
    pub payer: Pubkey,
    /// At which every position is closed.
    pub price_e6: u64,
    /// Unix seconds.
    pub started_ts: i64,
    /// Open interest when settling started.
    pub open_interest_e8: u64,
    /// What the closed sizes were worth: by this the market's books differ from its pool until the last size is
    /// closed; then it is 0 or less, the dust of the rounding.
    pub imbalance_atoms: i64,
    /// Σ collateral when the first pay-out was made; 0 before.
    pub claims_atoms: i64,
    /// What is paid for all claims together.
    pub payable_atoms: i64,
    /// What insurance added to the pool for it.
    pub drawn_atoms: i64,
    pub paid_atoms: i64,
    /// Sizes closed and claims paid so far.
    pub settled_count: u32,
    pub paid_count: u32,
    /// A [`SettlingReason`].
    pub reason: u8,
    /// 1 from the first pay-out on.
    pub is_paying: u8,
    pub layout_version: u8,
    pub bump: u8,
    pub reserved: [u8; 36],
}

const _: () = assert!(size_of::<MarketSettlement>() == 176 && align_of::<MarketSettlement>() == 8);

/// Why a market is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum SettlingReason {
    /// The admin delists it, after the delay.
    Delisting = 0,
    /// No batch for a day.
    Silence = 1,
    /// A loss that nobody can carry.
    StuckLoss = 2,
    /// An index nearly used up.
    UsedUpIndex = 3,
}

impl SettlingReason {
    /// # Errors
    /// `BadSettlingReason`.
    pub fn from_byte(reason: u8) -> Result<Self> {
        match reason {
            0 => Ok(Self::Delisting),
            1 => Ok(Self::Silence),
            2 => Ok(Self::StuckLoss),
            3 => Ok(Self::UsedUpIndex),
            _ => err!(PositionError::BadSettlingReason),
        }
    }
}

impl MarketSettlement {
    pub const SPACE: usize = 8 + size_of::<Self>();

    pub fn open(
        &mut self,
        (market, payer): (Pubkey, Pubkey),
        reason: SettlingReason,
        price: PriceE6,
        open_interest_e8: u64,
        bump: u8,
        now_ts: i64,
    ) {
        self.market = market;
        self.payer = payer;
        self.reason = reason as u8;
        self.price_e6 = price.0;
        self.open_interest_e8 = open_interest_e8;
        self.started_ts = now_ts;
        self.layout_version = LAYOUT_VERSION;
        self.bump = bump;
    }

    /// Counts a size closed at the price.
    pub fn count_settled(&mut self, worth: Atoms) -> Result<()> {
        let imbalance = self.imbalance_atoms.checked_add(worth.0);
        self.imbalance_atoms = imbalance.ok_or(PositionError::MathOverflow)?;
        self.settled_count = self.settled_count.saturating_add(1);
        Ok(())
    }

    /// By how much the books are worth more than the pool holds: nothing once claims are paid.
    pub fn open_imbalance(&self) -> Atoms {
        if self.is_paying == 1 {
            Atoms::ZERO
        } else {
            Atoms(self.imbalance_atoms)
        }
    }

    /// Fixes what is shared.
    pub fn start_paying(&mut self, payouts: &Payouts) {
        self.is_paying = 1;
        self.claims_atoms = payouts.claims.0;
        self.payable_atoms = payouts.payable.0;
        self.drawn_atoms = payouts.drawn.0;
    }

    /// What is shared, once it is fixed.
    pub fn payouts(&self) -> Option<Payouts> {
        (self.is_paying == 1).then_some(Payouts {
            claims: Atoms(self.claims_atoms),
            payable: Atoms(self.payable_atoms),
            drawn: Atoms(self.drawn_atoms),
        })
    }

    /// Counts a claim that was paid.
    pub fn count_paid(&mut self, paid: Atoms) -> Result<()> {
        let sum = self.paid_atoms.checked_add(paid.0);
        self.paid_atoms = sum.ok_or(PositionError::MathOverflow)?;
        self.paid_count = self.paid_count.saturating_add(1);
        Ok(())
    }

    /// No more is paid than is shared, and what is left over from closing all sizes is dust: less than an atom each.
    pub fn invariant(&self, has_size_left: bool) -> Result<()> {
        let dust = -i128::from(self.imbalance_atoms);
        let is_dust = (0..=i128::from(self.settled_count)).contains(&dust);
        require!(has_size_left || is_dust, PositionError::MarketNotBacked);
        require!(
            self.paid_atoms <= self.payable_atoms && self.payable_atoms <= self.claims_atoms,
            PositionError::MarketNotBacked
        );
        Ok(())
    }
}
