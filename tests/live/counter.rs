//! The staff member: a real Chromium on the staff page.

use super::browser::Browser;
use super::clips::FAMILY_TONE;
use madoguchi::workbench::camera::mark;
use std::path::Path;

/// A signed-in staff member in the appointment's room.
pub struct Counter {
    /// The page.
    pub page: Browser,
}

impl Counter {
    /// Opens the staff page, signs in and takes the counter's seat.
    pub async fn sits_down(room: &str, staff: &str, password: &str, appointment: &str, clips: (&Path, &Path)) -> Self {
        let camera = format!("--use-file-for-fake-video-capture={}", clips.0.display());
        let voice = format!("--use-file-for-fake-audio-capture={}", clips.1.display());
        let page = Browser::open(&["--use-fake-device-for-media-stream", &camera, &voice]).await;
        page.go(&format!("{room}/staff")).await;
        page.type_into("name", staff).await;
        page.type_into("password", password).await;
        page.press("sign-in").await;
        page.until_data("ready", "yes").await;
        page.press(&format!("join-{appointment}")).await;
        page.until_data("room", "seated").await;
        Self { page }
    }

    /// Watches the guest's picture: notes when its mark is first recognised, and listens for the family's tone.
    pub async fn watches(&self, mark_text: &str) {
        let script = format!(
            "const read = {read};
             const video = document.getElementById('guest-video');
             const seen = window.seen = {{ first: 0, recognised: 0, looked: 0, counters: [], tone: 0 }};
             const look = () => {{
               if (video.videoWidth) {{
                 seen.looked += 1;
                 const found = read(video, 640, 480);
                 if (found && found.identity === {identity}) {{
                   seen.first ||= performance.timeOrigin + performance.now();
                   seen.recognised += 1;
                   if (seen.counters.at(-1) !== found.counter) seen.counters.push(found.counter);
                 }}
               }}
               video.requestVideoFrameCallback(look);
             }};
             video.requestVideoFrameCallback(look);
             const context = new AudioContext();
             const analyser = context.createAnalyser();
             analyser.fftSize = 8192;
             const bins = new Float32Array(analyser.frequencyBinCount);
             let source = null, heard = null;
             setInterval(() => {{
               const stream = video.srcObject;
               if (stream && stream !== heard && stream.getAudioTracks().length) {{
                 heard = stream;
                 source?.disconnect();
                 source = context.createMediaStreamSource(new MediaStream(stream.getAudioTracks()));
                 source.connect(analyser);
               }}
               analyser.getFloatFrequencyData(bins);
               const at = (hertz) => Math.max(...bins.slice(Math.round(hertz / context.sampleRate * 8192) - 1,
                 Math.round(hertz / context.sampleRate * 8192) + 2));
               const louder = at({tone}) - at({tone} * 1.37);
               if (at({tone}) > -60 && louder > seen.tone) seen.tone = louder;
             }}, 50);
             return true;",
            read = mark::READ_JS.trim(),
            identity = mark::identity(mark_text),
            tone = FAMILY_TONE,
        );
        assert_eq!(self.page.script(&script).await, serde_json::Value::Bool(true));
    }

    /// A number that [`Counter::watches`] notes.
    pub async fn noted(&self, name: &str) -> f64 {
        self.page.script(&format!("return window.seen.{name};")).await.as_f64().unwrap_or(0.0)
    }

    /// How many pictures of the guest were shown so far.
    pub async fn frames(&self) -> f64 {
        let script = "return document.getElementById('guest-video').getVideoPlaybackQuality().totalVideoFrames;";
        self.page.script(script).await.as_f64().unwrap_or(0.0)
    }

    /// Waits until `window.seen` satisfies a condition.
    pub async fn until_noted(&self, condition: &str) {
        self.page.until(&format!("seen: {condition}"), &format!("const seen = window.seen; return {condition};")).await;
    }
}
