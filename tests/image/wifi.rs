//! Wi-Fi in the booted image: the product's own NetworkManager, supplicant and appliance against real access points
//! (hostapd) on simulated radios (mac80211_hwsim), in the box's own kernel. The only stand-in is the radio.
//!
//! - [`matrix`]: access points of every kind × the expected verdict × the sentence on the TV, each tried for real
//! - [`air`]: the access points

pub(crate) mod air;
pub(crate) mod matrix;

use crate::guest::Outcome;
use crate::story::apart;
use std::path::PathBuf;

pub(crate) async fn every_access_point_gets_its_verdict(folder: PathBuf) -> Outcome {
    apart(&folder, "wifi-matrix").await
}
