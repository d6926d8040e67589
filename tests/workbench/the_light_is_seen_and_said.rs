//! The button's light, in colour, movement and words.

use crate::desk::{desk, page};
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
    let page = page(desk.running.address, more).await;
    for (shown, name, word, animation) in LIGHTS {
        light.send_replace(shown);
        page.until_attribute("#button", "data-light", name).await;
        let said = page.element("#light-ja").await;
        page.wait(word, async || (said.text().await.unwrap() == word).then_some(())).await;
        let button = page.element("#button").await;
        let seen = button.css_value("animation-name").await.unwrap();
        assert_eq!(seen, if moves { animation } else { "none" }, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_every_state() {
    look(&[], true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_movement_for_those_who_want_none() {
    look(&["--force-prefers-reduced-motion"], false).await;
}
