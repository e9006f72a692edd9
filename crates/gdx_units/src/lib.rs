//! Unit types.
