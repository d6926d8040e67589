//! An update from the counter: the pointer to it is fetched and judged, and root is asked to have RAUC read the bundle from
//! there, as far as it does not lie in a slot already.
#![expect(clippy::disallowed_methods, reason = "a pointer has a day on which it ends; leaves files for root")]

use super::{ANSWER_WITHIN, INSTALLED_WITHIN, SlotConfig, SlotEvent, free, installed, rauc, running_version, within};
use crate::device::link::fetch::{Fetch, NoFile};
use crate::device::root::Request;
use crate::device::store::write_whole;
use crate::model::ids::Attempt;
use crate::model::release::{Follows, LONGEST, PATH, Pointer, pointer_name};
use crate::model::update::{Offered, System, UpdateNews, UpdateRefusal, classify, judge, tried};
use crate::release::believed;
use rauc::InstallerProxy;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Longest wait for a RAUC that is still busy with something else.
const FREE_WITHIN: Duration = Duration::from_secs(120);

/// What is asked.
pub(super) struct Asked {
    pub(super) attempt: Attempt,
    pub(super) hosts: Vec<String>,
    pub(super) trust_anchors: Vec<String>,
}

/// Looks for an update and installs it; the last word on it. Dropped on the way, it leaves off and has RAUC stopped.
pub(super) async fn update(
    asked: Asked,
    fetch: &mut Fetch,
    config: &SlotConfig,
    events: &mpsc::Sender<SlotEvent>,
) -> UpdateNews {
    let cut = |error: String| {
        let why = match classify(&error) {
            why @ (UpdateRefusal::Unsigned | UpdateRefusal::OtherProduct | UpdateRefusal::Older) => why,
            UpdateRefusal::TooLarge => UpdateRefusal::TooLarge,
            // Whatever else happens to a bundle on the way may be the line's fault.
            _ => UpdateRefusal::PulledOut,
        };
        tracing::warn!(?why, "the counter's update: {error}");
        UpdateNews::Refused(why)
    };
    let (rauc, system) = match system(config).await {
        Ok(known) => known,
        Err(error) => return cut(error),
    };
    let (host, pointer) = match offer(&asked, &system, fetch, config).await {
        Ok(Some(offer)) => offer,
        Ok(None) => return UpdateNews::UpToDate { version: system.version },
        Err(error) => return cut(error),
    };
    let offered = Offered { compatible: pointer.compatible.clone(), version: pointer.version.clone() };
    tracing::info!(?offered, ?system, host, "the counter's update");
    if let Err(verdict) = judge(&offered, &system, false) {
        return verdict;
    }
    let address = format!("{}://{host}{PATH}{}", config.scheme, pointer.bundle);
    let writing = async {
        let request = ask_root(config, &asked.trust_anchors, &address).await?;
        let mut unfinished = Unfinished { request, file: config.abandon.clone(), armed: true };
        let done = installed(&rauc, &unfinished.request, asked.attempt, events).await;
        unfinished.armed = false;
        done
    };
    match timeout(INSTALLED_WITHIN, writing).await {
        Ok(Ok(())) => UpdateNews::Installed,
        Ok(Err(error)) => cut(error),
        Err(_) => cut(format!("installing: not done within {INSTALLED_WITHIN:?}")),
    }
}

/// RAUC, and what an update would be installed on.
async fn system(config: &SlotConfig) -> Result<(InstallerProxy<'static>, System), String> {
    let os_release = config.os_release.clone();
    let version = tokio::task::spawn_blocking(move || running_version(&os_release)).await;
    let version = version.map_err(|error| error.to_string())?;
    let connect = async { InstallerProxy::new(&zbus::Connection::system().await?).await };
    let rauc = within(ANSWER_WITHIN, "reaching RAUC", connect).await?;
    let busy = || format!("RAUC is busy with something else for {FREE_WITHIN:?}");
    timeout(FREE_WITHIN, free(&rauc)).await.map_err(|_| busy())??;
    let compatible = within(ANSWER_WITHIN, "asking which product this is", rauc.compatible()).await?;
    let slots = within(ANSWER_WITHIN, "telling the slots' states", rauc.get_slot_status()).await?;
    let slots: Vec<_> = slots.into_iter().map(|(_, about)| rauc::slot(&about)).collect();
    let other = tried(&slots);
    Ok((rauc, System { compatible, version, other }))
}

/// The first of the loan's servers that offers something newer, and what it offers.
///
/// # Errors
/// None of them could be asked.
async fn offer(
    asked: &Asked,
    system: &System,
    fetch: &mut Fetch,
    config: &SlotConfig,
) -> Result<Option<(String, Pointer)>, String> {
    let releases = config.cities.clone();
    let keys = tokio::task::spawn_blocking(move || releases.releases()).await.map_err(|error| error.to_string())?;
    let (mut answered, mut last) = (false, "the loan names no room server".to_owned());
    for host in &asked.hosts {
        let address = format!("{}://{host}{PATH}{}", config.scheme, pointer_name(&system.compatible));
        let text = match fetch.text(&address, &asked.trust_anchors, LONGEST).await {
            Ok(text) => text,
            Err(NoFile::None(_)) => {
                answered = true;
                continue;
            }
            Err(NoFile::Unreachable(why)) => {
                tracing::warn!("the counter's update: {why}");
                last = why;
                continue;
            }
        };
        answered = true;
        let judged = believed(&text, &keys).and_then(|pointer| {
            let follows = pointer.judge(&system.compatible, &system.version, jiff::Timestamp::now())?;
            Ok((follows, pointer))
        });
        match judged {
            Ok((Follows::Install, pointer)) => return Ok(Some((host.clone(), pointer))),
            Ok((Follows::Nothing, _)) => {}
            Err(why) => tracing::error!("the counter's update is not taken from {host}: {why}"),
        }
    }
    if answered { Ok(None) } else { Err(last) }
}

/// RAUC takes more arguments over D-Bus than a bus policy can see, so root asks it; as for a stick.
async fn ask_root(config: &SlotConfig, anchors: &[String], address: &str) -> Result<Request, String> {
    let (desk, trust, text) = (config.install.clone(), config.anchors.clone(), anchors.join("\n") + "\n");
    let address = address.to_owned();
    let asked = tokio::task::spawn_blocking(move || {
        write_whole(&trust, text.as_bytes())?;
        Request::made(&desk, &address)
    });
    asked.await.map_err(|error| error.to_string())?.map_err(|why| format!("installing: {why}"))
}

/// An installation that is left off from when nobody waits for it any more: somebody is at the device.
struct Unfinished {
    request: Request,
    file: PathBuf,
    armed: bool,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.armed {
            return;
        }
        match self.request.abandon(&self.file) {
            Ok(()) => tracing::info!("the counter's update is left off from"),
            Err(why) => tracing::error!("leaving off from the counter's update: {why}"),
        }
    }
}
