//! The arithmetic against the golden vectors that the Python SDK is tested with as well.

mod fills;
mod formulas;
mod settling;
mod state;
mod vectors;
