//! The button: real edges, by mouse, touch, space bar and command, and it never sticks.

use crate::browser::{Browser, PATIENCE};
use crate::desk::{desk, page};
use madoguchi::device::button::Edge;
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

async fn edge(button: &mut Receiver<Edge>, down: bool, when: &str) {
    let edge = timeout(PATIENCE, button.recv()).await;
    let edge = edge.unwrap_or_else(|_| panic!("no edge in time: {when}")).expect("a desk");
    assert_eq!(edge, Edge { down }, "{when}");
}

async fn space(page: &Browser, down: bool) {
    let keys = page.session.action_chain();
    let keys = if down { keys.key_down(' ') } else { keys.key_up(' ') };
    keys.perform().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn by_space_bar_and_mouse_and_it_never_sticks() {
    let (desk, _tv) = desk().await;
    let mut button = desk.ends.button;
    let page = page(desk.running.address, &[]).await;
    space(&page, true).await;
    edge(&mut button, true, "space down").await;
    page.until_attribute("#button", "data-down", "true").await;
    assert!(button.try_recv().is_err(), "held until let go");
    space(&page, false).await;
    edge(&mut button, false, "space up").await;
    page.until_attribute("#button", "data-down", "false").await;

    let element = page.element("#button").await;
    page.session.action_chain().click_and_hold_element(&element).perform().await.unwrap();
    edge(&mut button, true, "mouse down").await;
    page.session.action_chain().move_by_offset(300, 0).release().perform().await.unwrap();
    edge(&mut button, false, "mouse up elsewhere").await;

    let touch = |name: &str| {
        let about = "{bubbles: true, pointerType: 'touch', button: 0}";
        format!("document.getElementById('button').dispatchEvent(new PointerEvent('{name}', {about}))")
    };
    page.script(&touch("pointerdown")).await;
    edge(&mut button, true, "touched").await;
    page.script(&touch("pointercancel")).await;
    edge(&mut button, false, "the system took the touch away").await;

    space(&page, true).await;
    edge(&mut button, true, "space down again").await;
    page.script("dispatchEvent(new Event('blur'))").await;
    edge(&mut button, false, "window not in front").await;
    space(&page, false).await;

    space(&page, true).await;
    edge(&mut button, true, "space down a third time").await;
    page.go("about:blank").await;
    edge(&mut button, false, "page left").await;
    assert!(button.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_space_typed_into_a_field_is_no_press() {
    let (desk, _tv) = desk().await;
    let mut button = desk.ends.button;
    let page = page(desk.running.address, &[]).await;
    let field = page.element("[data-key=name-1]").await;
    field.send_keys(" x").await.unwrap();
    assert_eq!(field.prop("value").await.unwrap().as_deref(), Some("midori-home x"));
    assert_eq!(page.attribute("#button", "data-down").await.as_deref(), Some("false"));
    assert!(button.try_recv().is_err());
}

#[tokio::test]
async fn by_command_a_press_and_a_hold_are_edges_with_time_between() {
    let (desk, _tv) = desk().await;
    let (mut button, control) = (desk.ends.button, desk.running.control());
    control.press().await.unwrap();
    edge(&mut button, true, "press").await;
    edge(&mut button, false, "press ends").await;

    let hold = tokio::spawn({
        let control = control.clone();
        async move { control.hold(Duration::from_secs(50)).await }
    });
    edge(&mut button, true, "hold").await;
    control.press().await.unwrap();
    assert!(button.try_recv().is_err(), "a second finger changes nothing");
    hold.abort();
    edge(&mut button, false, "hold broken off").await;
    assert!(control.hold(Duration::from_secs(61)).await.unwrap_err().0.contains("60 seconds at most"));
}
