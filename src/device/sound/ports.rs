//! Where sound comes from and goes to.
#![expect(clippy::disallowed_methods, reason = "sysfs names the sound cards and tells where a TV is")]

use super::mixer;
use crate::device::camera::MakeElement;
use gstreamer as gst;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Microphone and speaker, made anew for each pipeline.
#[derive(Clone)]
pub struct SoundPorts {
    /// Makes a live element with one `src` pad that gives `audio/x-raw`.
    pub microphone: MakeElement,
    /// Makes an element with one `sink` pad that takes `audio/x-raw`.
    pub speaker: MakeElement,
    /// Whether a microphone is plugged in.
    pub microphone_present: Arc<dyn Fn() -> bool + Send + Sync>,
    /// Which speaker would be made now; nothing while there is none. When it is another one, what plays moves there.
    pub speaker_at: Arc<dyn Fn() -> Option<String> + Send + Sync>,
}

impl SoundPorts {
    /// ALSA's devices. Without a name the microphone is the first card that can record (the USB camera's), and the speaker
    /// is the TV's: the card of the HDMI socket that has one, else the first that can play.
    pub fn alsa(microphone: Option<String>, speaker: Option<String>) -> Self {
        let named = microphone.clone();
        let speaker_at = move || speaker.clone().or_else(|| player(Path::new("/dev/snd"), Path::new("/sys/class")));
        let device = speaker_at.clone();
        Self {
            microphone: Arc::new(move || {
                let device = match &named {
                    Some(name) => name.clone(),
                    None => recorder(Path::new("/dev/snd")).ok_or("no microphone is plugged in")?,
                };
                // Opened all the same: whether anything is heard is told by what comes.
                match mixer::open_up(&device) {
                    Ok(changed) if changed.is_empty() => {}
                    Ok(changed) => {
                        tracing::info!(changed = changed.join(", "), "the microphone was switched on in its mixer")
                    }
                    Err(why) => tracing::warn!(why, "the microphone's mixer is left as it is"),
                }
                alsa("alsasrc", &device)
            }),
            speaker: Arc::new(move || alsa("alsasink", &device().ok_or("no sound card can play")?)),
            microphone_present: Arc::new(move || microphone.is_some() || recorder(Path::new("/dev/snd")).is_some()),
            speaker_at: Arc::new(speaker_at),
        }
    }
}

/// An ALSA element with short buffers, so that the echo stays within the canceller's reach.
fn alsa(factory: &str, device: &str) -> Result<gst::Element, String> {
    gst::ElementFactory::make(factory)
        .property("device", device)
        .property("buffer-time", 60_000_i64)
        .property("latency-time", 10_000_i64)
        .property("provide-clock", false)
        .build()
        .map_err(|_| format!("the GStreamer element \"{factory}\" is missing: install gstreamer1.0-alsa"))
}

/// Cards and devices that can record (`c`) or play (`p`), by the names of their nodes (`pcmC1D0c`).
fn cards(nodes: &Path, way: char) -> Vec<(u32, u32)> {
    let entries = std::fs::read_dir(nodes).into_iter().flatten();
    let mut cards: Vec<(u32, u32)> = entries
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            let (card, device) = name.strip_prefix("pcmC")?.strip_suffix(way)?.split_once('D')?;
            Some((card.parse().ok()?, device.parse().ok()?))
        })
        .collect();
    cards.sort_unstable();
    cards
}

/// ALSA's name of the first card that can record.
fn recorder(nodes: &Path) -> Option<String> {
    cards(nodes, 'c').first().map(|(card, device)| format!("plughw:{card},{device}"))
}

/// ALSA's name of the TV's sound. A Raspberry Pi has a card for each HDMI socket, and a camera's card may come before
/// them; `class` is sysfs's `class`, which names the cards and tells which socket has a TV. A socket that is known to
/// have none plays nothing.
fn player(nodes: &Path, class: &Path) -> Option<String> {
    let text = |path: PathBuf| std::fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    let sockets: Vec<(String, String)> = std::fs::read_dir(class.join("drm"))
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name();
            let (_, socket) = name.to_str()?.split_once("-HDMI-A-")?;
            Some((socket.to_owned(), text(entry.path().join("status"))))
        })
        .collect();
    // vc4's names: vc4hdmi where there is one socket, else vc4hdmi0 and vc4hdmi1 for HDMI-A-1 and HDMI-A-2.
    let rank = |name: &str| {
        let Some(number) = name.strip_prefix("vc4hdmi") else { return Some(2) };
        let socket = (number.parse().unwrap_or(0_u32) + 1).to_string();
        let status = sockets.iter().find(|(name, _)| *name == socket).map(|(_, status)| status.as_str());
        match status {
            Some("connected") => Some(0),
            Some("disconnected") => None,
            _ => Some(1),
        }
    };
    let named = cards(nodes, 'p').into_iter().map(|(card, _)| text(class.join(format!("sound/card{card}/id"))));
    let ranked = named.filter(|name| !name.is_empty()).filter_map(|name| Some((rank(&name)?, name)));
    let (_, best) = ranked.min_by_key(|(rank, _)| *rank)?;
    Some(format!("default:CARD={best}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_recorder_is_found() {
        let nodes = tempfile::tempdir().unwrap();
        assert_eq!(recorder(nodes.path()), None);
        for name in ["pcmC0D0p", "controlC0", "pcmC2D0c", "pcmC1D0c", "timer"] {
            std::fs::File::create_new(nodes.path().join(name)).unwrap();
        }
        assert_eq!(recorder(nodes.path()).as_deref(), Some("plughw:1,0"));
    }

    /// One card for both ways; its microphone is beside the mouth, so it is the first where it was plugged in before the camera.
    #[test]
    fn a_speakerphone_is_used_both_ways_where_the_tv_has_no_sound() {
        let (nodes, class) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for node in ["pcmC1D0c", "pcmC1D0p", "pcmC2D0c"] {
            std::fs::File::create_new(nodes.path().join(node)).unwrap();
        }
        std::fs::create_dir_all(class.path().join("sound/card1")).unwrap();
        std::fs::write(class.path().join("sound/card1/id"), "Speakerphone\n").unwrap();
        assert_eq!(recorder(nodes.path()).as_deref(), Some("plughw:1,0"));
        assert_eq!(player(nodes.path(), class.path()).as_deref(), Some("default:CARD=Speakerphone"));
    }

    #[test]
    fn the_tv_plays_and_not_the_camera_or_the_empty_socket() {
        let (nodes, class) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let write = |path: &str, text: &str| {
            let path = class.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let plays = || player(nodes.path(), class.path());
        assert_eq!(plays(), None);
        for (card, name) in ["Speakerphone", "vc4hdmi0", "vc4hdmi1"].into_iter().enumerate() {
            std::fs::File::create_new(nodes.path().join(format!("pcmC{card}D0p"))).unwrap();
            write(&format!("sound/card{card}/id"), &format!("{name}\n"));
            let expected = ["Speakerphone", "vc4hdmi0", "vc4hdmi0"][card];
            assert_eq!(plays(), Some(format!("default:CARD={expected}")), "nothing is known of a TV");
        }
        write("drm/card1-HDMI-A-1/status", "disconnected\n");
        write("drm/card1-HDMI-A-2/status", "connected\n");
        assert_eq!(plays().as_deref(), Some("default:CARD=vc4hdmi1"), "the TV is at the second socket");
        std::fs::remove_file(nodes.path().join("pcmC0D0p")).unwrap();
        write("drm/card1-HDMI-A-2/status", "disconnected\n");
        assert_eq!(plays(), None, "there is no TV");
        write("drm/card1-HDMI-A-1/status", "connected\n");
        assert_eq!(plays().as_deref(), Some("default:CARD=vc4hdmi0"), "the TV is switched on at last");
    }
}
