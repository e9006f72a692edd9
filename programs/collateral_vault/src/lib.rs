//! Holds tokens.
use anchor_lang::prelude::*;

declare_id!("12eZxkcasSf5NLQ2EkvJyfRvF7utS9eKjCnNtAYftYhQ");
