//! The counter: the same real Chromium on the staff page, whoever is at the other end.

use crate::browser::Browser;
use crate::clip::{Clip, FRAMES, SIZE};
use madoguchi::room::demo::Demo;
use madoguchi::workbench::camera::mark;
use serde_json::Value;
use std::time::Duration;

/// The staff page.
pub struct Counter {
    /// Its browser.
    pub page: Browser,
}

/// The clip as a Chromium's camera and microphone.
pub fn senses(clip: &Clip) -> [String; 3] {
    [
        "--use-fake-device-for-media-stream".to_owned(),
        format!("--use-file-for-fake-video-capture={}", clip.pictures.display()),
        format!("--use-file-for-fake-audio-capture={}", clip.voice.display()),
    ]
}

/// The script that looks over a page's shoulder.
pub fn overseer() -> String {
    include_str!("page.js").replace("READ_JS", mark::READ_JS.trim())
}

impl Counter {
    /// Opens the browser.
    pub async fn opens(clip: &Clip) -> Self {
        let senses = senses(clip);
        Self { page: Browser::sized(SIZE.0, SIZE.1, &senses.each_ref().map(String::as_str)).await }
    }

    /// Signs in and takes the counter's seat.
    pub async fn sits_down(&self, room: &str, demo: &Demo, looks: Duration) {
        self.page.go("about:blank").await;
        self.page.go(&format!("{room}/staff")).await;
        self.page.type_into("name", &demo.staff).await;
        self.page.type_into("password", demo.password.expose()).await;
        self.page.press("sign-in").await;
        self.page.until_data("ready", "yes").await;
        self.page.script(&overseer()).await;
        self.page.press(&format!("join-{}", demo.appointment)).await;
        self.page.until_data("room", "seated").await;
        self.page.script(&format!("bench.watch('guest-video', {});", looks.as_millis())).await;
    }

    /// Lets the family in, once they wait and the path is there; gives the moment in milliseconds since 1970.
    pub async fn lets_in(&self) -> f64 {
        self.page.until_data("guest", "waiting").await;
        self.page.until_data("media", "connected").await;
        let ready = "const found = document.querySelector('[data-testid=\"admit\"]');
            return Boolean(found && !found.disabled && found.offsetParent !== null);";
        self.page.until("the family can be let in", ready).await;
        let press = "document.querySelector('[data-testid=\"admit\"]').click();
            return performance.timeOrigin + performance.now();";
        self.page.script(press).await.as_f64().unwrap()
    }

    /// Running totals of what comes from the family: of the voice, and how many pictures.
    pub async fn voice(&self) -> Value {
        let newest = "await bench.look();
            const { in_audio, in_video } = bench.series.at(-1);
            return { ...in_audio, framesDecoded: in_video?.framesDecoded ?? 0 };";
        self.page.call(&format!("async () => {{ {newest} }}"), vec![]).await
    }

    /// Waits for the first picture.
    pub async fn sees(&self) {
        self.page.until("the family's picture", "return bench.shown.length > 0;").await;
    }

    /// Looks and listens closely from now on, which takes the browser some time.
    pub async fn looks_closely(&self) {
        self.page.script("bench.looksClosely('guest-video', 'self-video');").await;
    }

    /// A picture as it is shown now: its number, if that can be read, and a PNG.
    pub async fn picture(&self) -> (Option<u32>, Vec<u8>) {
        let seen = self.page.script("return bench.picture('guest-video');").await;
        let number = seen["number"].as_u64().and_then(|number| u32::try_from(number).ok());
        let png = data_encoding::BASE64.decode(seen["png"].as_str().unwrap().as_bytes()).unwrap();
        (number.filter(|number| *number < FRAMES), png)
    }

    /// All that was noted.
    pub async fn noted(&self) -> Value {
        self.page.call("bench.take", vec![]).await
    }
}
