//! QEMU's control line (QMP): JSON by lines over a socket, <https://www.qemu.org/docs/master/interop/qmp-spec.html>.
#![expect(clippy::disallowed_methods, reason = "one reader for each line")]

use super::EmulatorError;
use super::journal::Journal;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::oneshot;

/// How long QEMU may take to answer; it is slow when the machine it runs on is busy.
const ANSWER: Duration = Duration::from_secs(30);

type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Result<Value, String>>>>>;

/// A line from QEMU.
#[derive(Deserialize)]
struct Said {
    id: Option<u64>,
    #[serde(rename = "return")]
    result: Option<Value>,
    error: Option<Why>,
    event: Option<String>,
}

#[derive(Deserialize)]
struct Why {
    desc: String,
}

/// A control line.
pub struct Qmp {
    write: tokio::sync::Mutex<OwnedWriteHalf>,
    waiting: Waiting,
    next: AtomicU64,
    events: Journal,
}

impl Qmp {
    /// Takes the line that QEMU has opened into use.
    ///
    /// # Errors
    /// When QEMU does not answer.
    pub async fn start(line: UnixStream) -> Result<Self, EmulatorError> {
        let (read, write) = line.into_split();
        let (waiting, events) = (Waiting::default(), Journal::new("events of QEMU"));
        tokio::spawn(listen(read, waiting.clone(), events.clone()));
        let qmp = Self { write: write.into(), waiting, next: AtomicU64::new(1), events };
        qmp.execute("qmp_capabilities", json!({})).await?;
        Ok(qmp)
    }

    /// Everything that QEMU told by itself, as the JSON lines of its events.
    pub fn events(&self) -> &Journal {
        &self.events
    }

    /// Runs a command and gives its answer.
    ///
    /// # Errors
    /// [`EmulatorError::Refused`] with QEMU's reason; no answer within 30 s, or QEMU is gone.
    pub async fn execute(&self, command: &str, arguments: Value) -> Result<Value, EmulatorError> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (done, answer) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(id, done);
        let mut line = json!({ "execute": command, "arguments": arguments, "id": id }).to_string();
        line.push('\n');
        let gone = || EmulatorError::Refused { command: command.to_owned(), why: "QEMU is gone".to_owned() };
        let ask = async {
            self.write.lock().await.write_all(line.as_bytes()).await.map_err(|_| gone())?;
            let answer = answer.await.map_err(|_| gone())?;
            answer.map_err(|why| EmulatorError::Refused { command: command.to_owned(), why })
        };
        tokio::time::timeout(ANSWER, ask).await.unwrap_or_else(|_| {
            let (what, last) = (format!("QEMU's answer to \"{command}\""), self.events.last(5));
            Err(EmulatorError::TooLate { what, within: ANSWER, last })
        })
    }
}

/// Hands answers to whoever asked and writes events down, until QEMU is gone.
async fn listen(read: OwnedReadHalf, waiting: Waiting, events: Journal) {
    let mut lines = BufReader::new(read).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let Ok(said) = serde_json::from_str::<Said>(&line) else { continue };
        if said.event.is_some() {
            events.add(format!("{line}\n").as_bytes());
        } else if let Some(id) = said.id {
            let asked = waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
            let answer = match said.error {
                Some(why) => Err(why.desc),
                None => Ok(said.result.unwrap_or_default()),
            };
            // Nobody waits any more when the deadline has passed.
            let _ = asked.map(|asked| asked.send(answer));
        }
    }
    events.end();
    waiting.lock().unwrap_or_else(PoisonError::into_inner).clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn answers_find_their_questions_and_events_are_kept() {
        let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
        let (read, mut write) = theirs.into_split();
        let mut asked = BufReader::new(read).lines();
        let qemu = async {
            write.write_all(b"{\"QMP\": {\"version\": {}}}\n").await.expect("greeting");
            for reply in [r#""return": {}"#, r#""error": {"class": "GenericError", "desc": "no such disk"}"#] {
                let question = asked.next_line().await.expect("a line").expect("not the end");
                let question: Value = serde_json::from_str(&question).expect("JSON");
                let reply = format!("{{\"event\": \"RESET\"}}\n{{\"id\": {}, {reply}}}\n", question["id"]);
                write.write_all(reply.as_bytes()).await.expect("answer");
            }
        };
        let us = async {
            let qmp = Qmp::start(ours).await.expect("greeted");
            let refused = qmp.execute("device_add", json!({ "driver": "usb-storage" })).await.expect_err("refused");
            assert_eq!(refused.to_string(), "QEMU refused \"device_add\": no such disk");
            assert_eq!(qmp.events().position(), 2);
            qmp
        };
        let (qmp, ()) = tokio::join!(us, qemu);
        drop((write, asked));
        assert!(qmp.execute("quit", json!({})).await.is_err(), "QEMU is gone, and that is said at once");
    }
}
