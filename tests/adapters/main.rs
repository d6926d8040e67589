//! The adapters against real sockets, files and buses of this machine.
//!
//! Table of contents:
//! - `link`: the signalling line
//! - `store`: the loan and the owed wipe, with a power cut after every step
//! - `hardware`: button, light and clock, as far as they can be had without hardware
//! - `cities`: whose loans count, and which keys are refused
//! - `signers`: who may sign updates, by the real RAUC
//! - `stick`: what lies on a stick, and whose signature counts
//! - `boot`: what a changed boot partition may say to kernel and initrd, and the list of its files
//! - `counters`: the boot counters in their two copies
//! - `hang`: the settings that restart a box that hangs, from power on
//! - `reach`: what the appliance on the box can make root's programs do, and what it can reach
//! - `network`, `slot`: NetworkManager and RAUC, played by this test on a private D-Bus
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, reason = "tests may")]

mod boot;
mod bus;
mod cities;
mod counters;
mod hang;
mod hardware;
mod link;
mod network;
mod rauc;
mod reach;
mod signers;
mod slot;
mod stick;
mod store;
