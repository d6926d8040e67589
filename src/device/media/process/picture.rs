//! Memory through which pictures go from one process to the other: one picture at a time, the newest.
//!
//! It is a file in memory that is written and read, not mapped: whatever the other process does with it meanwhile, a picture
//! may look wrong, and nothing else can happen to whoever reads it.

use crate::device::camera::Frame;
use gstreamer as gst;
use gstreamer_video as gst_video;
use gstreamer_video::prelude::*;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::sync::{Mutex, PoisonError};

/// Longest edge and size of a picture: 2560x1440 in I420. Pages that no picture has used yet take no memory.
const LONGEST: u32 = 4096;
const MOST: usize = 2560 * 1440 * 3 / 2;
/// Longest name of colours, such as `bt709` or `1:4:7:1`.
const MOST_COLOURS: usize = 32;

/// What a picture in such memory is like. Its planes Y, U and V follow each other as GStreamer lays them out by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Form {
    /// In pixels.
    width: u32,
    /// In pixels.
    height: u32,
    /// How its numbers are colours, as GStreamer writes it.
    colours: String,
}

/// Memory for one picture.
pub(super) struct Memory {
    file: File,
    /// Where pictures are copied to, over and over: fresh memory for each would cost more than the copy.
    copies: Mutex<Option<Copies>>,
}

/// Buffers for pictures of one size that nobody looks at any more.
struct Copies {
    size: usize,
    pool: gst::BufferPool,
}

impl Copies {
    fn new(size: usize) -> Option<Self> {
        let pool = gst::BufferPool::new();
        let mut config = pool.config();
        config.set_params(None, u32::try_from(size).ok()?, 0, 0);
        pool.set_config(config).ok()?;
        pool.set_active(true).ok()?;
        Some(Self { size, pool })
    }
}

impl Drop for Copies {
    fn drop(&mut self) {
        // Those that somebody still looks at are freed when he has done so.
        let _ = self.pool.set_active(false);
    }
}

impl Memory {
    /// New memory, whose size nobody can change any more.
    ///
    /// # Errors
    /// A sentence with the system's word.
    pub(super) fn new(name: &str) -> Result<Self, String> {
        let made = memfd_create(name, MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).and_then(|memory| {
            ftruncate(&memory, MOST as u64)?;
            fcntl_add_seals(&memory, SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL)?;
            Ok(memory)
        });
        made.map(Self::from).map_err(|error| format!("there is no memory for pictures ({name}): {error}"))
    }

    /// Lays a picture down, and says what it is like.
    ///
    /// # Errors
    /// A sentence about a picture that does not fit, or a system that does not write.
    pub(super) fn put(&self, frame: &Frame) -> Result<Form, String> {
        let colours = frame.info().colorimetry().to_string();
        let form = Form { width: frame.width(), height: frame.height(), colours };
        let info = form.info().ok_or_else(|| format!("a picture of {form:?} is not handed on"))?;
        let unreadable = || format!("a picture of {form:?} cannot be read");
        let buffer = frame.sample().buffer().ok_or_else(unreadable)?;
        let picture = gst_video::VideoFrameRef::from_buffer_ref_readable(buffer, frame.info());
        let picture = picture.map_err(|_| unreadable())?;
        for (plane, (stride, offset)) in (0..).zip(info.stride().iter().zip(info.offset())).take(3) {
            let stride = usize::try_from(*stride).map_err(|_| unreadable())?;
            let from = picture.plane_stride().get(plane as usize).and_then(|from| usize::try_from(*from).ok());
            let from = from.filter(|from| *from > 0).ok_or_else(unreadable)?;
            let rows = if plane == 0 { form.height } else { form.height.div_ceil(2) } as usize;
            let data = picture.plane_data(plane).map_err(|_| unreadable())?;
            let write = |bytes: &[u8], at: u64| {
                self.file.write_all_at(bytes, at).map_err(|error| format!("a picture cannot be handed on: {error}"))
            };
            if from == stride {
                write(data.get(..rows * stride).ok_or_else(unreadable)?, *offset as u64)?;
                continue;
            }
            for (row, bytes) in data.chunks(from).take(rows).enumerate() {
                write(bytes.get(..stride.min(from)).unwrap_or(bytes), (offset + row * stride) as u64)?;
            }
        }
        Ok(form)
    }

    /// Copies the picture out that lies there; nothing when it cannot be one.
    pub(super) fn take(&self, form: &Form) -> Option<Frame> {
        let info = form.info()?;
        let mut buffer = self.copy_of(info.size())?;
        self.file.read_exact_at(&mut buffer.get_mut()?.map_writable().ok()?, 0).ok()?;
        let caps = info.to_caps().ok()?;
        Frame::from_sample(gst::Sample::builder().buffer(&buffer).caps(&caps).build())
    }

    fn copy_of(&self, size: usize) -> Option<gst::Buffer> {
        let mut copies = self.copies.lock().unwrap_or_else(PoisonError::into_inner);
        if copies.as_ref().is_none_or(|copies| copies.size != size) {
            *copies = Copies::new(size);
        }
        copies.as_ref()?.pool.acquire_buffer(None).ok()
    }
}

impl From<OwnedFd> for Memory {
    fn from(file: OwnedFd) -> Self {
        Self { file: file.into(), copies: Mutex::default() }
    }
}

impl AsFd for Memory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Form {
    /// How it lies in memory; nothing for what is no picture of ours.
    fn info(&self) -> Option<gst_video::VideoInfo> {
        let sound = (1..=LONGEST).contains(&self.width)
            && (1..=LONGEST).contains(&self.height)
            && self.colours.len() <= MOST_COLOURS
            && self.colours.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'-'));
        let colours = sound.then(|| self.colours.parse::<gst_video::VideoColorimetry>().ok())?;
        let builder = gst_video::VideoInfo::builder(gst_video::VideoFormat::I420, self.width, self.height)
            .fps(gst::Fraction::new(30, 1));
        let builder = match &colours {
            Some(colours) => builder.colorimetry(colours),
            None => builder,
        };
        builder.build().ok().filter(|info| info.size() <= MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(width: u32, height: u32, colours: &str) -> Form {
        Form { width, height, colours: colours.to_owned() }
    }

    #[test]
    fn a_picture_comes_out_as_it_was_laid_down() {
        gst::init().unwrap();
        let memory = Memory::new("test").unwrap();
        // Widths whose rows are padded, and a smaller picture after a larger one.
        for (width, height) in [(1280, 720), (854, 480), (6, 4)] {
            let planes: Vec<u8> = (0..width * height * 3 / 2).map(|at| (at % 251) as u8).collect();
            let frame = Frame::from_i420(width, height, planes).unwrap();
            let form = memory.put(&frame).unwrap();
            let other = Memory::from(memory.as_fd().try_clone_to_owned().unwrap());
            let seen = other.take(&form).unwrap();
            assert_eq!((seen.width(), seen.height(), seen.luma()), (width, height, frame.luma()));
            assert_eq!(seen.info().colorimetry(), frame.info().colorimetry());
            let again = Memory::new("again").unwrap();
            again.put(&seen).unwrap();
            let size = form.info().unwrap().size();
            let bytes = |memory: &Memory| {
                let mut bytes = vec![0; size];
                memory.file.read_exact_at(&mut bytes, 0).unwrap();
                bytes
            };
            assert!(bytes(&memory) == bytes(&again), "all three planes of {width}x{height}");
        }
    }

    /// Memory that is fetched anew for each picture has to be filled with zeros by the system first.
    #[test]
    fn memory_that_nobody_looks_at_is_used_again() {
        gst::init().unwrap();
        let memory = Memory::new("test").unwrap();
        let place = |frame: &Frame| frame.sample().buffer().unwrap().map_readable().unwrap().as_ptr() as usize;
        let (one, two) =
            (memory.take(&form(640, 360, "bt709")).unwrap(), memory.take(&form(640, 360, "bt709")).unwrap());
        assert_ne!(place(&one), place(&two), "both are looked at");
        let (before, _) = (place(&one), drop(one));
        assert_eq!(place(&memory.take(&form(640, 360, "bt709")).unwrap()), before);
        assert!(memory.take(&form(320, 180, "bt709")).is_some() && two.width() == 640);
    }

    #[test]
    fn what_is_no_picture_is_none() {
        gst::init().unwrap();
        let memory = Memory::new("test").unwrap();
        assert!(memory.take(&form(640, 360, "bt709")).is_some());
        for wrong in [
            form(0, 360, "bt709"),
            form(640, 0, "bt709"),
            form(4096, 4096, "bt709"),
            form(u32::MAX, u32::MAX, "bt709"),
            form(640, 360, "bt709,\"x\""),
            form(640, 360, &"1:".repeat(20)),
        ] {
            assert!(memory.take(&wrong).is_none(), "{wrong:?}");
        }
        assert!(memory.put(&Frame::black(4096, 4096).unwrap()).is_err());
    }

    /// Else the other process could have the reader read beyond its end, or the machine run out of memory.
    #[test]
    fn nobody_changes_its_size() {
        let memory = Memory::new("test").unwrap();
        assert!(memory.file.set_len(0).is_err() && memory.file.set_len(1 << 30).is_err());
        assert!(memory.file.write_all_at(&[1], MOST as u64).is_err());
    }
}
