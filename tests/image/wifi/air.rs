//! The air around the box: hostapd's configurations, and `air.sh`, which carries them out inside the box.

use crate::guest::{Guest, Outcome};
use data_encoding::{BASE64, HEXLOWER};
use std::time::Duration;

/// Starting an access point that must listen for radar first takes a minute.
const STARTING: Duration = Duration::from_secs(150);
/// Where the script is in the box.
const PLACE: &str = "/run/air.sh";
/// Every home's passphrase here.
pub(crate) const PASSPHRASE: &str = "correct horse battery";

/// One access point.
#[derive(Clone)]
pub(crate) struct Point {
    /// Its radio, 1 to 4.
    pub(crate) radio: u8,
    /// Its name in the air.
    pub(crate) name: String,
    /// hostapd's configuration, without its interface.
    configuration: String,
    /// What is behind it; see the script.
    behind: &'static str,
    /// dBm.
    strength: i8,
}

impl Point {
    /// With this name, in the 2.4 GHz band, and these further lines.
    pub(crate) fn new(name: &str, lines: &str) -> Self {
        let ssid = HEXLOWER.encode(name.as_bytes());
        let configuration = format!(
            "ctrl_interface=/run/air/hostapd\nssid2={ssid}\ncountry_code=JP\nieee80211d=1\nhw_mode=g\nchannel=6\n{lines}\n"
        );
        Self { radio: 1, name: name.to_owned(), configuration, behind: "home", strength: -50 }
    }

    /// WPA2-Personal with CCMP.
    pub(crate) fn wpa2(name: &str) -> Self {
        Self::new(name, &format!("wpa=2\nwpa_key_mgmt=WPA-PSK\nrsn_pairwise=CCMP\nwpa_passphrase={PASSPHRASE}"))
    }

    /// WPA3-Personal.
    pub(crate) fn wpa3(name: &str) -> Self {
        Self::new(
            name,
            &format!("wpa=2\nwpa_key_mgmt=SAE\nrsn_pairwise=CCMP\nieee80211w=2\nsae_pwe=2\nsae_password={PASSPHRASE}"),
        )
    }

    /// With further lines, which count more than those before.
    pub(crate) fn with(mut self, lines: &str) -> Self {
        self.configuration.push_str(lines);
        self.configuration.push('\n');
        self
    }

    /// With the line of this key in another form.
    pub(crate) fn but(mut self, key: &str, value: &str) -> Self {
        let lines = self.configuration.lines().map(|line| match line.split_once('=') {
            Some((this, _)) if this == key => format!("{key}={value}\n"),
            _ => format!("{line}\n"),
        });
        self.configuration = lines.collect();
        self
    }

    /// On another radio.
    pub(crate) fn on(mut self, radio: u8) -> Self {
        self.radio = radio;
        self
    }

    /// With something else behind it.
    pub(crate) fn behind(mut self, behind: &'static str) -> Self {
        self.behind = behind;
        self
    }

    /// As strong as this, in dBm.
    pub(crate) fn strength(mut self, strength: i8) -> Self {
        self.strength = strength;
        self
    }

    /// Its address.
    pub(crate) fn address(&self) -> String {
        format!("02:00:00:00:0{}:00", self.radio)
    }

    /// Switches it on.
    pub(crate) async fn start(&self, guest: &mut Guest) -> Outcome {
        let command = format!("on {} {} {} <<'END'\n{}END", self.radio, self.behind, self.strength, self.configuration);
        air(guest, &command).await.map(drop)
    }
}

/// Brings the script into the box, and has it make radios.
pub(crate) async fn up(guest: &mut Guest) -> Outcome {
    guest.run(&format!("base64 -d >{PLACE} <<'END'\n{}\nEND", BASE64.encode(include_bytes!("air.sh")))).await?;
    air(guest, "up").await.map(drop)
}

/// Has the script do something.
pub(crate) async fn air(guest: &mut Guest, command: &str) -> Outcome<String> {
    let (status, said) = guest.ask(&format!("sh {PLACE} {command}"), STARTING).await?;
    if status == 0 { Ok(said) } else { Err(format!("air {command}: status {status}: {said}")) }
}
