//! Maths.
