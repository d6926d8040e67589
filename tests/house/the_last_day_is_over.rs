//! A box that nobody brings back forgets the family's networks once it is on, and no other box does.

use crate::home::{Home, eventually};
use jiff::civil::date;
use std::fs;

pub async fn the_networks_of_a_loan_that_is_over_are_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let kept = |name: &str| folder.path().join(name);
    let [over, goes_on] = [("over", Some(date(2026, 3, 31))), ("goes-on", None)].map(|(name, until)| {
        fs::write(kept(name), "[]").unwrap();
        let networks = Some(kept(name));
        Home::with(&[], move |desk| {
            desk.lent_until = until;
            desk.kept_networks = networks;
        })
    });
    let (over, mut goes_on) = tokio::join!(over, goes_on);
    // Only a loan that was read says on which paper's code there is a meeting.
    goes_on.goes_on_well().await;
    eventually("the networks are forgotten", || !kept("over").exists()).await;
    assert!(kept("goes-on").exists());
    over.moves_out().await;
    goes_on.moves_out().await;
}
