//! Values that every part of the house shares: no clock, no socket, no file, no thread.

pub mod able;
pub mod call;
pub mod choice;
pub mod code;
pub mod eye;
pub mod ids;
pub mod invite;
pub mod known;
pub mod language;
pub mod light;
pub mod line;
pub mod loan;
pub mod press;
pub mod quality;
pub mod release;
pub mod screen;
pub mod secret;
pub mod slot_clock;
pub mod stick;
pub mod trust;
pub mod turn;
pub mod update;
pub mod uptime;
pub mod verdict;
pub mod wifi_code;
pub mod wire;
