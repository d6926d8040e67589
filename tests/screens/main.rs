//! What the family sees: every screen can be read from the sofa, and looks as it looked when a person judged it.

mod golden;
mod moving;
mod readable;
mod strange_names;
