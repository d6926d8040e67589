//! The page's three lines: state and commands, the TV's picture, the TV's sound.

use super::Page;
use crate::workbench::Command;
use crate::workbench::command::{Finger, Refused};
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use serde_json::json;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;

/// Longest command.
const LONGEST: usize = 16 * 1024;
/// How long a page may take to draw a picture before it counts as gone.
const DRAWN_WITHIN: Duration = Duration::from_secs(30);

/// State out, commands in.
pub(super) async fn state(State(page): State<Page>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.max_message_size(LONGEST).on_upgrade(move |socket| async move {
        // However it ends, the page connects again by itself.
        let _ = talk(socket, page).await;
    })
}

type Gone = axum::Error;

async fn tell(socket: &mut WebSocket, what: serde_json::Value) -> Result<(), Gone> {
    socket.send(Message::text(what.to_string())).await
}

async fn talk(mut socket: WebSocket, page: Page) -> Result<(), Gone> {
    let bench = page.control.bench.clone();
    let mut changes = bench.state.subscribe();
    let mut radio = bench.radio.clone();
    let mut light = bench.light.clone();
    let (lines, mut trace) = bench.trace();
    tell(&mut socket, json!({ "state": bench.look() })).await?;
    for line in lines {
        tell(&mut socket, json!({ "line": &*line })).await?;
    }
    // The finger of this page goes up when its line is lost.
    let mut finger = None;
    let mut touches = JoinSet::new();
    loop {
        tokio::select! {
            Ok(()) = changes.changed() => tell(&mut socket, json!({ "state": bench.look() })).await?,
            Ok(()) = radio.changed() => tell(&mut socket, json!({ "state": bench.look() })).await?,
            Ok(()) = light.changed() => tell(&mut socket, json!({ "state": bench.look() })).await?,
            line = trace.recv() => match line {
                Ok(line) => tell(&mut socket, json!({ "line": &*line })).await?,
                Err(RecvError::Lagged(missed)) => {
                    tell(&mut socket, json!({ "line": format!("({missed} lines not shown)") })).await?;
                }
                Err(RecvError::Closed) => return Ok(()),
            },
            Some(touched) = touches.join_next() => if let Ok(Err(Refused(why))) = touched {
                tell(&mut socket, json!({ "refused": why })).await?;
            },
            heard = socket.recv() => {
                let text = match heard {
                    Some(Ok(Message::Text(text))) => text,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(()),
                    Some(Ok(_)) => continue,
                };
                let done = match serde_json::from_str(&text) {
                    Err(error) => Err(Refused(format!("this is no command of the desk: {error}"))),
                    Ok(Command::Down) if finger.is_some() => Ok(()),
                    Ok(Command::Down) => Finger::down(bench.clone()).map(|down| {
                        finger = Some(down);
                        bench.changed();
                    }),
                    Ok(Command::Up) => {
                        finger = None;
                        Ok(())
                    }
                    Ok(touch @ (Command::Press | Command::Hold { .. })) => {
                        let control = page.control.clone();
                        touches.spawn(async move { control.run(touch).await });
                        Ok(())
                    }
                    Ok(command) => page.control.run(command).await,
                };
                if let Err(Refused(why)) = done {
                    tell(&mut socket, json!({ "refused": why })).await?;
                }
            }
        }
    }
}

/// One JPEG a message; the next one is sent when the page says that it has drawn the last.
pub(super) async fn tv(State(page): State<Page>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.max_message_size(64).on_upgrade(move |socket| async move {
        // However it ends, the page connects again by itself.
        let _ = show(socket, page).await;
    })
}

async fn show(mut socket: WebSocket, page: Page) -> Result<(), Gone> {
    let mut watcher = page.jpegs.watch();
    watcher.newest.mark_changed();
    loop {
        tokio::select! {
            changed = watcher.newest.changed() => if changed.is_err() {
                return Ok(());
            },
            heard = socket.recv() => match heard {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(()),
                Some(Ok(_)) => continue,
            },
        }
        let newest = watcher.newest.borrow_and_update().clone();
        let Some(jpeg) = newest else { continue };
        socket.send(Message::Binary(axum::body::Bytes::from_owner(jpeg))).await?;
        match tokio::time::timeout(DRAWN_WITHIN, socket.recv()).await {
            Ok(Some(Ok(Message::Text(_)))) => {}
            _ => return Ok(()),
        }
    }
}

/// The speaker's number (32 bits) and its samples (16 bits each), little-endian.
pub(super) async fn sound(State(page): State<Page>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.max_message_size(64).on_upgrade(move |socket| async move {
        // However it ends, the page connects again by itself.
        let _ = play(socket, page).await;
    })
}

async fn play(mut socket: WebSocket, page: Page) -> Result<(), Gone> {
    let mut played = page.control.bench.speaker.listen();
    loop {
        tokio::select! {
            piece = played.recv() => match piece {
                Ok(piece) => {
                    let mut bytes = Vec::with_capacity(4 + piece.samples.len() * 2);
                    bytes.extend(piece.source.to_le_bytes());
                    bytes.extend(piece.samples.iter().flat_map(|sample| sample.to_le_bytes()));
                    socket.send(Message::Binary(bytes.into())).await?;
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return Ok(()),
            },
            heard = socket.recv() => match heard {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(()),
                Some(Ok(_)) => {}
            },
        }
    }
}
