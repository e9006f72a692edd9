//! Unit types of the exchange. A price cannot be added to a size, and a size cannot stand in for quote atoms.
//!
//! | type | scale |
//! |---|---|
//! | [`PriceE6`] | 1e-6 USDT per whole base unit |
//! | [`SizeE8`] | 1e-8 base unit, + long, − short |
//! | [`Atoms`] | 1e-6 USDT |
//! | [`Bps`] | ratio in 1e-4 |
//! | [`Ppm`] | ratio in 1e-6, − = rebate |
//! | [`RateE9`] | ratio in 1e-9 |
//! | [`Index`] | 1e-4 atom per whole base unit, cumulative |
//!
//! ```
//! use gdx_units::Atoms;
//! assert_eq!(Atoms(2).checked_add(Atoms(3)), Some(Atoms(5)));
//! ```
//!
//! ```compile_fail
//! use gdx_units::{Atoms, PriceE6};
//! let nonsense = Atoms(2).checked_add(PriceE6(3));
//! ```
#![no_std]
#![forbid(unsafe_code)]

mod checked;
mod scale;
mod unit;

pub use checked::{difference, sum};
pub use scale::*;
pub use unit::*;
