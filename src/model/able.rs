//! Whether a call could be made from here: what was seen working, and what is missing, in plain words.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// The supervisor takes a turn every few seconds; older than this, it is stuck.
const FRESH: Duration = Duration::from_secs(10);

/// What the supervisor has seen working since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Able {
    /// A screen was handed to a display that took it.
    pub display: bool,
    /// Whether a camera is there; `None` while nobody knows.
    pub camera: Option<CameraSight>,
    /// NetworkManager answers on D-Bus.
    pub network_manager: bool,
    /// Trust roots were loaded and a TLS handshake was made in this process.
    pub tls: bool,
    /// A call with ourselves was made: codecs and DTLS-SRTP pass a packet on.
    pub media: bool,
    /// When the supervisor last took a turn: seconds since the kernel's start, with sleep (`CLOCK_BOOTTIME`).
    pub turns: Option<f64>,
    /// How the TV is driven; `None` without one. It is told, and nothing hangs on it.
    pub tv: Option<TvMode>,
}

/// The mode of a TV.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TvMode {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Pictures a second; of an interlaced mode, fields.
    pub rate: u32,
    /// Each picture has every second row.
    pub interlaced: bool,
    /// Size of the picture in it: the largest of 16:9.
    pub picture: (u32, u32),
}

/// Both are understood: a family can talk without a camera, and is told so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CameraSight {
    /// A camera is there.
    Seen,
    /// None is there, and the screens say so.
    Missing,
}

/// What is missing for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The supervisor has said nothing yet.
    Supervisor,
    /// No screen was shown.
    Display,
    /// Nobody knows whether there is a camera.
    Camera,
    /// NetworkManager does not answer.
    NetworkManager,
    /// TLS does not work.
    Tls,
    /// No picture, sound or packet passes GStreamer.
    Media,
    /// The supervisor takes no turns any more.
    Turns,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Supervisor => "the supervisor has not said anything: look at madoguchi.service",
            Self::Display => "no screen was shown: no display takes the picture",
            Self::Camera => "the supervisor does not know whether there is a camera",
            Self::NetworkManager => "NetworkManager does not answer on D-Bus",
            Self::Tls => "TLS does not work: no certificates are trusted, or no handshake can be made",
            Self::Media => "no call with ourselves can be made: the log of madoguchi.service names the element",
            Self::Turns => "the supervisor is stuck: it takes no turns any more",
        })
    }
}

/// What is missing for a call at `uptime`; nothing when one could be made. `None` while the supervisor has written
/// nothing.
pub fn missing(able: Option<&Able>, uptime: Duration) -> Vec<Missing> {
    let Some(able) = able else { return vec![Missing::Supervisor] };
    let since = able.turns.map(|turns| uptime.as_secs_f64() - turns);
    let fresh = since.is_some_and(|since| since < FRESH.as_secs_f64());
    let checks = [
        (able.display, Missing::Display),
        (able.camera.is_some(), Missing::Camera),
        (able.network_manager, Missing::NetworkManager),
        (able.tls, Missing::Tls),
        (able.media, Missing::Media),
        (fresh, Missing::Turns),
    ];
    checks.into_iter().filter(|(holds, _)| !holds).map(|(_, missing)| missing).collect()
}

/// Whether everything has held for long enough on end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Holding {
    since: Option<Duration>,
}

impl Holding {
    /// Takes one look; true once nothing was missing at every look for `long`.
    pub fn look(&mut self, missing: &[Missing], uptime: Duration, long: Duration) -> bool {
        if !missing.is_empty() {
            self.since = None;
            return false;
        }
        let since = *self.since.get_or_insert(uptime);
        uptime.saturating_sub(since) >= long
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(100);
    const WELL: Able = Able {
        display: true,
        camera: Some(CameraSight::Missing),
        network_manager: true,
        tls: true,
        media: true,
        turns: Some(98.0),
        tv: Some(TvMode { width: 1360, height: 768, rate: 60, interlaced: false, picture: (1360, 765) }),
    };

    #[test]
    fn a_call_could_be_made_only_when_everything_is_there() {
        assert_eq!(missing(None, NOW), [Missing::Supervisor]);
        assert_eq!(missing(Some(&WELL), NOW), []);
        assert_eq!(missing(Some(&Able { camera: Some(CameraSight::Seen), ..WELL }), NOW), []);
        assert_eq!(missing(Some(&Able { tv: None, ..WELL }), NOW), [], "the mode is told, and nothing hangs on it");
        for (able, what) in [
            (Able { display: false, ..WELL }, Missing::Display),
            (Able { camera: None, ..WELL }, Missing::Camera),
            (Able { network_manager: false, ..WELL }, Missing::NetworkManager),
            (Able { tls: false, ..WELL }, Missing::Tls),
            (Able { media: false, ..WELL }, Missing::Media),
            (Able { turns: None, ..WELL }, Missing::Turns),
            (Able { turns: Some(89.0), ..WELL }, Missing::Turns),
        ] {
            assert_eq!(missing(Some(&able), NOW), [what]);
        }
        assert_eq!(missing(Some(&Able::default()), NOW).len(), 6);
    }

    #[test]
    fn it_must_hold_on_end() {
        let (mut holding, long) = (Holding::default(), Duration::from_secs(5));
        let mut look = |missing: &[Missing], seconds| holding.look(missing, Duration::from_secs(seconds), long);
        assert!(!look(&[], 10));
        assert!(!look(&[], 14));
        assert!(!look(&[Missing::Display], 15), "an interruption begins it anew");
        assert!(!look(&[], 16));
        assert!(!look(&[], 20));
        assert!(look(&[], 21));
    }

    #[test]
    fn the_file_can_be_read_back_and_an_older_one_too() {
        let text = serde_json::to_string(&WELL).unwrap();
        assert_eq!(serde_json::from_str::<Able>(&text).unwrap(), WELL);
        assert_eq!(serde_json::from_str::<Able>("{\"display\":true,\"later\":1}").unwrap().camera, None);
    }
}
