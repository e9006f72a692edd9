//! The money rules of a position. Each changes a [`Position`] and the market's [`Ledger`] together, so that
//! [`Ledger::book_value`] moves only with the pool's tokens. Every rounding goes against the party that benefits.
//!
//! One instruction runs [`touch`], then fills and fees, then [`settle_overdraft`] for each position it changed.

mod bankruptcy;
mod rules;
mod settling;
mod state;

pub use bankruptcy::*;
pub use rules::*;
pub use settling::*;
pub use state::{Ledger, Position, Side};
