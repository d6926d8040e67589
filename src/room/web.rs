//! The pages: their addresses, who may ask what there, how staff sign in, and what a page asks for and changes.

mod assets;
mod brief;
mod cookies;
mod desk_api;
mod enrolment;
pub(super) mod hashing;
pub(super) mod http;
mod ledger;
mod ledger_papers;
mod ledger_table;
mod password_change;
pub(super) mod second_step;
pub mod sheet;
pub mod sign_in;
mod updates;
