//! The button: real edges, by mouse, touch, space bar and command, and it never sticks.

use crate::browser::{PATIENCE, attribute, open, until_attribute};
use crate::desk::desk;
use fantoccini::actions::{InputSource, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use fantoccini::{Client, Locator};
use madoguchi::device::button::Edge;
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

async fn edge(button: &mut Receiver<Edge>, down: bool, when: &str) {
    let edge = timeout(PATIENCE, button.recv()).await;
    let edge = edge.unwrap_or_else(|_| panic!("no edge in time: {when}")).expect("a desk");
    assert_eq!(edge, Edge { down }, "{when}");
}

async fn space(client: &Client, down: bool) {
    let action = if down { KeyAction::Down { value: ' ' } } else { KeyAction::Up { value: ' ' } };
    client.perform_actions(KeyActions::new("keys".into()).then(action)).await.unwrap();
}

async fn mouse(client: &Client, actions: Vec<PointerAction>) {
    let all = actions.into_iter().fold(MouseActions::new("mouse".into()), |all, action| all.then(action));
    client.perform_actions(all).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn by_space_bar_and_mouse_and_it_never_sticks() {
    let (desk, _tv) = desk().await;
    let mut button = desk.ends.button;
    open(desk.running.address, &[], |client| async move {
        space(&client, true).await;
        edge(&mut button, true, "space down").await;
        until_attribute(&client, "#button", "data-down", "true").await;
        assert!(button.try_recv().is_err(), "held until let go");
        space(&client, false).await;
        edge(&mut button, false, "space up").await;
        until_attribute(&client, "#button", "data-down", "false").await;

        let element = client.find(Locator::Css("#button")).await.unwrap();
        let there = PointerAction::MoveToElement { element, duration: None, x: 0.0, y: 0.0 };
        mouse(&client, vec![there, PointerAction::Down { button: MOUSE_BUTTON_LEFT }]).await;
        edge(&mut button, true, "mouse down").await;
        let away = PointerAction::MoveBy { duration: None, x: 300.0, y: 0.0 };
        mouse(&client, vec![away, PointerAction::Up { button: MOUSE_BUTTON_LEFT }]).await;
        edge(&mut button, false, "mouse up elsewhere").await;

        let touch = |name: &str| {
            let about = "{bubbles: true, pointerType: 'touch', button: 0}";
            format!("document.getElementById('button').dispatchEvent(new PointerEvent('{name}', {about}))")
        };
        client.execute(&touch("pointerdown"), vec![]).await.unwrap();
        edge(&mut button, true, "touched").await;
        client.execute(&touch("pointercancel"), vec![]).await.unwrap();
        edge(&mut button, false, "the system took the touch away").await;

        space(&client, true).await;
        edge(&mut button, true, "space down again").await;
        client.execute("dispatchEvent(new Event('blur'))", vec![]).await.unwrap();
        edge(&mut button, false, "window not in front").await;
        space(&client, false).await;

        space(&client, true).await;
        edge(&mut button, true, "space down a third time").await;
        client.goto("about:blank").await.unwrap();
        edge(&mut button, false, "page left").await;
        assert!(button.try_recv().is_err());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_space_typed_into_a_field_is_no_press() {
    let (desk, _tv) = desk().await;
    let mut button = desk.ends.button;
    open(desk.running.address, &[], |client| async move {
        let field = client.find(Locator::Css("[data-key=name-1]")).await.unwrap();
        field.send_keys(" x").await.unwrap();
        assert_eq!(field.prop("value").await.unwrap().as_deref(), Some("midori-home x"));
        assert_eq!(attribute(&client, "#button", "data-down").await.as_deref(), Some("false"));
        assert!(button.try_recv().is_err());
    })
    .await;
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
