//! RAUC's service and systemd, played by the tests. RAUC's command is the real one (`apt-get install rauc`), in the real
//! scripts of the image.

use madoguchi::device::root::Desk;
use madoguchi::device::slot::SlotConfig;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::sync::{Notify, mpsc};
use zbus::object_server::SignalEmitter;
use zbus::zvariant::{OwnedValue, Value};

type Dict = HashMap<String, OwnedValue>;

/// What RAUC does and how its slots are.
#[derive(Clone, Default)]
pub(crate) struct Script {
    /// So many marks fail at first.
    pub(crate) refusals: u32,
    /// What a look at a bundle finds: compatible and version, or a sentence.
    pub(crate) inspects: Option<Result<(String, String), String>>,
    /// How an installation ends: a sentence when badly.
    pub(crate) installs: Option<Result<(), String>>,
    /// State, boot status, status and version of slot B, and when it was written and activated.
    pub(crate) other: Option<[&'static str; 5]>,
    /// So many questions for the operation are answered with "installing" before anything was asked.
    pub(crate) busy: u32,
}

/// What the stand-ins were asked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Mark(String, String),
    Install(String),
}

pub(crate) struct Rauc {
    script: Arc<Mutex<Script>>,
    asked: mpsc::UnboundedSender<Asked>,
    operation: Arc<Mutex<&'static str>>,
    looked: Arc<Notify>,
    percent: i32,
    error: String,
}

/// A RAUC on this process's bus.
pub(crate) async fn served(script: Script) -> (zbus::Connection, Arc<Mutex<Script>>, mpsc::UnboundedReceiver<Asked>) {
    let (asked, heard) = mpsc::unbounded_channel();
    let script = Arc::new(Mutex::new(script));
    let rauc = Rauc {
        script: script.clone(),
        asked,
        operation: Arc::new(Mutex::new("idle")),
        looked: Arc::default(),
        percent: 0,
        error: String::new(),
    };
    let connection = zbus::connection::Builder::system()
        .unwrap()
        .serve_at("/", rauc)
        .unwrap()
        .name("de.pengutronix.rauc")
        .unwrap()
        .build()
        .await
        .unwrap();
    (connection, script, heard)
}

/// A script of the image's that root runs.
pub(crate) fn script(name: &str) -> tokio::process::Command {
    let mut command = tokio::process::Command::new("sh");
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("image/root/usr/lib/madoguchi").join(name));
    command.kill_on_drop(true);
    command
}

/// What `madoguchi-install.path` and its service do: run the script each time the request is there.
pub(crate) async fn served_requests(config: SlotConfig) {
    loop {
        let Desk { request, answer } = &config.install;
        let text = std::fs::read_to_string(request).unwrap_or_default();
        if let Some((number, address)) = text.split_once('\n').filter(|(_, rest)| rest.starts_with("http")) {
            std::fs::remove_file(request).unwrap();
            from_counter(&config, number, address.trim_end()).await;
        } else if request.symlink_metadata().is_ok() {
            let mut install = script("install");
            install.env("REQUEST", request).env("RESULT", answer).env("STICKS", &config.sticks);
            install.status().await.unwrap();
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// What the script does with an address (`reach::updates` runs it itself): Debian 12's command of RAUC reads from no network.
async fn from_counter(config: &SlotConfig, number: &str, address: &str) {
    let bus = zbus::Connection::system().await.unwrap();
    let installer: zbus::Proxy<'_> = zbus::proxy::Builder::new(&bus)
        .destination("de.pengutronix.rauc")
        .and_then(|builder| builder.path("/"))
        .and_then(|builder| builder.interface("de.pengutronix.rauc.Installer"))
        .unwrap()
        .cache_properties(zbus::proxy::CacheProperties::No)
        .build()
        .await
        .unwrap();
    let args = HashMap::from([("tls-ca", Value::from(config.anchors.to_str().unwrap()))]);
    installer.call::<_, _, ()>("InstallBundle", &(address, args)).await.unwrap();
    let ended = loop {
        if std::fs::read_to_string(&config.abandon).is_ok_and(|unwanted| unwanted.trim_end() == number) {
            std::fs::write(config.install.answer.with_extension("stopped"), "").unwrap();
            break "1\nthe update was left off from\n";
        }
        if installer.get_property::<String>("Operation").await.unwrap() == "idle" {
            let why = installer.get_property::<String>("LastError").await.unwrap();
            break if why.is_empty() { "0\n\n" } else { "1\n\n" };
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    std::fs::write(&config.install.answer, format!("{number}\n{ended}")).unwrap();
}

fn owned(text: &str) -> OwnedValue {
    Value::from(text).try_to_owned().unwrap()
}

/// RAUC's own wrapping: the dictionary is in a variant in a variant.
fn nested(dict: HashMap<String, Value<'static>>) -> OwnedValue {
    Value::Value(Box::new(Value::from(dict))).try_to_owned().unwrap()
}

#[zbus::interface(name = "de.pengutronix.rauc.Installer")]
impl Rauc {
    async fn mark(&mut self, state: String, slot: String) -> zbus::fdo::Result<(String, String)> {
        {
            let mut script = self.script.lock().unwrap();
            if script.refusals > 0 {
                script.refusals -= 1;
                return Err(zbus::fdo::Error::Failed("busy".to_owned()));
            }
        }
        self.asked.send(Asked::Mark(state, slot)).unwrap();
        Ok(("rootfs.1".to_owned(), "marked".to_owned()))
    }

    async fn inspect_bundle(&self, source: String, args: Dict) -> zbus::fdo::Result<Dict> {
        assert!(args.is_empty(), "RAUC refuses arguments that it does not know");
        assert!(source.ends_with(".raucb"), "{source}");
        let found = self.script.lock().unwrap().inspects.clone().expect("nobody was to look at a bundle");
        let (compatible, version) = found.map_err(zbus::fdo::Error::Failed)?;
        let update = HashMap::from([
            ("compatible".to_owned(), Value::from(compatible)),
            ("version".to_owned(), Value::from(version)),
        ]);
        Ok(HashMap::from([("manifest-hash".to_owned(), owned("00")), ("update".to_owned(), nested(update))]))
    }

    async fn install_bundle(
        &mut self,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
        source: String,
        args: Dict,
    ) -> zbus::fdo::Result<()> {
        // RAUC's command says of some that they are not wanted.
        let harmless = |(name, value): (&String, &OwnedValue)| name == "tls-ca" || **value == Value::from(false);
        assert!(args.iter().all(harmless), "an update is given no way round: {args:?}");
        assert_eq!(args.contains_key("tls-ca"), source.starts_with("http"), "{source}");
        self.asked.send(Asked::Install(source)).unwrap();
        (*self.operation.lock().unwrap(), self.percent) = ("installing", 20);
        let ends = self.script.lock().unwrap().installs.clone();
        let emitter = emitter.to_owned();
        if let Some(ends) = ends {
            self.error = ends.clone().err().unwrap_or_default();
            let (operation, looked) = (self.operation.clone(), self.looked.clone());
            tokio::spawn(async move {
                // As long as it takes for somebody to look.
                looked.notified().await;
                *operation.lock().unwrap() = "idle";
                let _ = Self::completed(&emitter, i32::from(ends.is_err())).await;
            });
        }
        Ok(())
    }

    async fn get_slot_status(&self) -> Vec<(String, Dict)> {
        let slot = |pairs: &[(&str, &str)]| -> Dict {
            pairs
                .iter()
                .filter(|(_, text)| !text.is_empty())
                .map(|(key, text)| ((*key).to_owned(), owned(text)))
                .collect()
        };
        let mut slots = vec![(
            "rootfs.0".to_owned(),
            slot(&[("class", "rootfs"), ("bootname", "A"), ("state", "booted"), ("boot-status", "good")]),
        )];
        if let Some([boot, status, version, installed, activated]) = self.script.lock().unwrap().other {
            let about = [
                ("class", "rootfs"),
                ("bootname", "B"),
                ("state", "inactive"),
                ("boot-status", boot),
                ("status", status),
                ("bundle.version", version),
                ("installed.timestamp", installed),
                ("activated.timestamp", activated),
            ];
            slots.push(("rootfs.1".to_owned(), slot(&about)));
        }
        slots
    }

    #[zbus(signal)]
    async fn completed(emitter: &SignalEmitter<'_>, result: i32) -> zbus::Result<()>;

    #[zbus(property)]
    async fn operation(&self) -> String {
        let mut script = self.script.lock().unwrap();
        if script.busy > 0 {
            script.busy -= 1;
            return "installing".to_owned();
        }
        (*self.operation.lock().unwrap()).to_owned()
    }

    #[zbus(property)]
    async fn last_error(&self) -> String {
        self.error.clone()
    }

    #[zbus(property)]
    async fn progress(&self) -> (i32, String, i32) {
        if *self.operation.lock().unwrap() == "installing" {
            self.looked.notify_one();
        }
        (self.percent, "Copying image to rootfs.1".to_owned(), 3)
    }

    #[zbus(property)]
    async fn compatible(&self) -> String {
        "madoguchi-arm64".to_owned()
    }
}
