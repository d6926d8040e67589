//! The networks that this loan has joined, on its encrypted memory: name, passphrase and the security that was reached.
//! A return destroys them with everything else there; until then the box finds its way home by itself after a power cut.
#![expect(clippy::disallowed_methods, reason = "it is kept in a file")]

use super::air;
use crate::device::store::write_whole;
use crate::model::secret::{Secret, on_the_wire};
use crate::model::verdict::Security;
use crate::model::wifi_code::{Claim, WifiCode};
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::PathBuf;

/// More than a family's home, a grandmother's and a telephone's together.
const MOST: usize = 8;
/// A file longer than this (bytes) is none of ours.
const LONGEST: u64 = 64 * 1024;

/// Where they are kept, newest first.
pub(super) struct Known {
    file: PathBuf,
    networks: Vec<Network>,
}

/// A network that was joined.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Network {
    ssid: String,
    other_forms: Vec<Vec<u8>>,
    #[serde(with = "on_the_wire")]
    passphrase: Secret,
    hidden: bool,
    wpa3_only: bool,
    /// The best security that it was joined with.
    security: Security,
}

impl Network {
    /// As its code said it.
    pub(super) fn wifi(&self) -> WifiCode {
        WifiCode {
            ssid: self.ssid.clone(),
            other_forms: self.other_forms.clone(),
            claim: if self.security == Security::Wpa3 { Claim::Sae } else { Claim::Wpa },
            passphrase: Some(self.passphrase.clone()),
            hidden: self.hidden,
            wpa3_only: self.wpa3_only,
        }
    }
}

impl Known {
    /// Reads what is kept. A file that cannot be read is as good as none: the family shows the code again.
    pub(super) fn read(file: PathBuf) -> Self {
        let _ = std::fs::remove_file(file.with_extension("new"));
        let short = std::fs::metadata(&file).is_ok_and(|about| about.len() <= LONGEST);
        let text = short.then(|| std::fs::read_to_string(&file).ok()).flatten().map(zeroize::Zeroizing::new);
        let networks = text.as_ref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        Self { file, networks }
    }

    /// Newest first.
    pub(super) fn networks(&self) -> &[Network] {
        &self.networks
    }

    /// What a network of this name was joined with before, at best.
    pub(super) fn least(&self, wifi: &WifiCode) -> Option<Security> {
        let same = |network: &&Network| {
            let known = network.wifi();
            air::names(&known).any(|one| air::names(wifi).any(|other| one == other))
        };
        self.networks.iter().filter(same).map(|network| network.security).max()
    }

    /// Keeps a network that was joined with `security`; says in a sentence, without its name, when it cannot be kept.
    ///
    /// # Errors
    /// What was tried and how it failed.
    pub(super) fn learn(&mut self, wifi: &WifiCode, security: Security) -> Result<(), String> {
        let Some(passphrase) = wifi.passphrase.clone() else { return Ok(()) };
        let best = self.least(wifi).map_or(security, |least| least.max(security));
        self.networks.retain(|network| network.ssid != wifi.ssid);
        let (ssid, other_forms, hidden) = (wifi.ssid.clone(), wifi.other_forms.clone(), wifi.hidden);
        let wpa3_only = wifi.wpa3_only;
        self.networks.insert(0, Network { ssid, other_forms, passphrase, hidden, wpa3_only, security: best });
        self.networks.truncate(MOST);
        let folder = self.file.parent().unwrap_or(std::path::Path::new("/"));
        std::fs::create_dir_all(folder).map_err(|error| format!("making {}: {error}", folder.display()))?;
        let text = serde_json::to_vec(&self.networks).map_err(|error| format!("writing networks: {error}"))?;
        write_whole(&self.file, &zeroize::Zeroizing::new(text))
    }

    /// Forgets all of them; true when nothing is left.
    pub(super) fn forget(&mut self) -> bool {
        self.networks.clear();
        // What a power cut left of a file that was being written.
        let _ = std::fs::remove_file(self.file.with_extension("new"));
        match std::fs::remove_file(&self.file) {
            Ok(()) => true,
            Err(error) => matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wifi(ssid: &str, passphrase: &str) -> WifiCode {
        WifiCode {
            ssid: ssid.to_owned(),
            other_forms: Vec::new(),
            claim: Claim::Wpa,
            passphrase: Some(Secret::new(passphrase)),
            hidden: false,
            wpa3_only: false,
        }
    }

    #[test]
    fn networks_are_kept_newest_first_with_the_best_security_and_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("known/wifi.json");
        let mut known = Known::read(file.clone());
        assert!(known.networks().is_empty());
        known.learn(&wifi("home", "correct horse"), Security::Wpa3).unwrap();
        known.learn(&wifi("grandmother", "battery staple"), Security::Wpa2).unwrap();
        known.learn(&wifi("home", "new passphrase"), Security::Wpa2).unwrap();
        let mut known = Known::read(file.clone());
        let names: Vec<_> = known.networks().iter().map(|network| network.wifi().ssid).collect();
        assert_eq!(names, ["home", "grandmother"]);
        assert_eq!(known.networks()[0].wifi().passphrase.unwrap().expose(), "new passphrase");
        assert_eq!(known.least(&wifi("home", "")), Some(Security::Wpa3), "the best that it ever had");
        for number in 0..20 {
            known.learn(&wifi(&format!("cafe {number}"), "correct horse"), Security::Wpa2).unwrap();
        }
        assert_eq!(Known::read(file.clone()).networks().len(), MOST);
        assert!(known.forget() && !file.exists() && known.forget());
    }

    #[test]
    fn a_damaged_file_is_as_good_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("wifi.json");
        for bytes in [&b"{"[..], b"[1]", b"\xff\xfe", &vec![b'['; 100_000]] {
            std::fs::write(&file, bytes).unwrap();
            assert!(Known::read(file.clone()).networks().is_empty());
        }
    }
}
