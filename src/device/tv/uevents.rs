//! The kernel's word that something changed at a display: a TV was put in, pulled out or exchanged.

use nix::sys::socket::{AddressFamily, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, socket};
use std::io;
use std::os::fd::AsRawFd;
use tokio::net::UnixDatagram;

/// The group to which the kernel itself speaks; udev speaks to another.
const KERNEL: u32 = 1;
/// Longer than any word of the kernel (bytes).
const LONGEST: usize = 8 * 1024;

/// Hears the kernel. Tokio has no name for a netlink socket, and hearing one is the same call as for any datagram.
pub(super) struct Uevents(Option<UnixDatagram>);

impl Uevents {
    /// Without the kernel's word, displays are still looked at every half second.
    pub(super) fn open() -> Self {
        Self(
            listening().inspect_err(|error| tracing::warn!("listening to the kernel's word on displays: {error}")).ok(),
        )
    }

    /// Ends when something changed at a display.
    pub(super) async fn changed(&mut self) {
        let Some(socket) = &self.0 else { return std::future::pending().await };
        let mut word = vec![0; LONGEST];
        loop {
            match socket.recv(&mut word).await {
                Ok(length) if is_about_a_display(word.get(..length).unwrap_or_default()) => return,
                Ok(_) => {}
                // Words were lost: one of them may have been about a display.
                Err(error) if error.raw_os_error() == Some(nix::libc::ENOBUFS) => return,
                Err(_) => return std::future::pending().await,
            }
        }
    }
}

fn listening() -> io::Result<UnixDatagram> {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let socket = socket(AddressFamily::Netlink, SockType::Datagram, flags, SockProtocol::NetlinkKObjectUEvent)?;
    bind(socket.as_raw_fd(), &NetlinkAddr::new(0, KERNEL))?;
    UnixDatagram::from_std(socket.into())
}

/// `ACTION@PATH`, then `KEY=VALUE` each, with zeros between them (`lib/kobject_uevent.c`).
fn is_about_a_display(word: &[u8]) -> bool {
    word.split(|byte| *byte == 0).any(|part| part == b"SUBSYSTEM=drm")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_about_displays_are_told_from_others() {
        let plugged =
            b"change@/devices/platform/gpu/drm/card1\0ACTION=change\0SUBSYSTEM=drm\0HOTPLUG=1\0CONNECTOR=33\0";
        assert!(is_about_a_display(plugged));
        assert!(is_about_a_display(b"add@/devices/platform/gpu/drm/card1\0ACTION=add\0SUBSYSTEM=drm\0"));
        for other in
            [&b"add@/devices/usb1\0ACTION=add\0SUBSYSTEM=usb\0"[..], b"", b"SUBSYSTEM=drm_dp_aux_dev\0", b"\0\0"]
        {
            assert!(!is_about_a_display(other), "{other:?}");
        }
    }

    #[tokio::test]
    async fn the_kernel_can_be_heard() {
        assert!(listening().is_ok());
    }
}
