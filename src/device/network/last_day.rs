//! The networks that a loan has joined are forgotten after its last day, also by a box that nobody brings back.

use super::known::Known;
use crate::model::loan::Loan;
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

/// How often the date is looked at: a network that is joined after the last day is kept no longer than this.
const LOOK: Duration = Duration::from_secs(60);

/// Looks at the date until nobody lends any more. The box has no battery, so its clock is late until it is set from the network,
/// and never early. (Whether the loan is over for the family is the room server's to say; a clock that was set wrong costs
/// them a code that they show once more.)
#[expect(clippy::disallowed_methods, reason = "a clock that is late keeps a network longer, and no more")]
pub async fn forget_after_it(mut loan: watch::Receiver<Option<Loan>>, known: PathBuf) {
    loop {
        let over = loan.borrow_and_update().as_ref().is_some_and(|loan| loan.is_over(Timestamp::now()));
        if over {
            let known = known.clone();
            let _ = tokio::task::spawn_blocking(move || forget(&known)).await;
        }
        tokio::select! {
            () = sleep(LOOK) => {}
            changed = loan.changed() => if changed.is_err() { return },
        }
    }
}

fn forget(known: &Path) {
    if !known.exists() {
        return;
    }
    match Known::read(known.to_owned()).forget() {
        true => tracing::info!("the loan's last day is over: the networks that it joined are forgotten"),
        false => tracing::error!("the loan's last day is over, and {} cannot be removed", known.display()),
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test keeps a file and watches the task that it starts")]
mod tests {
    use super::*;
    use crate::model::secret::Secret;
    use crate::model::verdict::Security;
    use crate::model::wifi_code::{Claim, WifiCode};

    const LOAN: &str = include_str!("../../workbench/demo-loan.toml");

    fn lent_until(day: &str) -> Option<Loan> {
        let text = LOAN.replace("until = \"2099-03-31\"", &format!("until = \"{day}\""));
        assert!(text.contains(day));
        Some(Loan::from_toml(&text).unwrap())
    }

    #[tokio::test]
    async fn a_box_that_nobody_brings_back_forgets_the_familys_passphrase() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("known/wifi.json");
        let home = WifiCode {
            ssid: "home".to_owned(),
            other_forms: Vec::new(),
            claim: Claim::Wpa,
            passphrase: Some(Secret::new("correct horse")),
            hidden: false,
            wpa3_only: false,
        };
        Known::read(file.clone()).learn(&home, Security::Wpa2).unwrap();
        let (lend, loan) = watch::channel(None);
        let looking = tokio::spawn(forget_after_it(loan, file.clone()));
        // Each one is looked at when it comes.
        for lent in [None, lent_until("2099-03-31")] {
            lend.send_replace(lent);
            tokio::time::timeout(Duration::from_millis(200), gone(&file)).await.unwrap_err();
        }
        lend.send_replace(lent_until("2026-03-31"));
        tokio::time::timeout(Duration::from_secs(30), gone(&file)).await.unwrap();
        drop(lend);
        looking.await.unwrap();
    }

    async fn gone(file: &Path) {
        while file.exists() {
            sleep(Duration::from_millis(10)).await;
        }
    }
}
