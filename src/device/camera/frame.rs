//! One picture, as every part of the device hands it on: planar YUV 4:2:0 (I420), shared and never changed.

use gstreamer as gst;
use gstreamer_video as gst_video;
use gstreamer_video::prelude::*;

/// A picture in I420. Cloning shares its memory.
#[derive(Clone)]
pub struct Frame {
    sample: gst::Sample,
    info: gst_video::VideoInfo,
}

impl Frame {
    /// Takes a GStreamer sample over; nothing when it is not an I420 picture.
    pub fn from_sample(sample: gst::Sample) -> Option<Self> {
        let info = gst_video::VideoInfo::from_caps(sample.caps()?).ok()?;
        let fits = sample.buffer()?.size() >= info.size();
        (info.format() == gst_video::VideoFormat::I420 && fits).then_some(Self { sample, info })
    }

    /// A picture of `width` times `height` pixels (both even) out of its three planes one after the other without
    /// gaps: Y, U, V. Nothing when the length does not fit.
    pub fn from_i420(width: u32, height: u32, planes: Vec<u8>) -> Option<Self> {
        let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::I420, width, height)
            .fps(gst::Fraction::new(30, 1))
            .build()
            .ok()?;
        if planes.len() != (width * height * 3 / 2) as usize {
            return None;
        }
        let mut buffer = gst::Buffer::with_size(info.size()).ok()?;
        {
            let mut frame = gst_video::VideoFrameRef::from_buffer_ref_writable(buffer.get_mut()?, &info).ok()?;
            let mut rest = planes.as_slice();
            for plane in 0..3 {
                let stride = usize::try_from(*frame.plane_stride().get(plane as usize)?).ok()?;
                let (columns, rows) =
                    if plane == 0 { (width, height) } else { (width.div_ceil(2), height.div_ceil(2)) };
                let data = frame.plane_data_mut(plane).ok()?;
                for row in 0..rows as usize {
                    let (line, after) = rest.split_at_checked(columns as usize)?;
                    data.get_mut(row * stride..row * stride + columns as usize)?.copy_from_slice(line);
                    rest = after;
                }
            }
        }
        let sample = gst::Sample::builder().buffer(&buffer).caps(&info.to_caps().ok()?).build();
        Some(Self { sample, info })
    }

    /// A black picture.
    pub fn black(width: u32, height: u32) -> Option<Self> {
        let luma = (width * height) as usize;
        let mut planes = vec![16; luma];
        planes.resize(luma * 3 / 2, 128);
        Self::from_i420(width, height, planes)
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.info.width()
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.info.height()
    }

    /// Lets `look` see the brightness plane: its bytes, and how many of them one row takes (at least the width).
    pub fn with_luma<T>(&self, look: impl FnOnce(&[u8], usize) -> T) -> Option<T> {
        let frame = gst_video::VideoFrameRef::from_buffer_ref_readable(self.sample.buffer()?, &self.info).ok()?;
        let stride = usize::try_from(*frame.plane_stride().first()?).ok()?;
        Some(look(frame.plane_data(0).ok()?, stride))
    }

    /// The brightness plane without gaps between its rows: `width * height` bytes.
    pub fn luma(&self) -> Option<Vec<u8>> {
        let (width, height) = (self.width() as usize, self.height() as usize);
        self.with_luma(|bytes, stride| {
            bytes.chunks(stride).take(height).filter_map(|row| row.get(..width)).flatten().copied().collect()
        })
    }

    /// The GStreamer sample behind it.
    pub(crate) fn sample(&self) -> &gst::Sample {
        &self.sample
    }

    /// Its layout in memory.
    pub(crate) fn info(&self) -> &gst_video::VideoInfo {
        &self.info
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_survive_the_way_into_a_frame_and_out() {
        gst::init().unwrap();
        let planes: Vec<u8> = (0..6 * 4 * 3 / 2).collect();
        let frame = Frame::from_i420(6, 4, planes.clone()).unwrap();
        assert_eq!((frame.width(), frame.height()), (6, 4));
        assert_eq!(frame.luma().unwrap(), planes[..24]);
    }

    #[test]
    fn a_wrong_length_is_refused() {
        gst::init().unwrap();
        assert!(Frame::from_i420(6, 4, vec![0; 35]).is_none());
    }
}
