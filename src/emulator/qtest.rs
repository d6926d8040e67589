//! QEMU's line for test programs (qtest): it sets inputs of devices, beside a guest that runs as usual.

use super::EmulatorError;
use super::qmp::Qmp;
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::Mutex;

const ANSWER: Duration = Duration::from_secs(30);

/// A pin of the `virt` machine's GPIO controller (PL061).
pub struct Pin {
    line: Mutex<BufReader<UnixStream>>,
    controller: String,
    number: u8,
}

impl Pin {
    /// Finds the controller; `number` is the pin's, 0 to 7. The machine's own button is at 3.
    ///
    /// # Errors
    /// When this machine has no such controller.
    pub async fn find(line: UnixStream, qmp: &Qmp, number: u8) -> Result<Self, EmulatorError> {
        let place = "/machine/unattached";
        let devices = qmp.execute("qom-list", json!({ "path": place })).await?;
        let devices = devices.as_array().map(Vec::as_slice).unwrap_or_default();
        let found = devices.iter().find(|device| device["type"] == "child<pl061>").and_then(|it| it["name"].as_str());
        let name = found.ok_or_else(|| EmulatorError::Wrong("this machine has no PL061 GPIO controller".to_owned()))?;
        Ok(Self { line: BufReader::new(line).into(), controller: format!("{place}/{name}"), number })
    }

    /// Sets the pin's level.
    ///
    /// # Errors
    /// When QEMU refuses or does not answer within 30 s.
    pub async fn set(&self, high: bool) -> Result<(), EmulatorError> {
        let question = format!("set_irq_in {} unnamed-gpio-in {} {}", self.controller, self.number, u8::from(high));
        let refused = |why: String| EmulatorError::Refused { command: question.clone(), why };
        let ask = async {
            let mut line = self.line.lock().await;
            line.write_all(format!("{question}\n").as_bytes()).await.map_err(|error| refused(error.to_string()))?;
            let mut answer = String::new();
            line.read_line(&mut answer).await.map_err(|error| refused(error.to_string()))?;
            match answer.trim_end() {
                "OK" => Ok(()),
                why => Err(refused(if why.is_empty() { "QEMU is gone".to_owned() } else { why.to_owned() })),
            }
        };
        tokio::time::timeout(ANSWER, ask).await.unwrap_or_else(|_| Err(refused("no answer within 30 s".to_owned())))
    }
}
