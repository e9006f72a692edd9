//! The exchange's arithmetic: pure, checked integers, every rounding an argument or a documented rule.
//!
//! No accounts, no clock, no allocation in the money paths. The programs, the tests and the native engine share
//! it; the Python SDK has the same functions and both read the same golden vectors.
#![forbid(unsafe_code)]

pub mod band;
pub mod fees;
pub mod funding;
pub mod integer;
pub mod limiter;
pub mod liquidation;
pub mod margin;
pub mod money;
pub mod net_outflow;
pub mod oracle;
pub mod statistics;

pub use integer::{mul_div, mul_div_signed, MathError, Rounding};
