//! What the family sees: every screen can be read from the sofa, and looks as it looked when a person judged it.
#![expect(clippy::unwrap_used, reason = "a test says what broke by panicking")]

mod golden;
mod moving;
mod readable;
mod strange_names;
