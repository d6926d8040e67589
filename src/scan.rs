//! Looks for codes in pictures, on a thread of its own that never delays them. It knows no camera: whoever has pictures offers them.

pub mod reader;

use crate::model::screen::ScanHint;
use crate::model::secret::Secret;
use reader::{Plane, Reader, Reading};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// The brightness of one picture, shared with whoever made it.
#[derive(Clone)]
pub struct Luma {
    /// The bytes, from the first pixel on.
    pub bytes: Arc<[u8]>,
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Bytes from row to row.
    pub row_stride: usize,
    /// Bytes from pixel to pixel.
    pub pixel_stride: usize,
}

impl Luma {
    /// A picture of one byte a pixel, rows without gaps.
    pub fn dense(bytes: impl Into<Arc<[u8]>>, width: usize, height: usize) -> Self {
        Self { bytes: bytes.into(), width, height, row_stride: width, pixel_stride: 1 }
    }

    /// The picture with its layout, for [`Reader`].
    pub fn plane(&self) -> Plane<'_> {
        Plane {
            bytes: &self.bytes,
            width: self.width,
            height: self.height,
            row_stride: self.row_stride,
            pixel_stride: self.pixel_stride,
        }
    }
}

/// Maps a picture into memory and reads its codes; nothing when there is no picture to map.
pub type ReadLater = Box<dyn FnOnce(&mut Reader) -> Option<Reading> + Send>;

/// A picture for the scanner.
pub enum Frame {
    /// Bytes in memory.
    Luma(Luma),
    /// Somebody else's memory, mapped on the scanner's thread, so that offering it costs nothing.
    Later(ReadLater),
}

impl Frame {
    fn read(self, reader: &mut Reader) -> Reading {
        match self {
            Self::Luma(luma) => reader.read(luma.plane()),
            Self::Later(read) => read(reader).unwrap_or_default(),
        }
    }
}

/// What the camera sees now; told when it changes.
#[derive(Clone, PartialEq, Eq)]
pub struct ScanEvent {
    /// What to tell the person.
    pub hint: ScanHint,
    /// The texts of the codes in the picture, each once; empty unless the hint is [`ScanHint::Found`].
    pub texts: Vec<Secret>,
}

/// The thread that reads codes. Dropping it ends the thread after the picture at hand.
pub struct Scanner {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    newest: Option<Frame>,
    stop: bool,
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next picture; `None` when it is time to stop.
    fn next(&self) -> Option<Frame> {
        let idle = |waiting: &mut Waiting| waiting.newest.is_none() && !waiting.stop;
        let mut waiting = self.changed.wait_while(self.waiting(), idle).unwrap_or_else(PoisonError::into_inner);
        if waiting.stop { None } else { waiting.newest.take() }
    }
}

impl Scanner {
    /// Starts the thread. `on_event` is called on it; while it blocks, pictures are dropped.
    ///
    /// # Errors
    /// The system could not start a thread.
    pub fn start(mut on_event: impl FnMut(ScanEvent) + Send + 'static) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let thread = thread::Builder::new().name("scan".into()).spawn(move || {
            let mut reader = Reader::new();
            let mut view = View::default();
            while let Some(frame) = theirs.next() {
                if let Some(event) = view.saw(frame.read(&mut reader)) {
                    on_event(event);
                }
            }
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Hands over a picture; one that still waits is dropped. Returns at once.
    pub fn offer(&self, frame: Frame) {
        let older = self.shared.waiting().newest.replace(frame);
        self.shared.changed.notify_one();
        drop(older);
    }
}

impl Drop for Scanner {
    fn drop(&mut self) {
        self.shared.waiting().stop = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take().filter(|thread| thread.thread().id() != thread::current().id()) {
            // A panic on the thread was reported when it happened.
            let _ = thread.join();
        }
    }
}

/// Pictures for which a worse hint must hold before it is told: a hand that moves must not make the screen flicker.
const PATIENCE: u8 = 5;

/// Turns readings into what is told: news of a code at once, news of its loss after [`PATIENCE`] pictures.
#[derive(Default)]
struct View {
    told: Option<ScanEvent>,
    others: u8,
}

impl View {
    fn saw(&mut self, reading: Reading) -> Option<ScanEvent> {
        let seen = ScanEvent { hint: reading.hint(), texts: reading.texts };
        if self.told.as_ref() == Some(&seen) {
            self.others = 0;
            return None;
        }
        self.others = self.others.saturating_add(1);
        let at_once = seen.hint == ScanHint::Found || self.told.is_none();
        if !at_once && self.others < PATIENCE {
            return None;
        }
        self.others = 0;
        self.told = Some(seen.clone());
        Some(seen)
    }
}

#[cfg(test)]
mod tests {
    use super::reader::Located;
    use super::*;

    fn reading(text: &str, module: Option<f32>) -> Reading {
        let located = module.map(|module| Located { module, share: 0.3, cut_off: false });
        Reading { texts: (!text.is_empty()).then(|| Secret::new(text)).into_iter().collect(), located }
    }

    #[test]
    fn the_hint_follows_from_where_the_code_is() {
        let hint = |module, share, cut_off| {
            Reading { texts: Vec::new(), located: Some(Located { module, share, cut_off }) }.hint()
        };
        assert_eq!(Reading::default().hint(), ScanHint::Looking);
        assert_eq!(reading("text", None).hint(), ScanHint::Found);
        assert_eq!(hint(2.0, 0.2, false), ScanHint::Closer);
        assert_eq!(hint(6.0, 0.4, false), ScanHint::HoldStill);
        assert_eq!(hint(6.0, 0.4, true), ScanHint::FurtherAway);
        assert_eq!(hint(20.0, 0.95, false), ScanHint::FurtherAway);
    }

    #[test]
    fn a_code_is_told_at_once_and_its_loss_only_after_a_while() {
        let mut view = View::default();
        assert!(view.saw(reading("", None)).is_some_and(|event| event.hint == ScanHint::Looking));
        assert!(view.saw(reading("one", None)).is_some_and(|event| event.texts == [Secret::new("one")]));
        assert!(view.saw(reading("one", None)).is_none());
        for _ in 1..PATIENCE {
            assert!(view.saw(reading("", Some(6.0))).is_none());
        }
        assert!(view.saw(reading("one", None)).is_none());
        assert!(view.saw(reading("two", None)).is_some_and(|event| event.texts == [Secret::new("two")]));
        for _ in 1..PATIENCE {
            assert!(view.saw(reading("", None)).is_none());
        }
        assert!(view.saw(reading("", None)).is_some_and(|event| event.hint == ScanHint::Looking));
    }
}
