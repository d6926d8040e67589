//! The two slots: having an update installed into the other one, and starting anew.
#![expect(clippy::disallowed_methods, reason = "reads a bundle's head and the running version")]

mod counter;
mod rauc;

use super::Behind;
use super::link::fetch::Fetch;
use super::root::{Desk, Ended, Request};
use crate::cities::Places;
use crate::model::ids::Attempt;
use crate::model::update::{self, Offered, System, UpdateNews, UpdateRefusal, judge};
use rauc::InstallerProxy;
use std::collections::VecDeque;
use std::future::Future;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

/// Longest wait for RAUC, which is started by the first question.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// A bundle must be found good or bad by then; the core waits for a minute.
const JUDGED_WITHIN: Duration = Duration::from_secs(50);
/// How often the progress is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// Longest that an installation may take in all: a slow card, a slow stick.
const INSTALLED_WITHIN: Duration = Duration::from_secs(40 * 60);
/// A RAUC that did not answer at start is asked again after this time.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// Where the slots' device looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotConfig {
    /// Names the running version.
    pub os_release: PathBuf,
    /// Written to ask for a restart.
    pub restart: PathBuf,
    /// Where an installation is asked for (`madoguchi-install.path`).
    pub install: Desk,
    /// Where sticks are mounted: an update lies below.
    pub sticks: PathBuf,
    /// Where the loan's certificates are left for an installation from the counter.
    pub anchors: PathBuf,
    /// Where is said that an installation is no longer wanted.
    pub abandon: PathBuf,
    /// Whose pointers to updates count.
    pub cities: Places,
    /// How the counter is spoken to: `https`; `http` reaches this machine alone.
    pub scheme: &'static str,
}

impl Default for SlotConfig {
    fn default() -> Self {
        Self {
            os_release: "/etc/os-release".into(),
            restart: "/run/madoguchi/appliance/restart".into(),
            install: Desk::of_the_box("install", "installed"),
            sticks: super::usb::STICKS.into(),
            anchors: "/run/madoguchi/appliance/anchors.pem".into(),
            abandon: "/run/madoguchi/appliance/abandon".into(),
            cities: Places::default(),
            scheme: "https",
        }
    }
}

/// What the slots are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SlotAsk {
    /// Look at an update and install it if it is good.
    Update {
        /// Number of the question.
        attempt: Attempt,
        /// The bundle.
        bundle: PathBuf,
        /// Also when this version failed before.
        by_hand: bool,
    },
    /// Look for an update at the counter and install it if it is good.
    FromCounter {
        /// Number of the question.
        attempt: Attempt,
        /// The loan's room servers.
        hosts: Vec<String>,
        /// PEM certificates trusted beside the public ones.
        trust_anchors: Vec<String>,
    },
    /// Leave off from that; it is not answered any more.
    Abandon {
        /// Number of the question.
        attempt: Attempt,
    },
    /// Start the whole device anew.
    Restart,
}

/// What the slots say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SlotEvent {
    /// The last update never became good; said once, at start.
    WentBack,
    /// About the update that was asked for.
    Update {
        /// Which question.
        attempt: Attempt,
        /// What about it.
        news: UpdateNews,
    },
}

/// Says whether the last update went back, as soon as RAUC can be asked; serves until either end of `behind` is gone.
pub async fn run(behind: Behind<SlotAsk, SlotEvent>, config: SlotConfig) {
    let Behind { mut asks, events } = behind;
    let (mut told, mut due) = (false, true);
    let (mut fetch, mut put_by) = (Fetch::default(), VecDeque::new());
    loop {
        if std::mem::take(&mut due) {
            match within(ANSWER_WITHIN, "telling the slots' states", slots()).await {
                Ok(slots) => {
                    told = true;
                    if went_back(&slots) && events.send(SlotEvent::WentBack).await.is_err() {
                        return;
                    }
                }
                Err(error) => tracing::warn!("{error}"),
            }
        }
        let ask = tokio::select! {
            ask = next(&mut put_by, &mut asks) => ask,
            () = sleep(ASK_AGAIN), if !told => {
                due = true;
                continue;
            }
        };
        let Some(ask) = ask else { return };
        match ask {
            SlotAsk::Restart => restart(&config.restart).await,
            // It was over when that was said.
            SlotAsk::Abandon { .. } => {}
            SlotAsk::FromCounter { attempt, hosts, trust_anchors } => {
                let asked = counter::Asked { attempt, hosts, trust_anchors };
                let news = tokio::select! {
                    news = counter::update(asked, &mut fetch, &config, &events) => Some(news),
                    true = abandoned(attempt, &mut put_by, &mut asks) => None,
                    else => return,
                };
                if let Some(news) = news
                    && events.send(SlotEvent::Update { attempt, news }).await.is_err()
                {
                    return;
                }
            }
            SlotAsk::Update { attempt, bundle, by_hand } => {
                let news =
                    install(attempt, &bundle, by_hand, &config, &events).await.unwrap_or_else(UpdateNews::Refused);
                if events.send(SlotEvent::Update { attempt, news }).await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn next(put_by: &mut VecDeque<SlotAsk>, asks: &mut mpsc::Receiver<SlotAsk>) -> Option<SlotAsk> {
    match put_by.pop_front() {
        Some(ask) => Some(ask),
        None => asks.recv().await,
    }
}

/// Waits for the word to leave off; what else is asked meanwhile is put by. False when nobody asks any more.
async fn abandoned(attempt: Attempt, put_by: &mut VecDeque<SlotAsk>, asks: &mut mpsc::Receiver<SlotAsk>) -> bool {
    while let Some(ask) = asks.recv().await {
        match ask {
            SlotAsk::Abandon { attempt: of } if of == attempt => return true,
            ask => put_by.push_back(ask),
        }
    }
    false
}

fn went_back(slots: &[update::Slot]) -> bool {
    let went_back = update::went_back(slots);
    if went_back {
        let version = update::other_slot(slots).and_then(|slot| slot.version.clone()).unwrap_or_default();
        tracing::error!(version, "the last update never became good: this is the system before it");
    }
    went_back
}

/// Awaits RAUC's answer for at most `span`; the sentence says what was tried.
async fn within<T>(span: Duration, tried: &str, answer: impl Future<Output = zbus::Result<T>>) -> Result<T, String> {
    match timeout(span, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(zbus::Error::MethodError(_, Some(sentence), _))) => Err(format!("{tried}: {sentence}")),
        Ok(Err(error)) => Err(format!("{tried}: {error}")),
        Err(_) => Err(format!("{tried}: RAUC did not answer within {span:?}")),
    }
}

async fn slots() -> zbus::Result<Vec<update::Slot>> {
    let bus = zbus::Connection::system().await?;
    let slots = InstallerProxy::new(&bus).await?.get_slot_status().await?;
    Ok(slots.into_iter().map(|(_, about)| rauc::slot(&about)).collect())
}

/// Looks at the bundle, judges it, installs it and waits until that is done.
async fn install(
    attempt: Attempt,
    bundle: &Path,
    by_hand: bool,
    config: &SlotConfig,
    events: &mpsc::Sender<SlotEvent>,
) -> Result<UpdateNews, UpdateRefusal> {
    let failed = |error: String| {
        let why = if bundle.exists() { update::classify(&error) } else { UpdateRefusal::PulledOut };
        tracing::warn!(?why, "{error}");
        why
    };
    // Whoever asked has given up by then, and nothing may be installed behind their back.
    let looking = timeout(JUDGED_WITHIN, look_at(bundle, config)).await;
    let looking = looking.unwrap_or_else(|_| Err(format!("looking at the update: not done within {JUDGED_WITHIN:?}")));
    let (rauc, offered, system) = looking.map_err(failed)?;
    tracing::info!(?offered, ?system, by_hand, "an update");
    if let Err(verdict) = judge(&offered, &system, by_hand) {
        return Ok(verdict);
    }
    let writing = written(&rauc, bundle, config, attempt, events);
    timeout(INSTALLED_WITHIN, writing)
        .await
        .unwrap_or_else(|_| Err(format!("installing: not done within {INSTALLED_WITHIN:?}")))
        .map_err(failed)?;
    Ok(UpdateNews::Installed)
}

/// What the bundle is, and what it would be installed on.
async fn look_at(bundle: &Path, config: &SlotConfig) -> Result<(InstallerProxy<'static>, Offered, System), String> {
    let (looked, os_release) = (bundle.to_owned(), config.os_release.clone());
    let looked = tokio::task::spawn_blocking(move || (whole(&looked), running_version(&os_release))).await;
    let (whole, version) = looked.map_err(|error| error.to_string())?;
    whole?;
    let connect = async { InstallerProxy::new(&zbus::Connection::system().await?).await };
    let rauc = within(ANSWER_WITHIN, "reaching RAUC", connect).await?;
    free(&rauc).await?;
    let look = rauc.inspect_bundle(path_text(bundle)?, Default::default());
    let offered = rauc::offered(&within(JUDGED_WITHIN, "looking at the update", look).await?);
    let compatible = within(ANSWER_WITHIN, "asking which product this is", rauc.compatible()).await?;
    let slots = within(ANSWER_WITHIN, "telling the slots' states", rauc.get_slot_status()).await?;
    let slots: Vec<update::Slot> = slots.into_iter().map(|(_, about)| rauc::slot(&about)).collect();
    let other = update::tried(&slots);
    Ok((rauc, offered, System { compatible, version, other }))
}

fn path_text(bundle: &Path) -> Result<&str, String> {
    bundle.to_str().ok_or_else(|| "the update's name is no text".to_owned())
}

/// Waits until RAUC does nothing else: it may still be busy with an installation whose stick was taken out.
async fn free(rauc: &InstallerProxy<'_>) -> Result<(), String> {
    while within(ANSWER_WITHIN, "asking what RAUC does", rauc.operation()).await? != "idle" {
        sleep(LOOK).await;
    }
    Ok(())
}

/// Has the stick's bundle installed.
async fn written(
    rauc: &InstallerProxy<'_>,
    bundle: &Path,
    config: &SlotConfig,
    attempt: Attempt,
    events: &mpsc::Sender<SlotEvent>,
) -> Result<(), String> {
    let place = bundle.strip_prefix(&config.sticks).map_err(|_| format!("{} is on no stick", bundle.display()))?;
    let (desk, place) = (config.install.clone(), path_text(place)?.to_owned());
    // RAUC takes more arguments over D-Bus than a bus policy can see ("although it is older"), so root asks it.
    let request = tokio::task::spawn_blocking(move || Request::made(&desk, &place));
    let request = request.await.map_err(|error| error.to_string())?.map_err(|why| format!("installing: {why}"))?;
    installed(rauc, &request, attempt, events).await
}

/// Waits for what root was asked, and tells the progress on the way: also when it stands still, as a sign of life.
async fn installed(
    rauc: &InstallerProxy<'_>,
    request: &Request,
    attempt: Attempt,
    events: &mpsc::Sender<SlotEvent>,
) -> Result<(), String> {
    const SIGN_OF_LIFE: Duration = Duration::from_secs(10);
    let mut told: Option<(u8, Instant)> = None;
    loop {
        // Before it has begun, the progress is still that of the last installation.
        let begun = within(ANSWER_WITHIN, "asking what RAUC does", rauc.operation()).await? != "idle";
        let percent = within(ANSWER_WITHIN, "asking for the progress", rauc.progress()).await?.0 * i32::from(begun);
        let percent = u8::try_from(percent.clamp(0, 100)).unwrap_or_default();
        if told.is_none_or(|(last, at)| last != percent || at.elapsed() > SIGN_OF_LIFE) {
            told = Some((percent, Instant::now()));
            let news = UpdateNews::Installing { percent };
            events.send(SlotEvent::Update { attempt, news }).await.map_err(|_| "nobody listens any more".to_owned())?;
        }
        sleep(LOOK).await;
        match request.ended().map_err(|why| format!("installing: {why}"))? {
            None => {}
            Some(Ended::Well) => return Ok(()),
            Some(Ended::Refused(why)) => return Err(format!("installing: {why}")),
            Some(Ended::Badly) => {
                let why = within(ANSWER_WITHIN, "asking why it failed", rauc.last_error()).await?;
                return Err(format!("installing: {why}"));
            }
        }
    }
}

/// A bundle is a squashfs with its signature behind it. Where the squashfs itself is cut off, no signature is looked for:
/// RAUC would read one out of the middle.
fn whole(bundle: &Path) -> Result<(), String> {
    let tried = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => format!("No such file: {}", bundle.display()),
        _ => format!("reading {}: {error}", bundle.display()),
    };
    let mut head = [0; 48];
    let mut file = std::fs::File::open(bundle).map_err(tried)?;
    let size = file.metadata().map_err(tried)?.len();
    let short = || format!("Invalid bundle format: {} is cut off or no update", bundle.display());
    file.read_exact(&mut head).map_err(|_| short())?;
    let used = head.last_chunk().map_or(u64::MAX, |bytes: &[u8; 8]| u64::from_le_bytes(*bytes));
    if head.starts_with(b"hsqs") && used <= size { Ok(()) } else { Err(short()) }
}

/// `IMAGE_VERSION` of `os-release(5)`; empty where it is not an image that runs.
pub(super) fn running_version(os_release: &Path) -> String {
    let text = std::fs::read_to_string(os_release).unwrap_or_default();
    let found = text.lines().find_map(|line| line.strip_prefix("IMAGE_VERSION="));
    found.unwrap_or_default().trim().trim_matches(['"', '\'']).to_owned()
}

/// Asks systemd, by a file that one of its path units waits for (`madoguchi-restart.path`): so the appliance needs no
/// right to anything else. A failure is told in the log, and whoever asked asks again.
async fn restart(asked_by: &Path) {
    match tokio::fs::write(asked_by, "").await {
        Ok(()) => tracing::info!("the device starts anew"),
        Err(error) => tracing::error!("asking for a restart by writing {}: {error}", asked_by.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_running_version_stands_in_os_release() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("os-release");
        let version = |text: &str| {
            std::fs::write(&file, text).unwrap();
            running_version(&file)
        };
        assert_eq!(version("ID=debian\nIMAGE_VERSION=1.2.3\n"), "1.2.3");
        assert_eq!(version("IMAGE_VERSION=\"1.2.3-rc.1\"\n"), "1.2.3-rc.1");
        assert_eq!(version("ID=debian\n"), "");
    }
}
