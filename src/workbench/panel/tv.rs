//! The TV's picture for the page: JPEGs, made only while somebody watches.

use super::TvPicture;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Least time between two pictures: 15 a second.
const BETWEEN: Duration = Duration::from_millis(66);
/// How long one picture may take.
const WITHIN: gst::ClockTime = gst::ClockTime::from_seconds(2);
/// Largest picture on the page.
const LARGEST: (u32, u32) = (1280, 720);

/// The newest picture as a JPEG.
pub(super) type Jpeg = Option<Arc<[u8]>>;

/// Where watchers get the pictures.
#[derive(Clone)]
pub(super) struct Jpegs {
    newest: watch::Receiver<Jpeg>,
    watchers: watch::Sender<usize>,
}

/// Somebody who watches, until dropped.
pub(super) struct Watcher {
    pub(super) newest: watch::Receiver<Jpeg>,
    watchers: watch::Sender<usize>,
}

impl Jpegs {
    pub(super) fn watch(&self) -> Watcher {
        self.watchers.send_modify(|count| *count += 1);
        Watcher { newest: self.newest.clone(), watchers: self.watchers.clone() }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.watchers.send_modify(|count| *count -= 1);
    }
}

/// The watchers' end, and the work that must run beside.
pub(super) fn jpegs(tv: watch::Receiver<Option<TvPicture>>) -> (Jpegs, impl Future<Output = ()>) {
    let (newest, receiver) = watch::channel(None);
    let watchers = watch::Sender::new(0);
    let watched = watchers.subscribe();
    (Jpegs { newest: receiver, watchers }, encode_while_watched(tv, watched, newest))
}

async fn encode_while_watched(
    mut tv: watch::Receiver<Option<TvPicture>>,
    mut watched: watch::Receiver<usize>,
    newest: watch::Sender<Jpeg>,
) {
    loop {
        newest.send_replace(None);
        if watched.wait_for(|count| *count > 0).await.is_err() {
            return;
        }
        tv.mark_changed();
        let mut encoder = None;
        while *watched.borrow() > 0 {
            tokio::select! {
                changed = tv.changed() => if changed.is_err() {
                    // The appliance has ended; its last picture stays.
                    nobody(&mut watched.clone()).await;
                    break;
                },
                () = nobody(&mut watched) => break,
            }
            let Some(picture) = tv.borrow_and_update().clone() else {
                newest.send_replace(None);
                continue;
            };
            let begun = Instant::now();
            let work = tokio::task::spawn_blocking(move || {
                let encoder = match encoder {
                    Some(encoder) => encoder,
                    None => Encoder::new()?,
                };
                let jpeg = encoder.encode(&picture)?;
                Ok::<_, String>((encoder, jpeg))
            });
            encoder = match work.await {
                Ok(Ok((encoder, jpeg))) => {
                    newest.send_replace(Some(jpeg));
                    Some(encoder)
                }
                Ok(Err(why)) => {
                    tracing::warn!("a picture of the TV cannot be shown on the workbench's page: {why}");
                    None
                }
                Err(_) => None,
            };
            tokio::time::sleep_until(begun + BETWEEN).await;
        }
    }
}

/// Comes back when nobody watches.
async fn nobody(watched: &mut watch::Receiver<usize>) {
    // An error means that the page is gone, and everybody with it.
    let _ = watched.wait_for(|count| *count == 0).await.is_ok();
}

/// A pipeline that makes JPEGs one by one.
struct Encoder {
    pipeline: gst::Pipeline,
    pictures: gst_app::AppSrc,
    jpegs: gst_app::AppSink,
}

impl Encoder {
    fn new() -> Result<Self, String> {
        let (width, height) = LARGEST;
        let description = format!(
            "appsrc name=pictures format=time ! videoconvert ! videoscale ! \
             video/x-raw,width=[1,{width}],height=[1,{height}],pixel-aspect-ratio=1/1 ! videoconvert ! \
             jpegenc quality=82 ! appsink name=jpegs sync=false"
        );
        let bin = gst::parse::bin_from_description(&description, false).map_err(|error| error.to_string())?;
        let pictures = bin.by_name("pictures").and_then(|element| element.downcast::<gst_app::AppSrc>().ok());
        let jpegs = bin.by_name("jpegs").and_then(|element| element.downcast::<gst_app::AppSink>().ok());
        let (Some(pictures), Some(jpegs)) = (pictures, jpegs) else { return Err("its ends are missing".into()) };
        let pipeline = gst::Pipeline::new();
        pipeline.add(&bin).map_err(|error| error.to_string())?;
        pipeline.set_state(gst::State::Playing).map_err(|error| error.to_string())?;
        Ok(Self { pipeline, pictures, jpegs })
    }

    fn encode(&self, picture: &TvPicture) -> Result<Arc<[u8]>, String> {
        let (width, height) = (picture.width, picture.height);
        if picture.rgba.len() != width as usize * height as usize * 4 || picture.rgba.is_empty() {
            return Err(format!("{width} by {height} pixels do not take {} bytes", picture.rgba.len()));
        }
        let caps = gst::Caps::builder("video/x-raw")
            .field("format", "RGBx")
            .field("width", width as i32)
            .field("height", height as i32)
            .field("framerate", gst::Fraction::new(0, 1))
            .build();
        let buffer = gst::Buffer::from_slice(picture.rgba.clone());
        let sample = gst::Sample::builder().buffer(&buffer).caps(&caps).build();
        self.pictures.push_sample(&sample).map_err(|error| error.to_string())?;
        let jpeg = self.jpegs.try_pull_sample(WITHIN).ok_or("the encoder gave no picture")?;
        let map = jpeg.buffer().and_then(|buffer| buffer.map_readable().ok()).ok_or("the picture is empty")?;
        Ok(map.as_slice().into())
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // Nothing is left to do when even this fails.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(sequence: u64) -> Option<TvPicture> {
        Some(TvPicture { width: 64, height: 36, rgba: vec![128; 64 * 36 * 4].into(), sequence })
    }

    #[tokio::test]
    async fn pictures_are_made_only_while_somebody_watches() {
        gst::init().unwrap();
        let (tv, pictures) = watch::channel(grey(1));
        let (jpegs, encoding) = jpegs(pictures);
        let mut work = tokio::task::JoinSet::new();
        work.spawn(encoding);
        tokio::task::yield_now().await;
        tv.send_replace(grey(2));
        assert!(jpegs.newest.borrow().is_none(), "nobody watches");

        let patience = Duration::from_secs(30);
        let mut watcher = jpegs.watch();
        let seen = tokio::time::timeout(patience, watcher.newest.wait_for(Option::is_some)).await.unwrap().unwrap();
        let decoded = image::load_from_memory(seen.as_ref().unwrap()).unwrap();
        assert_eq!((decoded.width(), decoded.height()), (64, 36));
        drop(seen);
        drop(watcher);
        let mut newest = jpegs.newest.clone();
        tokio::time::timeout(patience, newest.wait_for(Option::is_none)).await.expect("it stops").unwrap();
    }

    #[test]
    fn a_picture_of_the_wrong_length_is_refused() {
        gst::init().unwrap();
        let short = TvPicture { width: 64, height: 36, rgba: vec![0; 9].into(), sequence: 1 };
        let why = Encoder::new().unwrap().encode(&short).map(|_| ()).unwrap_err();
        assert_eq!(why, "64 by 36 pixels do not take 9 bytes");
    }
}
