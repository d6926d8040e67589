//! "A call could be made": the supervisor notes what works, and `madoguchi good` waits for it before the slot is marked.

use crate::device::able;
use crate::device::media::MediaAsk;
use crate::device::tv::mode::Mode;
use crate::device::tv::{Shown, Tv, TvFrame};
use crate::model::able::{Able, CameraSight, Holding, Missing, TvMode, missing};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

/// How often the file is written.
const NOTE: Duration = Duration::from_secs(1);
/// How often NetworkManager is asked.
const ASK_EVERY: u32 = 5;
/// So long the first screen is given before anything is tried: both want the processor.
const SCREEN_FIRST: Duration = Duration::from_secs(40);
/// How often a call with ourselves is tried, and the pause after one that failed.
const TRIALS: u32 = 3;
const BETWEEN_TRIALS: Duration = Duration::from_secs(5);
/// So long one may take: four parts of 20 s each, and the start of the process that does it.
const TRIAL: Duration = Duration::from_secs(120);
/// How often the file is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// What the note is made of.
pub(super) struct Signs {
    /// The TV.
    pub(super) tv: Arc<Tv>,
    /// Whether the first screen stands.
    pub(super) first: watch::Receiver<bool>,
    /// Whether a camera is there, once it is known.
    pub(super) camera: watch::Receiver<Option<bool>>,
    /// Counts the supervisor's turns.
    pub(super) progress: watch::Receiver<u64>,
    /// Where a call with ourselves is asked for: in the process that makes the calls.
    pub(super) media: mpsc::Sender<MediaAsk>,
}

/// Keeps the file of what was seen working until the supervisor ends.
pub(super) async fn note(signs: Signs, file: PathBuf) {
    let (newest, plugged, shown) = (signs.tv.newest(), signs.tv.plugged(), signs.tv.shown());
    let mut first = signs.first;
    let _ = timeout(SCREEN_FIRST, first.wait_for(|stands| *stands)).await;
    let tls = tokio::task::spawn_blocking(able::tls_works).await.unwrap_or_else(|error| Err(error.to_string()));
    if let Err(error) = &tls {
        tracing::error!("TLS: {error}");
    }
    let mut noted = Able { tls: tls.is_ok(), ..Able::default() };
    let (mut turns, mut looks, mut complained, mut tried) = (0, 0u32, false, false);
    let mut trial = pin!(call_works(signs.media));
    let mut ticks = interval(NOTE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            works = &mut trial, if !tried => {
                (tried, noted.media) = (true, works);
                continue;
            }
        }
        if looks.is_multiple_of(ASK_EVERY) || !noted.network_manager {
            noted.network_manager = able::network_manager_answers().await.is_ok();
        }
        looks = looks.wrapping_add(1);
        noted.display = is_shown(&newest, &plugged);
        noted.tv = shown.borrow().as_ref().map(tv_mode);
        noted.camera = signs.camera.borrow().map(|present| match present {
            true => CameraSight::Seen,
            false => CameraSight::Missing,
        });
        let taken = *signs.progress.borrow();
        if taken != turns {
            (turns, noted.turns) = (taken, Some(able::uptime().as_secs_f64()));
        }
        let (writing, place) = (noted, file.clone());
        let written = tokio::task::spawn_blocking(move || able::write(&place, &writing)).await;
        if let Ok(Err(error)) = written
            && !std::mem::replace(&mut complained, true)
        {
            tracing::error!("{error}: the slot cannot be marked good");
        }
    }
}

/// Whether a call with ourselves was made; why not is said in the log. What only took too long while everything starts
/// at once must not give a slot up, so it is tried again.
async fn call_works(media: mpsc::Sender<MediaAsk>) -> bool {
    for trial in 1..=TRIALS {
        let (answer, tried) = oneshot::channel();
        let trying = async {
            media.send(MediaAsk::Try(answer)).await.map_err(|_| "nobody serves the media".to_owned())?;
            tried.await.unwrap_or_else(|_| Err("the media gave no answer".to_owned()))
        };
        match timeout(TRIAL, trying).await {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => tracing::error!("trial {trial} of {TRIALS}: {error}"),
            Err(_) => tracing::error!("trial {trial} of {TRIALS}: no answer within {TRIAL:?}"),
        }
        sleep(BETWEEN_TRIALS).await;
    }
    false
}

/// A picture was composed, and the display took it.
fn is_shown(newest: &watch::Receiver<Option<TvFrame>>, plugged: &watch::Receiver<bool>) -> bool {
    newest.borrow().is_some() && *plugged.borrow()
}

fn tv_mode(shown: &Shown) -> TvMode {
    let Mode { width, height, rate, interlaced, .. } = shown.mode;
    TvMode { width, height, rate, interlaced, picture: shown.fit.picture }
}

/// How `madoguchi good` waits.
#[derive(clap::Args, Clone, Debug)]
pub struct GoodConfig {
    /// The supervisor's file of what was seen working
    #[arg(long, default_value = able::ABLE)]
    able: PathBuf,
    /// Seconds to wait at most
    #[arg(long, default_value_t = 120)]
    deadline: u64,
    /// Seconds for which everything must hold on end
    #[arg(long, default_value_t = 5)]
    holding: u64,
}

/// Waits until a call could be made; the sentence says so. (Its unit then has the slot marked good, as root.)
///
/// # Errors
/// What is missing, in plain words, one line each.
pub async fn good(config: GoodConfig) -> Result<String, String> {
    let until = Instant::now() + Duration::from_secs(config.deadline);
    let mut holding = Holding::default();
    loop {
        let uptime = able::uptime();
        let (mut lacking, unread) = match able::read(&config.able) {
            Ok(able) => (missing(able.as_ref(), uptime), None),
            Err(error) => (vec![Missing::Supervisor], Some(error)),
        };
        if able::no_tv_is_plugged(Path::new(able::DISPLAYS)) {
            lacking.retain(|what| *what != Missing::Display);
        }
        if holding.look(&lacking, uptime, Duration::from_secs(config.holding)) {
            break;
        }
        if Instant::now() > until {
            let mut lines =
                vec![format!("no call could be made within {} s, so the slot is not marked:", config.deadline)];
            lines.extend(lacking.iter().map(|what| format!("- {what}")));
            lines.extend(unread.map(|error| format!("- {error}")));
            if lacking.is_empty() {
                lines.push(format!("- it did not hold for {} s on end", config.holding));
            }
            return Err(lines.join("\n"));
        }
        sleep(LOOK).await;
    }
    Ok("a call could be made: the slot can be marked good".to_owned())
}

#[cfg(test)]
#[expect(clippy::panic, reason = "what is not asked fails the test")]
mod tests {
    use super::*;
    use crate::device::media::trial;
    use crate::device::tv::{TvConfig, TvSink};
    use crate::model::screen::Windows;

    const PATIENCE: Duration = Duration::from_secs(30);

    async fn until(file: &std::path::Path, holds: impl Fn(&Able) -> bool) {
        let waiting = async {
            while !able::read(file).unwrap().as_ref().is_some_and(&holds) {
                sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("it is noted in time");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_works_is_noted_when_it_is_seen_working_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("able.json");
        let (tv, serving) = Tv::open(TvConfig { width: 320, height: 180, sink: TvSink::Frames }).unwrap();
        let tv = Arc::new(tv);
        let (seen, camera) = watch::channel(None);
        let (turn, progress) = watch::channel(0);
        let (_first_in, first) = watch::channel(true);
        let (media, mut asks) = mpsc::channel(1);
        let noting = note(Signs { tv: tv.clone(), first, camera, progress, media }, file.clone());
        let living = async {
            until(&file, |able| able.tls && !able.display && able.camera.is_none() && able.turns.is_none()).await;
            seen.send_replace(Some(false));
            until(&file, |able| able.camera == Some(CameraSight::Missing)).await;
            tv.show(vec![255; 320 * 180 * 4], Windows::default());
            until(&file, |able| able.display).await;
            turn.send_replace(1);
            let Some(MediaAsk::Try(answer)) = asks.recv().await else { panic!("a call with ourselves is tried") };
            answer.send(trial::call_works().await).unwrap();
            until(&file, |able| {
                missing(Some(able), able::uptime()).iter().all(|what| *what == Missing::NetworkManager)
            })
            .await;
        };
        tokio::select! {
            () = noting => panic!("it notes for ever"),
            () = serving => panic!("the TV serves for ever"),
            () = living => {}
        }
    }
}
