//! The Wi-Fi code of a router: the `WIFI:` text of the ZXing wiki and of the WPA3 Specification, section 7.

use super::secret::Secret;

/// A Wi-Fi network as a code describes it.
#[derive(Clone, PartialEq, Eq)]
pub struct WifiCode {
    /// The name as text.
    pub ssid: String,
    /// Other byte forms under which the name may be in the air (Shift_JIS routers), beside its UTF-8 form.
    pub other_forms: Vec<Vec<u8>>,
    /// What the code claims about the security. The beacon has the last word.
    pub claim: Claim,
    /// The passphrase; nothing for an open network.
    pub passphrase: Option<Secret>,
    /// The name is not in the beacon.
    pub hidden: bool,
}

/// The security that a code claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// `T:WPA` or `T:WPA2`: pre-shared key, WPA2 or WPA3.
    Wpa,
    /// `T:SAE`, `T:WPA3`, or transition mode disabled by `R:1`: WPA3 only.
    Sae,
    /// `T:WEP`.
    Wep,
    /// `T:nopass` or no type and no passphrase.
    Open,
    /// `T:WPA2-EAP` and kin.
    Enterprise,
}
