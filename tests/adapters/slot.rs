//! RAUC, played by this test.

use crate::bus::on_a_private_bus;
use madoguchi::device::slot::{SlotAsk, run};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

struct Rauc {
    refusals: u32,
    marked: mpsc::Sender<(String, String)>,
}

#[zbus::interface(name = "de.pengutronix.rauc.Installer")]
impl Rauc {
    async fn mark(&mut self, state: String, slot: String) -> zbus::fdo::Result<(String, String)> {
        if self.refusals > 0 {
            self.refusals -= 1;
            return Err(zbus::fdo::Error::Failed("busy".to_owned()));
        }
        self.marked.send((state, slot)).await.unwrap();
        Ok(("rootfs.1".to_owned(), "marked".to_owned()))
    }
}

#[test]
fn the_booted_slot_is_marked_good_even_when_the_first_try_fails() {
    on_a_private_bus("slot::the_booted_slot_is_marked_good_even_when_the_first_try_fails", |log| async move {
        let (marked, mut heard) = mpsc::channel(1);
        let _rauc = zbus::connection::Builder::system()
            .unwrap()
            .serve_at("/", Rauc { refusals: 1, marked })
            .unwrap()
            .name("de.pengutronix.rauc")
            .unwrap()
            .build()
            .await
            .unwrap();
        let (asks, behind) = mpsc::channel(1);
        let running = tokio::spawn(run(behind));
        asks.send(SlotAsk::MarkGood).await.unwrap();
        let marked = timeout(Duration::from_secs(60), heard.recv()).await.unwrap();
        assert_eq!(marked, Some(("good".to_owned(), "booted".to_owned())));
        drop(asks);
        timeout(Duration::from_secs(60), running).await.unwrap().unwrap();
        assert!(log.text().contains("slot rootfs.1 is marked good"), "{}", log.text());
    });
}
