//! Names what a code seen by the camera is.

use super::invite::Invite;
use super::screen::WrongCode;
use super::wifi_code::WifiCode;

/// What the camera read.
#[derive(Clone, PartialEq, Eq)]
pub enum Code {
    /// A router's Wi-Fi code.
    Wifi(WifiCode),
    /// A room key for one of the loan's counters.
    Invite(Invite),
    /// Neither: named for what it is.
    Wrong(WrongCode),
}
