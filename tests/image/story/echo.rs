//! What staff hear of themselves when the TV stands before the microphone.
//!
//! The TV's card gives what is played there at its other end; from there it goes to the other end of the microphone's card,
//! quieter, as it would through a room. Staff speak sentences, since a tone is nothing that a canceller can learn from.

#[path = "../../echo/voices.rs"]
#[allow(dead_code, reason = "a part of it is used here")]
mod voices;

use super::sound::Sound;
use super::{Home, clips};
use crate::guest::{Guest, Outcome};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How loud the TV is at the microphone: -26 dB.
const ROOM: &str = "0.05";
/// Staff's voice in dB of full scale.
const LOUDNESS: f64 = -20.0;
/// Less than this is told to staff as a fault; in a room that stays the same the box takes out far more.
const ENOUGH: i32 = 15;
/// A box that is emulated is late with everything at first.
const LEARNING: Duration = Duration::from_secs(300);
/// Between two looks at the figures.
const LOOK: Duration = Duration::from_secs(2);

/// Staff's words.
pub(super) fn voice(folder: &Path) -> PathBuf {
    let path = folder.join("staff.wav");
    clips::write_wav(&path, &voices::counter(LOUDNESS));
    path
}

impl Sound {
    /// Puts the microphone where the TV is heard.
    pub(super) async fn echo(guest: &mut Guest) -> Outcome {
        guest
            .run(&format!("echo 'pcm.room {{ type route slave.pcm mouth ttable.0.0 {ROOM} }}' >>/run/ends.conf"))
            .await?;
        let alsa = "ALSA_CONFIG_PATH=/usr/share/alsa/alsa.conf:/run/ends.conf aplay --file-type=raw --format=S16_LE \
             --channels=1 --rate=48000 --buffer-time=80000";
        let through =
            format!("{alsa} --capture --device=ear 2>/run/wall.log | {alsa} --device=room >/run/room.log 2>&1 &");
        guest.run(&through).await.map(drop)
    }
}

impl Home {
    /// Waits until the echo is taken out of what staff hear, as their page tells them.
    pub(super) async fn takes_the_echo_out(&mut self, counter: &super::Counter) -> Outcome {
        let begun = Instant::now();
        let mut seen = Vec::new();
        loop {
            let figures = counter.page.script("return document.getElementById('figures').textContent;").await;
            let figures = figures.as_str().unwrap_or_default().to_owned();
            if let Some(loss) = loss(&figures) {
                seen.push(loss);
                if loss >= ENOUGH {
                    break;
                }
            }
            if begun.elapsed() > LEARNING {
                let logs = self.guest.run("tail -n 3 /run/wall.log /run/room.log").await?;
                return Err(format!(
                    "the echo was taken out by no more than {seen:?} dB; \"{figures}\"\n{logs}\n{}",
                    self.log()
                ));
            }
            sleep(LOOK).await;
        }
        println!("    {:>6.1} s  the TV's echo at the counter: {seen:?} dB lower", self.took());
        Ok(())
    }
}

/// What the staff page says of it, in English.
fn loss(figures: &str) -> Option<i32> {
    figures.split_once("echo ")?.1.split_once(" dB")?.0.parse().ok()
}
