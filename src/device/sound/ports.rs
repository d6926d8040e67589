//! Where sound comes from and goes to.

use crate::device::camera::MakeElement;
use gstreamer as gst;
use std::path::Path;
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
}

impl SoundPorts {
    /// ALSA's devices. Without a name the microphone is the first card that can record (the USB camera's).
    pub fn alsa(microphone: Option<String>, speaker: String) -> Self {
        let named = microphone.clone();
        Self {
            microphone: Arc::new(move || {
                let device = match &named {
                    Some(name) => name.clone(),
                    None => recorder(Path::new("/dev/snd")).ok_or("no microphone is plugged in")?,
                };
                alsa("alsasrc", &device)
            }),
            speaker: Arc::new(move || alsa("alsasink", &speaker)),
            microphone_present: Arc::new(move || microphone.is_some() || recorder(Path::new("/dev/snd")).is_some()),
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

/// ALSA's name of the first card that can record, by the names of its device nodes (`pcmC1D0c`).
fn recorder(nodes: &Path) -> Option<String> {
    let mut cards: Vec<(u32, u32)> = std::fs::read_dir(nodes)
        .ok()?
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            let (card, device) = name.strip_prefix("pcmC")?.strip_suffix('c')?.split_once('D')?;
            Some((card.parse().ok()?, device.parse().ok()?))
        })
        .collect();
    cards.sort_unstable();
    cards.first().map(|(card, device)| format!("plughw:{card},{device}"))
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
}
