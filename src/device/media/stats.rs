//! How the line is, from webrtcbin's figures.

use crate::model::quality::LineStats;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_webrtc as gst_webrtc;
use std::time::Duration;

/// How often the line is judged.
pub(super) const EVERY: Duration = Duration::from_secs(2);
const DEADLINE: Duration = Duration::from_secs(1);

/// Running totals at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Totals {
    pub(super) received_packets: u64,
    pub(super) lost_packets: i64,
    pub(super) sent_bytes: u64,
    pub(super) round_trip: Option<f64>,
    /// Counted by ourselves.
    pub(super) received_bytes: u64,
    pub(super) pictures: u64,
}

/// Asks webrtcbin.
pub(super) async fn totals(webrtc: &gst::Element) -> Option<Totals> {
    let (sender, reply) = tokio::sync::oneshot::channel();
    let promise = gst::Promise::with_change_func(move |reply| {
        let _ = sender.send(reply.ok().flatten().map(read));
    });
    webrtc.emit_by_name::<()>("get-stats", &[&None::<gst::Pad>, &promise]);
    tokio::time::timeout(DEADLINE, reply).await.ok()?.ok()?
}

/// Adds the streams up. Names are those of W3C's webrtc-stats.
fn read(stats: &gst::StructureRef) -> Totals {
    let mut totals = Totals::default();
    for (_, value) in stats.iter() {
        let Ok(stream) = value.get::<gst::Structure>() else { continue };
        match stream.get::<gst_webrtc::WebRTCStatsType>("type") {
            Ok(gst_webrtc::WebRTCStatsType::InboundRtp) => {
                totals.received_packets += stream.get::<u64>("packets-received").unwrap_or_default();
                totals.lost_packets += lost(&stream);
                totals.round_trip = [totals.round_trip, round_trip(&stream)].into_iter().flatten().reduce(f64::max);
            }
            Ok(gst_webrtc::WebRTCStatsType::OutboundRtp) => {
                totals.sent_bytes += stream.get::<u64>("bytes-sent").unwrap_or_default();
            }
            _ => {}
        }
    }
    totals
}

/// From the last report about what this end sent, in seconds. webrtcbin's own figure is mostly missing, because it
/// takes a report about one stream only when it came from the same stream's source.
fn round_trip(stream: &gst::Structure) -> Option<f64> {
    let source = stream.get::<gst::Structure>("gst-rtpsource-stats").ok()?;
    // RFC 3550, section 6.4.1: in 1/65536 s.
    let units = source.get::<u32>("rb-round-trip").ok().filter(|units| *units > 0)?;
    source.get::<bool>("have-rb").ok().filter(|have| *have).map(|_| f64::from(units) / 65_536.0)
}

/// Its type differs between versions of GStreamer.
fn lost(stream: &gst::Structure) -> i64 {
    let wide = stream.get::<i64>("packets-lost").ok();
    wide.or_else(|| stream.get::<i32>("packets-lost").ok().map(i64::from))
        .or_else(|| stream.get::<u64>("packets-lost").ok().and_then(|count| i64::try_from(count).ok()))
        .or_else(|| stream.get::<u32>("packets-lost").ok().map(i64::from))
        .unwrap_or_default()
}

/// What happened between two moments.
pub(super) fn between(before: &Totals, after: &Totals, span: Duration) -> LineStats {
    let seconds = span.as_secs_f64().max(0.001);
    let per_second = |bytes: u64| (bytes as f64 * 8.0 / seconds) as u32;
    let received = after.received_packets.saturating_sub(before.received_packets);
    let lost = u64::try_from(after.lost_packets - before.lost_packets).unwrap_or_default();
    LineStats {
        round_trip_ms: after.round_trip.map(|seconds| (seconds * 1000.0) as u32),
        lost_permille: (lost * 1000).checked_div(received + lost).unwrap_or_default() as u16,
        pictures_per_second: (after.pictures.saturating_sub(before.pictures) as f64 / seconds).round() as u16,
        received_bps: per_second(after.received_bytes.saturating_sub(before.received_bytes)),
        sent_bps: per_second(after.sent_bytes.saturating_sub(before.sent_bytes)),
        echo: None,
        takes: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_of_the_span_only() {
        let before = Totals { received_packets: 1000, lost_packets: 50, pictures: 100, ..Totals::default() };
        let after = Totals {
            received_packets: 1180,
            lost_packets: 70,
            sent_bytes: 250_000,
            round_trip: Some(0.08),
            received_bytes: 125_000,
            pictures: 150,
        };
        let stats = between(&before, &after, Duration::from_secs(2));
        assert_eq!(
            stats,
            LineStats {
                round_trip_ms: Some(80),
                lost_permille: 100,
                pictures_per_second: 25,
                received_bps: 500_000,
                sent_bps: 1_000_000,
                echo: None,
                takes: None,
            }
        );
    }

    #[test]
    fn late_packets_that_were_counted_as_lost_are_no_negative_loss() {
        let before = Totals { received_packets: 10, lost_packets: 5, ..Totals::default() };
        let after = Totals { received_packets: 20, lost_packets: 3, ..Totals::default() };
        assert_eq!(between(&before, &after, EVERY).lost_permille, 0);
    }
}
