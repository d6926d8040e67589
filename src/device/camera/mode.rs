//! Which of a Video4Linux camera's modes is used, and how its pictures are decoded.

use super::element;
use gstreamer as gst;
use gstreamer::prelude::*;
use std::path::Path;

/// The widest picture wanted: more costs decoding time and is scaled down for the line anyway.
const WIDTH: i32 = 1280;
const HEIGHT: i32 = 720;
const RATE: i32 = 30;

/// A mode to ask of the camera.
#[derive(Clone, Debug, PartialEq)]
struct Mode {
    coding: Coding,
    width: i32,
    height: i32,
    rate: gst::Fraction,
}

/// How the camera packs its pictures; cheaper to decode first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Coding {
    H264,
    Jpeg,
    Raw,
}

/// The elements from a camera to raw video, and after which of them pictures can be left out.
pub(super) fn v4l2_chain(device: &Path) -> Result<(Vec<gst::Element>, usize), String> {
    let source = element("v4l2src")?;
    source.set_property("device", device.to_string_lossy().as_ref());
    let offered = offered(&source, device)?;
    let mode = choose(&offered)
        .ok_or_else(|| format!("the camera {} has no mode that can be used (raw, MJPEG or H.264)", device.display()))?;
    tracing::info!(?mode, "camera");
    let filter = gst::ElementFactory::make("capsfilter")
        .property("caps", mode.caps())
        .build()
        .map_err(|error| error.to_string())?;
    let mut chain = vec![source, filter];
    match mode.coding {
        Coding::Raw => {}
        Coding::Jpeg => chain.push(element("jpegdec")?),
        Coding::H264 => {
            chain.extend([element("h264parse")?, element("avdec_h264").or_else(|_| element("openh264dec"))?])
        }
    }
    // Pictures in H.264 need the ones before them.
    let paced = if mode.coding == Coding::H264 { chain.len() - 1 } else { 1 };
    Ok((chain, paced))
}

/// What the opened device offers.
fn offered(source: &gst::Element, device: &Path) -> Result<gst::Caps, String> {
    let opened = source.set_state(gst::State::Ready);
    let caps = source.static_pad("src").map(|pad| pad.query_caps(None));
    // Opened again by the pipeline; a device that is left open here would be busy there.
    let _ = source.set_state(gst::State::Null);
    match (opened, caps) {
        (Ok(_), Some(caps)) => Ok(caps),
        _ => Err(format!("the camera {} cannot be opened; is another program using it?", device.display())),
    }
}

impl Mode {
    fn caps(&self) -> gst::Caps {
        let name = match self.coding {
            Coding::H264 => "video/x-h264",
            Coding::Jpeg => "image/jpeg",
            Coding::Raw => "video/x-raw",
        };
        gst::Caps::builder(name)
            .field("width", self.width)
            .field("height", self.height)
            .field("framerate", self.rate)
            .build()
    }

    /// Larger is better: anything before H.264, then enough pictures a second, then size, then the cheaper coding, then
    /// more pictures.
    ///
    /// H.264 comes last even where it is larger: whoever built the camera (or what looks like one) writes the stream, and its
    /// decoder is a large one that keeps state between pictures. A raw picture needs none, and a JPEG a small one for itself.
    fn worth(&self) -> (bool, i32, i32, Coding, i32) {
        let rate = rate_of(self.rate).min(RATE);
        let plain = self.coding != Coding::H264;
        (plain, rate.min(RATE * 2 / 3), self.width * self.height, self.coding, rate)
    }
}

fn rate_of(rate: gst::Fraction) -> i32 {
    rate.numer() / rate.denom().max(1)
}

/// The best mode on offer; nothing when none can be decoded.
fn choose(offered: &gst::Caps) -> Option<Mode> {
    offered.iter().filter_map(mode).max_by_key(Mode::worth)
}

/// The best mode within one structure of the caps, which may hold ranges and lists.
fn mode(offer: &gst::StructureRef) -> Option<Mode> {
    let coding = match offer.name().as_str() {
        "video/x-h264" => Coding::H264,
        "image/jpeg" => Coding::Jpeg,
        "video/x-raw" => Coding::Raw,
        _ => return None,
    };
    let mut wanted = offer.to_owned();
    if !within(&wanted, "width", WIDTH) || !within(&wanted, "height", HEIGHT) {
        return None;
    }
    wanted.fixate_field_nearest_int("width", WIDTH);
    wanted.fixate_field_nearest_int("height", HEIGHT);
    if wanted.has_field("framerate") {
        wanted.fixate_field_nearest_fraction("framerate", gst::Fraction::new(RATE, 1));
    }
    Some(Mode {
        coding,
        width: wanted.get("width").ok()?,
        height: wanted.get("height").ok()?,
        rate: wanted.get("framerate").unwrap_or(gst::Fraction::new(RATE, 1)),
    })
}

/// Whether the field can take a value of at most `most`.
fn within(offer: &gst::Structure, field: &str, most: i32) -> bool {
    let mut smallest = offer.to_owned();
    smallest.fixate_field_nearest_int(field, 1);
    smallest.get::<i32>(field).is_ok_and(|value| value <= most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::str::FromStr;

    fn chosen(caps: &str) -> Option<(Coding, i32, i32, i32)> {
        gst::init().unwrap();
        choose(&gst::Caps::from_str(caps).unwrap())
            .map(|mode| (mode.coding, mode.width, mode.height, rate_of(mode.rate)))
    }

    #[test]
    fn a_usual_webcam_is_used_in_mjpeg() {
        let caps = "video/x-raw,format=YUY2,width=1280,height=720,framerate={(fraction)10/1,(fraction)5/1}; \
                    video/x-raw,format=YUY2,width=640,height=480,framerate={(fraction)30/1,(fraction)15/1}; \
                    image/jpeg,width=1920,height=1080,framerate=30/1; \
                    image/jpeg,width=1280,height=720,framerate={(fraction)60/1,(fraction)30/1}";
        assert_eq!(chosen(caps), Some((Coding::Jpeg, 1280, 720, 30)));
    }

    #[test]
    fn raw_is_preferred_where_it_is_as_good() {
        let caps = "image/jpeg,width=640,height=480,framerate=30/1; \
                    video/x-raw,format=YUY2,width=640,height=480,framerate=30/1; \
                    video/x-h264,width=640,height=480,framerate=30/1";
        assert_eq!(chosen(caps), Some((Coding::Raw, 640, 480, 30)));
    }

    #[test]
    fn the_camera_s_own_h264_is_decoded_only_where_there_is_nothing_else() {
        let h264 = "video/x-h264,width=1280,height=720,framerate=30/1";
        for plain in ["video/x-raw,format=YUY2", "image/jpeg"] {
            let caps = format!("{h264}; {plain},width=640,height=480,framerate=15/1");
            assert_eq!(chosen(&caps).map(|(_, width, height, rate)| (width, height, rate)), Some((640, 480, 15)));
        }
        assert_eq!(chosen(h264), Some((Coding::H264, 1280, 720, 30)));
    }

    #[test]
    fn ranges_are_narrowed() {
        let caps = "video/x-raw,format=YUY2,width=[16,4096],height=[16,4096],framerate=[1/1,120/1]";
        assert_eq!(chosen(caps), Some((Coding::Raw, 1280, 720, 30)));
    }

    #[test]
    fn only_too_large_or_unknown_is_nothing() {
        assert_eq!(chosen("image/jpeg,width=1920,height=1080,framerate=30/1; video/x-vp8,width=640,height=480"), None);
    }
}
