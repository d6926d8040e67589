//! Looks at the TV: a PNG at every screen, and the counter's picture recognised.

use super::clips::COUNTER_SAYS;
use madoguchi::device::camera::scan::Luma;
use madoguchi::device::camera::scan::reader::Reader;
use madoguchi::device::tv::{Tv, TvFrame};
use madoguchi::supervisor::Shown;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;

/// Screens settle within this time after they were handed to the TV.
const SETTLING: Duration = Duration::from_millis(300);

/// Keeps the order of the faces, and writes a picture of each that stays long enough to be seen.
pub async fn keep(mut shown: broadcast::Receiver<Shown>, tv: Arc<Tv>, folder: PathBuf, faces: Arc<Mutex<Vec<String>>>) {
    loop {
        let unpictured = faces.lock().unwrap().last().cloned();
        let next = tokio::time::timeout(SETTLING, shown.recv()).await;
        let face = match next {
            Ok(Ok(shown)) => shown.face,
            Ok(Err(broadcast::error::RecvError::Lagged(_))) => continue,
            Ok(Err(broadcast::error::RecvError::Closed)) => return,
            Err(_) => {
                let Some(face) = unpictured else { continue };
                let path = folder.join(format!("{:02}-{face}.png", faces.lock().unwrap().len()));
                let frame = tv.newest().borrow().clone();
                if let (false, Some(frame)) = (path.exists(), frame) {
                    std::fs::write(path, frame.png().unwrap()).unwrap();
                }
                continue;
            }
        };
        let mut faces = faces.lock().unwrap();
        if faces.last() != Some(&face) {
            faces.push(face);
        }
    }
}

/// Waits until the counter's marked picture is recognised on the TV; says when.
pub async fn see_counter(tv: &Tv, within: Duration) -> Option<Instant> {
    let mut frames = tv.newest();
    tokio::time::timeout(within, async {
        loop {
            frames.changed().await.ok()?;
            let at = Instant::now();
            let frame = frames.borrow_and_update().clone();
            if frame.is_some_and(|frame| shows_counter(&frame)) {
                return Some(at);
            }
        }
    })
    .await
    .ok()
    .flatten()
}

/// Counts pictures on the TV that show the counter, within a time.
pub async fn count_counter(frames: &mut watch::Receiver<Option<TvFrame>>, within: Duration) -> (usize, usize) {
    let deadline = Instant::now() + within;
    let (mut recognised, mut all) = (0, 0);
    while let Ok(Ok(())) = tokio::time::timeout_at(deadline, frames.changed()).await {
        let frame = frames.borrow_and_update().clone();
        all += 1;
        recognised += usize::from(frame.is_some_and(|frame| shows_counter(&frame)));
    }
    (recognised, all)
}

/// Whether the code of the counter's camera can be read on the TV.
pub fn shows_counter(frame: &TvFrame) -> bool {
    let grey: Vec<u8> = frame.rgb().chunks_exact(3).map(|pixel| pixel[1]).collect();
    let luma = Luma::dense(grey, frame.width() as usize, frame.height() as usize);
    let reading = Reader::new().read(luma.plane());
    reading.texts.iter().any(|text| text.expose() == COUNTER_SAYS)
}
