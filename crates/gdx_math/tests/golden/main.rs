//! The arithmetic against the golden vectors that the Python SDK is tested with as well.

mod fills;
mod formulas;
mod state;
mod vectors;
