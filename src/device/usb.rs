//! USB sticks: put in and taken out.

use std::path::PathBuf;

/// What happened at the USB sockets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UsbEvent {
    /// A stick was put in.
    In {
        /// Its block device.
        device: PathBuf,
    },
    /// It was taken out.
    Out {
        /// Its block device.
        device: PathBuf,
    },
}
