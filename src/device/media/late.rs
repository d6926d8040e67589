//! What of the other end's picture and sound comes too late to be of use: it is left out before it is decoded.
//!
//! webrtcbin's jitter buffers hold whatever was not taken yet, without a bound. A machine that is behind for a while, or
//! always, works that off at its own pace: seen were 40 seconds of sound, none of which was heard, since each piece came
//! after its moment. Leaving the late ones out costs next to nothing, so that the newest ones come in time.

use super::gate::pass;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_app::gst_base;
use gstreamer_app::prelude::BaseSinkExt;
use gstreamer_video as gst_video;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Sound must be with the decoder so long before its moment: what is decoded and handed to the speaker takes a while, and
/// the speaker's device refuses what comes later.
const SOUND_AHEAD: Duration = Duration::from_millis(40);
/// Pictures later than this are left out, up to the next one that can be seen without them.
const PICTURE_LATE: Duration = Duration::from_millis(600);
/// How often the other end is asked for one.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// Pieces of sound that are judged together: ten seconds.
const PIECES: u32 = 500;

/// A moment compared with the one at which something is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    In(Duration),
    Since(Duration),
}

impl Due {
    fn of(due: gst::ClockTime, now: gst::ClockTime) -> Self {
        match due.checked_sub(now) {
            Some(left) => Self::In(left.into()),
            None => Self::Since((now - due).into()),
        }
    }

    /// How much sooner it would have to be here, if it has to be `ahead` of its moment.
    fn too_late(self, ahead: Duration) -> Duration {
        match self {
            Self::In(left) => ahead.saturating_sub(left),
            Self::Since(late) => ahead + late,
        }
    }

    fn late(self) -> Duration {
        match self {
            Self::In(_) => Duration::ZERO,
            Self::Since(late) => late,
        }
    }
}

/// Judges pieces of sound, and says when more than a tenth of them are of no use.
#[derive(Default)]
struct Sound {
    pieces: u32,
    late: u32,
    latest: Duration,
}

impl Sound {
    /// Whether a piece can still be heard; at times what there is to say in the log: how many per cent came too late, and
    /// by how much at most.
    fn comes(&mut self, due: Due) -> (bool, Option<(u32, Duration)>) {
        let in_time = matches!(due, Due::In(left) if left >= SOUND_AHEAD);
        self.pieces += 1;
        self.late += u32::from(!in_time);
        self.latest = self.latest.max(due.late());
        let mut told = None;
        if self.pieces == PIECES {
            let done = std::mem::take(self);
            told = (done.late * 10 > done.pieces).then_some((done.late * 100 / done.pieces, done.latest));
        }
        (in_time, told)
    }
}

/// What becomes of an encoded picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Show,
    LeaveOut,
    /// It is left out, and one is asked for that can be seen by itself.
    Ask,
}

/// Judges pictures, each of which needs those before it.
#[derive(Default)]
struct Pictures {
    /// One was left out: nothing is seen until one comes that needs none before it.
    broken: bool,
    asked: Option<Duration>,
}

impl Pictures {
    /// `whole`: it needs none before it. Such a one is always shown: where all are late, stills are better than nothing.
    /// `now` is of any steady clock.
    fn comes(&mut self, whole: bool, due: Due, now: Duration) -> Verdict {
        let late = due.late() > PICTURE_LATE;
        self.broken = if whole { late } else { self.broken || late };
        if whole || !self.broken {
            return Verdict::Show;
        }
        if self.asked.is_some_and(|asked| now.saturating_sub(asked) < ASK_AGAIN) {
            return Verdict::LeaveOut;
        }
        self.asked = Some(now);
        Verdict::Ask
    }
}

/// Leaves sound out at `pad`, where packets come, that `end` would get too late to be heard; `missed` is told of each by how
/// much.
pub(super) fn leave_out_sound(
    pad: &gst::Pad,
    end: &gst_app::AppSink,
    missed: impl Fn(Duration) + Send + Sync + 'static,
) {
    let (sound, end) = (Mutex::new(Sound::default()), end.downgrade());
    pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        let Some((due, _)) = end.upgrade().and_then(|end| due(pad, info, &end)) else { return gst::PadProbeReturn::Ok };
        let (in_time, told) = sound.lock().unwrap_or_else(PoisonError::into_inner).comes(due);
        if !in_time {
            missed(due.too_late(SOUND_AHEAD));
        }
        if let Some((share, latest)) = told {
            let latest = latest.as_millis();
            tracing::warn!(
                share,
                latest,
                "this machine has the counter's sound too late: per cent of it left out, the latest (ms)"
            );
        }
        pass(in_time)
    });
}

/// Leaves pictures out at `pad`, where encoded ones come, that `end` would get much too late.
pub(super) fn leave_out_pictures(pad: &gst::Pad, end: &gst_app::AppSink) {
    let (pictures, end) = (Mutex::new(Pictures::default()), end.downgrade());
    pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        let judged = end.upgrade().and_then(|end| due(pad, info, &end));
        let Some(((due, now), buffer)) = judged.zip(info.buffer()) else { return gst::PadProbeReturn::Ok };
        let whole = !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
        let verdict = pictures.lock().unwrap_or_else(PoisonError::into_inner).comes(whole, due, now);
        if verdict == Verdict::Ask {
            let late = due.late().as_millis();
            tracing::info!(late, "the counter's picture comes too late: it is shown from the next whole one on (ms)");
            pad.send_event(gst_video::UpstreamForceKeyUnitEvent::builder().all_headers(true).build());
        }
        pass(verdict == Verdict::Show)
    });
}

/// When what passes at `pad` is due at `end`, and the moment now, both by the pipeline's clock.
fn due(pad: &gst::Pad, info: &gst::PadProbeInfo<'_>, end: &gst_app::AppSink) -> Option<(Due, Duration)> {
    let segment = pad.sticky_event::<gst::event::Segment>(0)?;
    let running = segment.segment().downcast_ref::<gst::ClockTime>()?.to_running_time(info.buffer()?.pts()?)?;
    let latency = end.dynamic_cast_ref::<gst_base::BaseSink>()?.latency();
    let now = end.clock()?.time();
    Some((Due::of(end.base_time()? + running + latency, now), now.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_moment_is_before_or_after_another_one() {
        let [early, late] = [1000, 1040].map(gst::ClockTime::from_mseconds);
        assert_eq!(Due::of(late, early), Due::In(millis(40)));
        assert_eq!(Due::of(early, late), Due::Since(millis(40)));
        assert_eq!(Due::of(early, early), Due::In(Duration::ZERO));
        let too_late = [Due::In(millis(50)), Due::In(millis(30)), Due::Since(millis(200))];
        assert_eq!(too_late.map(|due| due.too_late(SOUND_AHEAD)), [0, 10, 240].map(millis));
    }

    #[test]
    fn sound_is_left_out_once_it_could_not_be_heard_any_more() {
        let mut sound = Sound::default();
        for (due, heard) in [
            (Due::In(millis(280)), true),
            (Due::In(SOUND_AHEAD), true),
            (Due::In(millis(39)), false),
            (Due::Since(millis(40_000)), false),
        ] {
            assert_eq!(sound.comes(due), (heard, None), "{due:?}");
        }
    }

    /// A machine that takes 25 ms for each 20 ms of sound: what it decodes is in time, and the rest is left out.
    #[test]
    fn a_machine_that_is_too_slow_for_all_of_the_sound_has_most_of_it_heard() {
        let [piece, takes, reserve] = [20, 25, 280].map(millis);
        let (mut sound, mut now, mut heard, mut told) = (Sound::default(), Duration::ZERO, 0, None);
        for number in 0..PIECES {
            let came = piece * number;
            now = now.max(came);
            let due = came + reserve;
            let due = if due >= now { Due::In(due - now) } else { Due::Since(now - due) };
            let (in_time, says) = sound.comes(due);
            if in_time {
                heard += 1;
                now += takes;
            }
            told = told.or(says);
        }
        assert!(heard * 100 >= PIECES * 78, "only {heard} of {PIECES} were heard");
        let (share, latest) = told.unwrap();
        assert!((15..=22).contains(&share) && latest == Duration::ZERO, "{share} %, {latest:?}");
    }

    #[test]
    fn nothing_is_said_of_a_few_late_pieces() {
        let mut sound = Sound::default();
        for number in 0..PIECES {
            let due = if number % 20 == 0 { Due::Since(SECOND) } else { Due::In(millis(250)) };
            assert_eq!(sound.comes(due).1, None);
        }
    }

    #[test]
    fn after_a_picture_that_came_too_late_one_is_shown_that_needs_none_before_it() {
        let mut pictures = Pictures::default();
        let (in_time, late) = (Due::In(millis(50)), Due::Since(millis(700)));
        let slightly = Due::Since(PICTURE_LATE);
        let mut comes = |whole, due, at| pictures.comes(whole, due, millis(at));
        assert_eq!(comes(true, in_time, 0), Verdict::Show);
        assert_eq!(comes(false, slightly, 33), Verdict::Show, "a little late is better than not at all");
        assert_eq!(comes(false, late, 66), Verdict::Ask);
        assert_eq!(comes(false, in_time, 99), Verdict::LeaveOut, "it needs the one that was left out");
        assert_eq!(comes(true, late, 500), Verdict::Show, "a late still is better than nothing");
        assert_eq!(comes(false, in_time, 533), Verdict::LeaveOut, "the other ones have to catch up first");
        assert_eq!(comes(false, in_time, 1066), Verdict::Ask, "asked again after a second");
        assert_eq!(comes(true, in_time, 1100), Verdict::Show);
        assert_eq!(comes(false, in_time, 1133), Verdict::Show);
    }

    /// Ten seconds of sound as packets.
    fn packets() -> Vec<gst::Buffer> {
        let line = "audiotestsrc num-buffers=500 samplesperbuffer=960 ! audio/x-raw,rate=48000,channels=1 \
                    ! opusenc ! rtpopuspay ! appsink name=packets sync=false";
        let pipeline = gst::parse::launch(line).unwrap().downcast::<gst::Pipeline>().unwrap();
        let sink = pipeline.by_name("packets").unwrap().downcast::<gst_app::AppSink>().unwrap();
        pipeline.set_state(gst::State::Playing).unwrap();
        let packets = std::iter::from_fn(|| sink.pull_sample().ok()).map(|sample| sample.buffer_owned().unwrap());
        let packets = packets.collect();
        pipeline.set_state(gst::State::Null).unwrap();
        packets
    }

    /// A machine that was behind for nine seconds has all of them before it at once.
    #[test]
    fn of_a_backlog_only_what_can_still_be_heard_is_decoded() {
        gst::init().unwrap();
        let packets = packets();
        let line = "appsrc name=packets is-live=true format=time \
                    caps=application/x-rtp,media=audio,clock-rate=48000,encoding-name=OPUS,payload=96 \
                    ! rtpopusdepay name=depay ! opusdec ! audioconvert ! appsink name=end async=false";
        let pipeline = gst::parse::launch(line).unwrap().downcast::<gst::Pipeline>().unwrap();
        let clock = gst::SystemClock::obtain();
        pipeline.use_clock(Some(&clock));
        pipeline.set_start_time(gst::ClockTime::NONE);
        pipeline.set_base_time(clock.time() - gst::ClockTime::from_seconds(9));
        let of = |name: &str| pipeline.by_name(name).unwrap();
        let end = of("end").downcast::<gst_app::AppSink>().unwrap();
        // As the speaker of a call on a slow machine: a moment without a processor makes nothing late here.
        end.set_property("render-delay", 500_000_000_u64);
        leave_out_sound(&of("depay").static_pad("sink").unwrap(), &end, |_| ());
        pipeline.set_state(gst::State::Playing).unwrap();
        let source = of("packets").downcast::<gst_app::AppSrc>().unwrap();
        for mut packet in packets {
            packet.make_mut().set_dts(None);
            source.push_buffer(packet).unwrap();
        }
        source.end_of_stream().unwrap();
        let heard: Vec<_> = std::iter::from_fn(|| end.pull_sample().ok())
            .map(|sample| {
                let buffer = sample.buffer().unwrap();
                (buffer.pts().unwrap().mseconds(), buffer.duration().unwrap().mseconds())
            })
            .collect();
        pipeline.set_state(gst::State::Null).unwrap();
        assert!(heard.len() < 100, "{} pieces of 500 were decoded: {heard:?}", heard.len());
        let gaps = heard.windows(2).filter(|two| two[1].0 > two[0].0 + two[0].1).count();
        assert_eq!(gaps, 0, "whatever is in time is heard: {heard:?}");
        let ends = heard.last().map(|(at, lasts)| at + lasts);
        assert!(ends.is_some_and(|ends| ends >= 9980), "what is in time is heard to its end: {heard:?}");
    }
}
