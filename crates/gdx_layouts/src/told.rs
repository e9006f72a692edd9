use anchor_lang::prelude::Pubkey;
use serde_json::{json, Value};

/// A value of an account as JSON.
pub trait Told: Sized {
    fn told(&self) -> Value;

    /// An array of them; bytes say it as one text.
    fn told_all(items: &[Self]) -> Value {
        items.iter().map(Told::told).collect()
    }
}

macro_rules! told_numbers {
    ($($number:ty),*) => {
        $(impl Told for $number {
            fn told(&self) -> Value {
                json!(self)
            }
        })*
    };
}

told_numbers!(u16, u32, u64, i16, i64, bool);

impl Told for u8 {
    fn told(&self) -> Value {
        json!(self)
    }

    fn told_all(items: &[Self]) -> Value {
        let hex: String = items.iter().map(|byte| format!("{byte:02x}")).collect();
        json!(hex)
    }
}

impl Told for Pubkey {
    fn told(&self) -> Value {
        json!(self.to_string())
    }
}

impl<T: Told, const N: usize> Told for [T; N] {
    fn told(&self) -> Value {
        T::told_all(self)
    }
}

/// `told_fields!(Point { x, y });`
macro_rules! told_fields {
    ($name:ident { $($field:ident),* $(,)? }) => {
        impl Told for $name {
            fn told(&self) -> Value {
                let fields = [$((stringify!($field).to_owned(), self.$field.told())),*];
                serde_json::Value::Object(fields.into_iter().collect())
            }
        }
    };
}

pub(crate) use told_fields;
