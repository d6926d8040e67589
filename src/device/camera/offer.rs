//! A camera's picture as the scanner takes it: mapped only on the scanner's thread, and read where it lies.

use crate::scan;
use crate::scan::reader::{Plane, Reader, Reading};
use gstreamer_video::VideoFrameExt;

/// A raw video sample whose first plane begins with the brightness: I420, NV12, YUY2, GRAY8. One that is no raw video shows
/// no code.
pub fn sample(sample: gstreamer::Sample) -> scan::Frame {
    scan::Frame::Later(Box::new(move |reader| read(&sample, reader)))
}

fn read(sample: &gstreamer::Sample, reader: &mut Reader) -> Option<Reading> {
    let info = gstreamer_video::VideoInfo::from_caps(sample.caps()?).ok()?;
    let frame = gstreamer_video::VideoFrameRef::from_buffer_ref_readable(sample.buffer()?, &info).ok()?;
    // Component 0 is the brightness of every YUV and grey format.
    let bytes = frame.comp_data(0).ok()?;
    Some(reader.read(Plane {
        bytes,
        width: usize::try_from(frame.width()).ok()?,
        height: usize::try_from(frame.height()).ok()?,
        row_stride: usize::try_from(frame.comp_stride(0)).ok()?,
        pixel_stride: usize::try_from(frame.comp_pstride(0)).ok()?,
    }))
}
