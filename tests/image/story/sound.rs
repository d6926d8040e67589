//! The sound cards of the emulated box, and what goes through them.
//!
//! Both are the kernel's loopback card (snd-aloop). One bears the name of the Pi's HDMI sound, so the appliance takes it for
//! the TV's, and what is played there is recorded from its other end. The other is the camera's microphone: it hears what is
//! played to its other end. Their clock is the box's own. QEMU's card goes by the host's clock, in leaps that are longer
//! than the appliance's buffer, and its microphone stops for seconds where the box is behind: on it everything comes too
//! late to be heard.

use super::{clips, ears};
use crate::guest::{Guest, Outcome, PATIENCE};
use data_encoding::BASE64;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The recording inside: raw samples, 16 bits, one channel.
const RECORDING: &str = "/run/ear.raw";
/// Its samples a second: enough for the tones, and little for the box to give out.
const RATE: u32 = 8000;
/// Samples that are looked at together: 100 ms.
const WINDOW: usize = RATE as usize / 10;
/// A box that was slower than the call works off what it is behind with before anything is in time again.
const HEARING: Duration = Duration::from_secs(300);
/// Samples that silence is listened to.
const SILENCE: usize = RATE as usize * 3;

/// Names of the microphone's and of the TV's card, and the other ends of both as ALSA names them. Both ends of a card have
/// one form.
const CARDS: &str = "modprobe snd-aloop id=Camera,vc4hdmi index=0,1 enable=1,1 pcm_substreams=1,1";
const ENDS: [(&str, &str, u32); 2] = [("ear", "vc4hdmi", 2), ("mouth", "Camera", 1)];
/// Has ALSA's programs know them.
const ALSA: &str =
    "ALSA_CONFIG_PATH=/usr/share/alsa/alsa.conf:/run/ends.conf aplay --file-type=raw --format=S16_LE --channels=1";

/// What is heard, from the moment that it is listened to, and what the family say.
pub(super) struct Sound {
    /// Samples asked for so far.
    at: usize,
}

impl Sound {
    /// Puts the sound cards in and begins to record. Before the first sound: a card is chosen when it is needed.
    pub(super) async fn listen(guest: &mut Guest) -> Outcome<Self> {
        guest.run(CARDS).await?;
        for (name, card, channels) in ENDS {
            let slave = format!("pcm \"hw:{card},1\" format S16_LE rate 48000 channels {channels}");
            guest.run(&format!("echo 'pcm.{name} {{ type plug slave {{ {slave} }} }}' >>/run/ends.conf")).await?;
        }
        let record = format!("{ALSA} --capture --device=ear --rate={RATE} {RECORDING}");
        guest.run(&format!("{record} >/run/ear.log 2>&1 & echo $! >/run/ear.pid")).await?;
        guest.until("the ear's first samples", &format!("test -s {RECORDING}"), PATIENCE).await?;
        Ok(Self { at: 0 })
    }

    /// Lets the family say a tone, half a second on and half a second off, until [`Self::are_silent`].
    pub(super) async fn speak(guest: &mut Guest, hertz: f32) -> Outcome {
        // A tenth of a second each, in which a tone's last wave is whole.
        let on: Vec<u8> = clips::beeps(hertz, 0.1).into_iter().flat_map(i16::to_le_bytes).collect();
        guest.run(&format!("echo {} | base64 -d >/run/on.raw", BASE64.encode(&on))).await?;
        guest.run(&format!("head -c {} /dev/zero >/run/off.raw", on.len())).await?;
        let (on, off) = (" on.raw".repeat(5), " off.raw".repeat(5));
        let says = format!("cd /run && while cat{on}{off}; do :; done");
        let play = format!("{ALSA} --device=mouth --rate={}", clips::RATE);
        guest
            .run(&format!("({says}) 2>/dev/null | {play} >/run/mouth.log 2>&1 & echo $! >/run/mouth.pid"))
            .await
            .map(drop)
    }

    /// Ends it.
    pub(super) async fn are_silent(guest: &mut Guest) -> Outcome {
        guest.run("kill $(cat /run/mouth.pid)").await.map(drop)
    }

    /// Ends the recording and makes the memory free that it took.
    pub(super) async fn close(self, guest: &mut Guest) -> Outcome {
        guest.run(&format!("kill $(cat /run/ear.pid) && rm {RECORDING}")).await.map(drop)
    }

    /// Waits until a tone is heard that was not asked about; gives how much louder it is than one beside it.
    pub(super) async fn hears(&mut self, guest: &mut Guest, hertz: f32) -> Outcome<f32> {
        let deadline = Instant::now() + HEARING;
        while Instant::now() < deadline {
            let heard = self.more(guest).await?;
            if let Some(clear) = heard.chunks(WINDOW).find_map(|window| ears::tone(window, hertz, RATE)) {
                return Ok(clear);
            }
            sleep(Duration::from_secs(3)).await;
        }
        let looks = "tail -n 5 /run/ear.log; grep -H . /proc/asound/*/pcm*/sub0/status; journalctl -u madoguchi -o cat -n 60 | grep -v Stats";
        let looks = guest.ask(looks, PATIENCE).await.map_or_else(|why| why, |(_, said)| said);
        Err(format!(
            "no tone of {hertz} Hz came out of the TV within {HEARING:?}; {} samples were recorded\n{looks}",
            self.at
        ))
    }

    /// Whether nothing is played from now on for a while.
    pub(super) async fn hears_nothing(&mut self, guest: &mut Guest) -> Outcome<bool> {
        self.more(guest).await?;
        let (begun, mut loudest) = (self.at, 0.0_f32);
        let deadline = Instant::now() + HEARING;
        while self.at < begun + SILENCE {
            if Instant::now() > deadline {
                return Err(format!("what the TV plays was not recorded any further within {HEARING:?}"));
            }
            sleep(Duration::from_secs(1)).await;
            loudest = self.more(guest).await?.into_iter().map(f32::abs).fold(loudest, f32::max);
        }
        Ok(loudest == 0.0)
    }

    /// What was recorded since this was asked last, as samples of -1 to 1.
    async fn more(&mut self, guest: &mut Guest) -> Outcome<Vec<f32>> {
        let bytes = guest.run(&format!("tail -c +{} {RECORDING} | base64 -w 0", self.at * 2 + 1)).await?;
        let bytes = BASE64.decode(bytes.trim().as_bytes()).map_err(|error| format!("the ear's samples: {error}"))?;
        let samples: Vec<f32> =
            bytes.chunks_exact(2).map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0).collect();
        self.at += samples.len();
        Ok(samples)
    }
}
