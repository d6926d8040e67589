//! What a session's pipeline may be made of: nothing in it can write picture or sound anywhere but to the counter
//! and to the TV.

use gstreamer as gst;
use gstreamer::prelude::*;

/// Names of the element factories that may exist in a session's pipeline, at any depth.
pub const ALLOWED: &[&str] = &[
    // bins and plumbing
    "appsink",
    "appsrc",
    "bin",
    "capsfilter",
    "clocksync",
    "fakesink",
    "funnel",
    "identity",
    "input-selector",
    "output-selector",
    "pipeline",
    "queue",
    "tee",
    // raw picture and sound
    "audioconvert",
    "audioresample",
    "audiotestsrc",
    "level",
    "videoconvert",
    "videoscale",
    "volume",
    // sound devices
    "alsasink",
    "alsasrc",
    // coding
    "opusdec",
    "opusenc",
    "vp8dec",
    "vp8enc",
    // RTP
    "rtpbin",
    "rtpfunnel",
    "rtpgccbwe",
    "rtphdrexttwcc",
    "rtpjitterbuffer",
    "rtpopusdepay",
    "rtpopuspay",
    "rtpptdemux",
    "rtpreddec",
    "rtpredenc",
    "rtprtxreceive",
    "rtprtxsend",
    "rtpsession",
    "rtpssrcdemux",
    "rtpstorage",
    "rtpulpfecdec",
    "rtpulpfecenc",
    "rtpvp8depay",
    "rtpvp8pay",
    // WebRTC's transport: encrypted, to the counter's address only
    "dtlsdec",
    "dtlsenc",
    "dtlssrtpdec",
    "dtlssrtpdemux",
    "dtlssrtpenc",
    "nicesink",
    "nicesrc",
    "srtpdec",
    "srtpenc",
    "webrtcbin",
];

/// Types that may exist without a factory: webrtcbin's inner bins, and what is made without asking for a factory.
pub const ALLOWED_TYPES: &[&str] =
    &["GstAppSink", "GstAppSrc", "GstBin", "GstPipeline", "TransportReceiveBin", "TransportSendBin"];

/// Whether this element may be in a session's pipeline.
///
/// # Errors
/// With the name of what may not.
pub fn check(element: &gst::Element) -> Result<(), String> {
    let (name, allowed) = match element.factory() {
        Some(factory) => (factory.name().to_string(), ALLOWED.contains(&factory.name().as_str())),
        None => {
            let name = element.type_().name();
            (name.to_owned(), ALLOWED_TYPES.contains(&name))
        }
    };
    if allowed {
        return Ok(());
    }
    Err(format!("\"{name}\" is not on the list of elements that a session may use; the session was stopped"))
}

/// Checks everything that is in the pipeline.
///
/// # Errors
/// With the name of the first element that may not be there.
pub fn check_all(pipeline: &gst::Pipeline) -> Result<(), String> {
    pipeline.iterate_recurse().into_iter().try_for_each(|element| match element {
        Ok(element) => check(&element),
        Err(_) => Err("the session's pipeline changed while it was checked".to_owned()),
    })
}

/// Checks whatever is added later, at any depth, before it can do anything.
pub(super) fn guard(pipeline: &gst::Pipeline, refused: impl Fn(String) + Send + Sync + 'static) {
    pipeline.connect_deep_element_added(move |_, _, element| {
        // A bin that is added with children says so only for itself.
        let inner = element.downcast_ref::<gst::Bin>().map(|bin| bin.iterate_recurse());
        let inner = inner.into_iter().flatten().filter_map(Result::ok);
        for element in std::iter::once(element.clone()).chain(inner) {
            if let Err(why) = check(&element) {
                refused(why);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// Parts of names of elements that write to files, to other programs or to the plain network, or that make files.
    const WRITERS: &[&str] = &[
        "file", "mux", "splitmux", "hls", "dash", "shm", "tcp", "udp", "rtmp", "srt", "rist", "http", "curl", "soup",
        "gio", "ipc", "fd", "proxy", "inter", "unix", "multi", "souphttp", "rtsp", "pulse", "pipewire", "jack", "s3",
        "dump", "snapshot", "png", "jpeg",
    ];

    #[test]
    fn nothing_on_the_list_can_write_media_away() {
        gst::init().unwrap();
        for name in ALLOWED {
            let harmless = ["srtpdec", "srtpenc", "dtlssrtpdec", "dtlssrtpdemux", "dtlssrtpenc"].contains(name);
            let writer = WRITERS.iter().any(|writer| name.contains(writer));
            assert!(harmless || name.ends_with("demux") || !writer, "{name}");
            let Some(factory) = gst::ElementFactory::find(name) else { continue };
            let class = factory.metadata("klass").unwrap_or_default();
            for kind in ["File", "Muxer", "Encoder/Image"] {
                assert!(!class.contains(kind), "{name} is of the class {class}");
            }
            if class.contains("Sink") {
                let known = ["alsasink", "appsink", "fakesink", "nicesink"];
                assert!(known.contains(name), "{name} is a sink: {class}");
            }
        }
    }

    #[test]
    fn the_list_is_in_order_within_its_groups_and_has_no_duplicates() {
        let mut seen = std::collections::HashSet::new();
        assert!(ALLOWED.iter().all(|name| seen.insert(name)));
    }

    #[test]
    fn a_file_sink_is_refused_at_any_depth() {
        gst::init().unwrap();
        let pipeline = gst::Pipeline::new();
        let said = Arc::new(Mutex::new(Vec::new()));
        let heard = said.clone();
        guard(&pipeline, move |why| heard.lock().unwrap().push(why));
        pipeline.add(&gst::ElementFactory::make("queue").build().unwrap()).unwrap();
        assert!(check_all(&pipeline).is_ok());
        assert!(said.lock().unwrap().is_empty());

        let bin = gst::Bin::new();
        bin.add(&gst::ElementFactory::make("filesink").build().unwrap()).unwrap();
        pipeline.add(&bin).unwrap();
        assert!(check_all(&pipeline).unwrap_err().contains("filesink"));
        assert!(said.lock().unwrap().iter().any(|why| why.contains("filesink")));

        said.lock().unwrap().clear();
        bin.add(&gst::ElementFactory::make("matroskamux").build().unwrap()).unwrap();
        assert!(said.lock().unwrap().iter().any(|why| why.contains("matroskamux")));
    }
}
