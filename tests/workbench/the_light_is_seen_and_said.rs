//! The button's light, in colour, movement and words.

use crate::browser::{open, until, until_attribute};
use crate::desk::desk;
use fantoccini::Locator;
use madoguchi::model::light::Light;

const LIGHTS: [(Light, &str, &str, &str); 5] = [
    (Light::Breathing, "breathing", "準備中", "breathe"),
    (Light::Steady, "steady", "押してください", "none"),
    (Light::OnAir, "on-air", "カメラ・マイク使用中", "blink-twice"),
    (Light::Fast, "fast", "確認してください", "fast"),
    (Light::Off, "off", "消灯", "none"),
];

async fn look(more: &[&str], moves: bool) {
    let (desk, _tv) = desk().await;
    let light = desk.ends.light;
    open(desk.running.address, more, |client| async move {
        for (shown, name, word, animation) in LIGHTS {
            light.send_replace(shown);
            until_attribute(&client, "#button", "data-light", name).await;
            until(word, || async {
                let text = client.find(Locator::Css("#light-ja")).await.unwrap().text().await.unwrap();
                (text == word).then_some(())
            })
            .await;
            let button = client.find(Locator::Css("#button")).await.unwrap();
            let seen = button.css_value("animation-name").await.unwrap();
            assert_eq!(seen, if moves { animation } else { "none" }, "{name}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_every_state() {
    look(&[], true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_movement_for_those_who_want_none() {
    look(&["--force-prefers-reduced-motion"], false).await;
}
