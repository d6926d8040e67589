//! One participant's WebSocket: text in, text out, a ping now and then, and the end of patience.

use super::hub::{Hub, Line};
use crate::meeting::{ConnectionId, Fault, In};
use crate::model::wire::{self, Heard, MAX_MESSAGE_BYTES, PING_SECONDS, SILENCE_SECONDS};
use crate::room::web::http::{Address, Desk};
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};

/// A message up to this size is still read, so that it can be answered; a longer one ends the connection.
const READ_AT_MOST: usize = 4 * MAX_MESSAGE_BYTES;
/// A line's own buffer: most are idle for most of the time, and tungstenite's 128 KiB are held all that time.
const BUFFER: usize = 4 * 1024;
/// Whoever does not read what we send within this time is cut off.
const WRITE_WITHIN: Duration = Duration::from_secs(10);

/// `GET /ws`.
pub(in crate::room) async fn upgrade(
    State(desk): State<Desk>,
    Address(from): Address,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    // A browser always names the page's origin here, an appliance never does. Only our own page may bring a cookie.
    let ours = match headers.get("origin") {
        None => false,
        Some(origin) if desk.is_our_origin(origin) => true,
        Some(_) => return (StatusCode::FORBIDDEN, "This page may not connect here.\n").into_response(),
    };
    let staff = if ours { desk.clerk(&headers).await } else { None };
    let Some((connection, lines)) = desk.hub.open(from, staff).await else {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            "The room server is closing or has too many connections; try again in a minute.\n",
        )
            .into_response();
    };
    let hub = desk.hub.clone();
    // Should the upgrade fail, no hello comes, and the registry gives the connection up by itself.
    upgrade
        .read_buffer_size(BUFFER)
        .write_buffer_size(0)
        .max_message_size(READ_AT_MOST)
        .max_frame_size(READ_AT_MOST)
        .on_upgrade(move |socket| serve(socket, connection, lines, hub))
}

async fn serve(mut socket: WebSocket, connection: ConnectionId, mut lines: mpsc::Receiver<Line>, hub: Hub) {
    let mut ping = tokio::time::interval(Duration::from_secs(PING_SECONDS));
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let silence = Duration::from_secs(SILENCE_SECONDS);
    let mut heard = Instant::now();
    loop {
        tokio::select! {
            line = lines.recv() => match line {
                Some(Line::Say(text)) => {
                    if !write(&mut socket, Message::Text(text.into())).await {
                        break;
                    }
                }
                Some(Line::Close) | None => {
                    let frame = CloseFrame { code: close_code::NORMAL, reason: "".into() };
                    write(&mut socket, Message::Close(Some(frame))).await;
                    break;
                }
            },
            message = socket.recv() => {
                heard = Instant::now();
                let input = match message {
                    Some(Ok(Message::Text(text))) => Some(read(connection, text.as_str())),
                    Some(Ok(Message::Binary(_))) => Some(In::Fault { connection, fault: Fault::Malformed }),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => Some(In::Noise { connection }),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                };
                if let Some(input) = input {
                    hub.tell(input).await;
                }
            }
            _ = ping.tick() => {
                if !write(&mut socket, Message::Ping(Vec::new().into())).await {
                    break;
                }
            }
            () = tokio::time::sleep_until(heard + silence) => break,
        }
    }
    hub.tell(In::Gone { connection }).await;
}

async fn write(socket: &mut WebSocket, message: Message) -> bool {
    matches!(tokio::time::timeout(WRITE_WITHIN, socket.send(message)).await, Ok(Ok(())))
}

/// Reads one message. One of a newer vocabulary says nothing, and is counted.
fn read(connection: ConnectionId, text: &str) -> In {
    if text.len() > MAX_MESSAGE_BYTES {
        return In::Fault { connection, fault: Fault::TooLarge };
    }
    match wire::read(text) {
        Heard::Message(message) => In::Message { connection, message },
        Heard::Unknown => In::Noise { connection },
        Heard::Malformed { .. } => In::Fault { connection, fault: Fault::Malformed },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Option<Fault> {
        match read(ConnectionId(1), text) {
            In::Fault { fault, .. } => Some(fault),
            _ => None,
        }
    }

    #[test]
    fn unknown_kinds_are_ignored_and_malformed_ones_are_not() {
        assert!(matches!(read(ConnectionId(1), r#"{"kind":"wave","hand":"left"}"#), In::Noise { .. }));
        for text in
            ["", "null", "[]", "{}", r#"{"kind":7}"#, r#"{"kind":"offer"}"#, "\u{0}", r#"{"kind":"hold","on":1}"#]
        {
            assert_eq!(fault(text), Some(Fault::Malformed), "{text}");
        }
        assert!(matches!(read(ConnectionId(1), r#"{"kind":"end"}"#), In::Message { .. }));
        assert_eq!(fault(&" ".repeat(MAX_MESSAGE_BYTES + 1)), Some(Fault::TooLarge));
    }
}
