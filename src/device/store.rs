//! What survives a power cut: the loan, and a wipe that is owed.
#![expect(clippy::disallowed_methods, reason = "the store is where the box touches its disk")]

mod followed;

use super::Behind;
use super::root::{Desk, Ended, Request};
use super::slot::running_version;
use crate::boot_files::{self, BootFiles};
use crate::cities::{Cities, Places};
use crate::model::ids::Attempt;
use crate::model::loan::{Loan, is_device};
use crate::model::screen::WipeStep;
use crate::model::stick::{Followed, Held, HeldTrouble, LoanOrder, PaperRefusal};
use crate::model::update::is_version;
use crate::stick;
use followed::{RETURNED, number_after};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the store is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreAsk {
    /// Notes that a wipe is owed, before its first step. Answered when it is safely on disk.
    OweWipe {
        /// Number of this question.
        attempt: Attempt,
        /// When the return order was signed: remembered with the wipe's end.
        returned: Option<u64>,
    },
    /// Does a step of forgetting and looks that it is done.
    Wipe {
        /// Number of this question.
        attempt: Attempt,
        /// The step.
        step: WipeStep,
    },
    /// Notes that nothing is owed any more, after the last step.
    WipeDone {
        /// Number of this question.
        attempt: Attempt,
    },
    /// Keeps a loan in place of the one that is held. Answered when it is safely on disk.
    Lend {
        /// Number of this question.
        attempt: Attempt,
        /// The loan's file with its signature ([`crate::model::stick::kept`]).
        text: String,
    },
}

/// What the store says.
pub enum StoreEvent {
    /// What it holds, once at start.
    Held(Held),
    /// With which boot files the device was started ([`BootFiles::number`]); before it says that nothing is owed any more.
    BootFiles(String),
    /// The asked thing is done, or failed with a reason for the log.
    Done {
        /// Which question.
        attempt: Attempt,
        /// What was tried and how it failed.
        result: Result<(), String>,
    },
}

/// The data partition is opened, or made anew, by its own unit, which systemd ends after 120 s; the state partition
/// before it has 60 s. What is there after that is all there is.
const OPENING: Duration = Duration::from_secs(200);
/// Between two looks whether the data partition is open.
const LOOK: Duration = Duration::from_millis(50);

/// Folder beside the loan for what survives a session but not a return.
const KNOWN: &str = "known";

/// Where the store keeps what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// The loan file, on the data partition.
    pub loan: PathBuf,
    /// Exists while a wipe is owed. Lies outside of the data partition, which a wipe makes unreadable.
    pub owed: PathBuf,
    /// The key of the data partition. Whoever has it can read the partition; nobody can without.
    pub data_key: PathBuf,
    /// Folders that hold nothing after a wipe: the data partition. (NetworkManager's profiles are the network's to
    /// delete and to look for: [`super::network::NetworkAsk::Forget`].)
    pub emptied: Vec<PathBuf>,
    /// Exists when the data partition was lost or damaged and had to be made anew since power-on.
    pub made_anew: PathBuf,
    /// Exists once the data partition has been opened, or could not be. Nothing: it is there from the beginning.
    pub settled: Option<PathBuf>,
    /// Which papers were followed last. Lies outside of the data partition: it outlives the wipe, and says nothing about a
    /// person.
    pub followed: PathBuf,
    /// Where the board says its serial number.
    pub serial: Option<PathBuf>,
    /// Names the running version.
    pub os_release: PathBuf,
    /// The list of the boot partition's files, if one is made.
    pub boot_files: Option<PathBuf>,
    /// Whose loans count. Nothing: a loan is kept and believed without a signature, as on the workbench.
    pub cities: Option<Places>,
    /// Where the erasing of the data partition itself is asked for (`madoguchi-erase.path`), when its key is gone.
    pub erase: Option<Desk>,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            loan: "/var/lib/madoguchi/data/loan.toml".into(),
            owed: "/var/lib/madoguchi/state/wipe-owed".into(),
            data_key: "/var/lib/madoguchi/state/data.key".into(),
            emptied: vec!["/var/lib/madoguchi/data".into()],
            made_anew: "/run/madoguchi/data-made-anew".into(),
            settled: Some("/run/madoguchi/data-settled".into()),
            followed: "/var/lib/madoguchi/state/followed".into(),
            serial: Some("/sys/firmware/devicetree/base/serial-number".into()),
            os_release: "/etc/os-release".into(),
            boot_files: Some(boot_files::LIST.into()),
            cities: Some(Places::default()),
            erase: Some(Desk::of_the_box("erase", "erased")),
        }
    }
}

/// Says what is held as soon as it can be read, then serves until either end of `behind` is gone.
pub async fn run(behind: Behind<StoreAsk, StoreEvent>, config: StoreConfig) {
    let Behind { mut asks, events } = behind;
    let keys = config.cities.as_ref().and_then(|cities| cities.settled.as_ref());
    for (settled, unit) in [(config.settled.as_ref(), "madoguchi-data"), (keys, "madoguchi-site")] {
        if let Some(settled) = settled
            && tokio::time::timeout(OPENING, exists(settled)).await.is_err()
        {
            tracing::error!("{} did not come within {OPENING:?}: see {unit}.service", settled.display());
        }
    }
    let places = config.clone();
    let held = tokio::task::spawn_blocking(move || places.held()).await;
    let held = held.unwrap_or_else(|_| {
        let loan = Err(HeldTrouble::Unreadable("the store could not be read".to_owned()));
        Held { wipe_owed: true, loan, ..Held::default() }
    });
    if events.send(StoreEvent::Held(held)).await.is_err() {
        return;
    }
    while let Some(ask) = asks.recv().await {
        let places = config.clone();
        if let (StoreAsk::WipeDone { .. }, Some(number)) = (&ask, config.boot_number())
            && events.send(StoreEvent::BootFiles(number)).await.is_err()
        {
            return;
        }
        let (attempt, work) = match ask {
            StoreAsk::OweWipe { attempt, returned } => {
                (attempt, tokio::task::spawn_blocking(move || places.owe(returned)))
            }
            StoreAsk::Wipe { attempt, step } => (attempt, tokio::task::spawn_blocking(move || places.wipe(step))),
            StoreAsk::WipeDone { attempt } => (attempt, tokio::task::spawn_blocking(move || places.settle())),
            StoreAsk::Lend { attempt, text } => (attempt, tokio::task::spawn_blocking(move || places.lend(&text))),
        };
        let result = work.await.unwrap_or_else(|_| Err("the store's work broke off".to_owned()));
        if events.send(StoreEvent::Done { attempt, result }).await.is_err() {
            return;
        }
    }
}

async fn exists(file: &Path) {
    while !file.exists() {
        tokio::time::sleep(LOOK).await;
    }
}

impl StoreConfig {
    /// Reads what is held. A flag that cannot be looked at counts as set: better wiped twice than not.
    fn held(&self) -> Held {
        let wipe_owed = self.owed.try_exists().unwrap_or(true);
        let made_anew = self.made_anew.exists();
        // What a power cut left of a loan that was being written.
        let _ = fs::remove_file(self.loan.with_extension("new"));
        let cities = self.cities.as_ref().map(Places::read);
        let loan = match fs::read_to_string(&self.loan) {
            Ok(text) => self.judge(&text, cities.as_ref()).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(HeldTrouble::Unreadable(told("reading", &self.loan)(error))),
        };
        match &loan {
            Err(HeldTrouble::Refused { why, .. }) => {
                tracing::error!("the loan in {} is no longer followed: {}", self.loan.display(), why.name());
            }
            Err(HeldTrouble::Unreadable(why)) => tracing::error!("the loan cannot be read: {why}"),
            Ok(_) => {}
        }
        let cities = cities.unwrap_or_default();
        for refused in &cities.refused {
            tracing::error!("the city key {} counts for nothing: {:?}", refused.file, refused.why);
        }
        if cities.development {
            tracing::warn!("a development build: whoever can write to the boot partition can lend it");
        }
        let (refused_keys, development) = (cities.refused, cities.development);
        let lent = loan.as_ref().ok().and_then(|order| order.as_ref()).map(|order| order.signed);
        let followed =
            self.followed().newest(Followed { lent: lent.filter(|_| self.cities.is_some()), returned: None });
        if followed != self.followed()
            && let Err(why) = self.remember(followed)
        {
            tracing::error!("which papers were followed last could not be noted: {why}");
        }
        let loan = loan.map(|order| order.map(|order| order.loan));
        let firmware = Some(running_version(&self.os_release)).filter(|version| is_version(version));
        Held { wipe_owed, loan, made_anew, refused_keys, development, followed, device: self.serial(), firmware }
    }

    /// The board's number, in capital letters as on the TV; nothing where there is none.
    fn serial(&self) -> Option<String> {
        let written = fs::read_to_string(self.serial.as_ref()?).ok()?;
        let serial = written.trim_end_matches(['\0', '\n']).to_ascii_uppercase();
        // QEMU's Pi says zeros.
        (is_device(&serial) && serial.bytes().any(|digit| digit != b'0')).then_some(serial)
    }

    /// A loan that was kept counts as long as it would on a stick: its key may have been withdrawn since.
    fn judge(&self, text: &str, cities: Option<&Cities>) -> Result<LoanOrder, HeldTrouble> {
        let unreadable = |error| HeldTrouble::Unreadable(format!("{}: {error}", self.loan.display()));
        let loan = Loan::from_toml(text).map_err(unreadable)?;
        let own = self.serial();
        match cities.map(|cities| stick::kept_loan(text, &cities.keys)) {
            Some(Err(why)) => Err(HeldTrouble::Refused { id: loan.id, why }),
            // A card that was put into another board.
            Some(Ok(order)) if order.loan.device.is_some() && order.loan.device != own => {
                let why = PaperRefusal::OtherDevice { own: own.unwrap_or_default() };
                Err(HeldTrouble::Refused { id: loan.id, why })
            }
            Some(Ok(order)) => Ok(order),
            None => Ok(LoanOrder { loan, text: text.to_owned(), past: false, signed: 0 }),
        }
    }

    /// A list that is not there yet is not waited for.
    fn boot_number(&self) -> Option<String> {
        let list = fs::read_to_string(self.boot_files.as_ref()?).ok()?;
        let files = BootFiles::from_list(&list);
        (!files.is_empty()).then(|| files.number())
    }

    fn owe(&self, returned: Option<u64>) -> Result<(), String> {
        let folder = folder_of(&self.owed);
        fs::create_dir_all(folder).map_err(told("making", folder))?;
        let returned = returned.map(|signed| format!("{RETURNED}{signed}\n")).unwrap_or_default();
        write_whole(&self.owed, format!("owed\n{returned}").as_bytes())
    }

    /// Only a loan that can be read back takes the place of another.
    fn lend(&self, text: &str) -> Result<(), String> {
        if self.owed.try_exists().unwrap_or(true) {
            return Err(format!("{} says that a wipe is owed: the loan would not stay", self.owed.display()));
        }
        Loan::from_toml(text).map_err(|error| format!("the loan to be kept: {error}"))?;
        let judged = self.cities.as_ref().map(|cities| stick::kept_loan(text, &cities.read().keys)).transpose();
        let judged = judged.map_err(|why| format!("the loan to be kept: {}", why.name()))?;
        let signed = judged.map(|order| order.signed);
        write_whole(&self.loan, text.as_bytes())?;
        // Last: a cut before it is made good at the next start ([`StoreConfig::held`]).
        signed.map_or(Ok(()), |signed| self.remember(Followed { lent: Some(signed), returned: None }))
    }

    /// Does one step. Every step may be done again, so that a power cut in its middle does no harm.
    fn wipe(&self, step: WipeStep) -> Result<(), String> {
        let owed = self.owed.try_exists().unwrap_or(false);
        match step {
            // NetworkManager leaves the network, and the room key was never on disk.
            WipeStep::Network | WipeStep::Key => Ok(()),
            WipeStep::Data if !owed => Err(format!("the data was to go before {} was set", self.owed.display())),
            WipeStep::Data => {
                destroy(&self.data_key)?;
                self.emptied.iter().try_for_each(|folder| empty(folder))?;
                self.erase.as_ref().map_or(Ok(()), erase)
            }
            WipeStep::Verify if owed => self.verify(),
            WipeStep::Verify => self.verify_session(),
        }
    }

    fn verify(&self) -> Result<(), String> {
        for gone in [&self.data_key, &self.loan] {
            match gone.try_exists() {
                Ok(false) => {}
                Ok(true) => return Err(format!("{} is still there", gone.display())),
                Err(error) => return Err(told("looking at", gone)(error)),
            }
        }
        for folder in &self.emptied {
            if let Some(left) = entries(folder)?.first() {
                return Err(format!("{} is still there", left.display()));
            }
        }
        Ok(())
    }

    /// After a session the loan stays, and what this loan knows (language, Wi-Fi) in [`KNOWN`]; anything else beside
    /// them would be the session's.
    fn verify_session(&self) -> Result<(), String> {
        let data = folder_of(&self.loan);
        let kept = [self.loan.clone(), data.join(KNOWN)];
        match entries(data)?.into_iter().find(|entry| !kept.contains(entry)) {
            Some(left) => Err(format!("{} lies beside the loan after a session", left.display())),
            None => Ok(()),
        }
    }

    /// The flag is gone from the disk when this returns; before it, the order that is carried out now is noted.
    fn settle(&self) -> Result<(), String> {
        let owed = fs::read_to_string(&self.owed).unwrap_or_default();
        if let Some(signed) = number_after(&owed, RETURNED) {
            self.remember(Followed { lent: None, returned: Some(signed) })?;
        }
        absent_is_fine(fs::remove_file(&self.owed)).map_err(told("removing", &self.owed))?;
        let folder = folder_of(&self.owed);
        if folder.exists() { sync_folder(folder) } else { Ok(()) }
    }
}

/// Overwrites a key in place, so that its blocks no longer hold it wherever the medium allows, and unlinks it.
fn destroy(key: &Path) -> Result<(), String> {
    let mut file = match OpenOptions::new().read(true).write(true).open(key) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(told("opening", key)(error)),
    };
    let length = file.metadata().map_err(told("reading", key))?.len();
    let mut noise = vec![0; usize::try_from(length.min(1 << 20)).unwrap_or(0)];
    for pass in 0..2 {
        getrandom::fill(&mut noise).map_err(|error| format!("making noise for {}: {error}", key.display()))?;
        file.seek(SeekFrom::Start(0))
            .and_then(|_| file.write_all(&noise))
            .and_then(|()| file.sync_all())
            .map_err(|error| format!("overwriting {} (pass {pass}): {error}", key.display()))?;
    }
    fs::remove_file(key).map_err(told("removing", key))?;
    sync_folder(folder_of(key))
}

/// Has the partition's keyslots erased and its blocks discarded: the key is in their header once more, encrypted with the
/// one that was destroyed, and a card keeps copies of what was overwritten.
fn erase(desk: &Desk) -> Result<(), String> {
    let request = Request::made(desk, "data")?;
    loop {
        match request.ended()? {
            None => std::thread::sleep(LOOK),
            Some(Ended::Well) => return Ok(()),
            Some(Ended::Badly) => {
                return Err("erasing the data partition failed: see madoguchi-erase.service".to_owned());
            }
            Some(Ended::Refused(why)) => return Err(why),
        }
    }
}

fn empty(folder: &Path) -> Result<(), String> {
    for entry in entries(folder)? {
        let is_folder = entry.symlink_metadata().is_ok_and(|about| about.is_dir());
        let removed = if is_folder { fs::remove_dir_all(&entry) } else { fs::remove_file(&entry) };
        absent_is_fine(removed).map_err(told("removing", &entry))?;
    }
    if folder.exists() { sync_folder(folder) } else { Ok(()) }
}

/// What lies in a folder; the file system's own `lost+found` does not count.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let listed = match fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(told("listing", folder)(error)),
    };
    let mut found = Vec::new();
    for entry in listed {
        let path = entry.map_err(told("listing", folder))?.path();
        if path.file_name().is_none_or(|name| name != "lost+found") {
            found.push(path);
        }
    }
    Ok(found)
}

fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// The file is on disk with its folder entry when this returns: written aside, then renamed.
pub(super) fn write_whole(path: &Path, data: &[u8]) -> Result<(), String> {
    let aside = path.with_extension("new");
    let mut file = File::create(&aside).map_err(told("writing", &aside))?;
    file.write_all(data).and_then(|()| file.sync_all()).map_err(told("writing", &aside))?;
    fs::rename(&aside, path).map_err(told("renaming", &aside))?;
    sync_folder(folder_of(path))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("/"))
}

fn sync_folder(folder: &Path) -> Result<(), String> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(told("syncing", folder))
}

fn told<'a>(tried: &'a str, path: &'a Path) -> impl Fn(io::Error) -> String + 'a {
    move |error| format!("{tried} {}: {error}", path.display())
}
