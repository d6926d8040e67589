//! Loopback addresses that no other test uses: a server there has every port to itself, and none must be looked for.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};

/// Port of a TURN server there: neither the usual one, which the machine's own may have at every address, nor one that
/// is given to outgoing connections.
#[allow(dead_code, reason = "each test uses its own part of it")]
pub(crate) const TURN_PORT: u16 = 13_478;

/// An address of this process alone. All of 127.0.0.0/8 is this machine; a process's number has 22 bits at the most,
/// so that four addresses are left to each.
pub(crate) fn own_address() -> Ipv4Addr {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    let number = GIVEN.fetch_add(1, Ordering::Relaxed) % 4;
    Ipv4Addr::from_bits(Ipv4Addr::new(127, 0, 0, 0).to_bits() + (std::process::id() << 2) + number)
}
