//! Asking root to have RAUC install an update: a file with a number and the update's place, and the answer with that number.
//!
//! RAUC takes more arguments over D-Bus than a bus policy can see ("install it although it is older"), so the appliance may
//! not ask it. `madoguchi-install.path` waits for the file; `image/root/usr/lib/madoguchi/install` reads it.

use super::{ANSWER_WITHIN, SlotConfig};
use crate::device::store::write_whole;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use tokio::time::Instant;

/// How an installation ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// It is installed.
    Well,
    /// RAUC could not do it, and says itself why.
    Badly,
    /// RAUC was not asked, for this reason.
    Refused(String),
}

/// A request that was made.
pub(super) struct Request {
    number: u64,
    made: Instant,
}

impl Request {
    /// Asks for the installation of a bundle on one of the sticks.
    pub(super) async fn made(bundle: &Path, config: &SlotConfig) -> Result<Self, String> {
        let place = bundle.strip_prefix(&config.sticks).ok().and_then(Path::to_str);
        let place = place.filter(|place| !place.contains(char::is_control));
        let place = place.ok_or_else(|| format!("installing: {} is no place on a stick", bundle.display()))?;
        // Not counted: an answer from before the appliance was started anew is none to this request.
        let number = getrandom::u64().map_err(|error| format!("installing: no number for the request: {error}"))?;
        let (file, text) = (config.install.clone(), format!("{number}\n{place}\n"));
        let written = tokio::task::spawn_blocking(move || write_whole(&file, text.as_bytes()));
        written.await.map_err(|error| error.to_string())??;
        Ok(Self { number, made: Instant::now() })
    }

    /// How it ended, once it has. A request that nobody takes is taken back.
    pub(super) async fn ended(&self, config: &SlotConfig) -> Result<Option<Ended>, String> {
        let answer = match tokio::fs::read_to_string(&config.installed).await {
            Ok(answer) => answer,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(format!("installing: reading {}: {error}", config.installed.display())),
        };
        if let Some(ended) = ended(&answer, self.number) {
            return Ok(Some(ended));
        }
        if self.made.elapsed() > ANSWER_WITHIN && fs::remove_file(&config.install).is_ok() {
            return Err(format!(
                "installing: nobody took the request within {ANSWER_WITHIN:?} (madoguchi-install.path)"
            ));
        }
        Ok(None)
    }
}

/// What an answer says to the request with this number.
fn ended(answer: &str, number: u64) -> Option<Ended> {
    let mut lines = answer.lines();
    if lines.next()? != number.to_string() {
        return None;
    }
    match (lines.next()?, lines.next().unwrap_or_default()) {
        ("0", _) => Some(Ended::Well),
        (_, "") => Some(Ended::Badly),
        (_, why) => Some(Ended::Refused(why.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_to_one_request() {
        assert_eq!(ended("", 7), None);
        assert_eq!(ended("6\n0\n\n", 7), None);
        assert_eq!(ended("7\n0\n\n", 7), Some(Ended::Well));
        assert_eq!(ended("7\n1\n\n", 7), Some(Ended::Badly));
        assert_eq!(ended("7\n1\nthe update is a link\n", 7), Some(Ended::Refused("the update is a link".to_owned())));
    }
}
