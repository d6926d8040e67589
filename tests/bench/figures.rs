//! Figures out of what was noted during a run.

use crate::processes::Taken;
use image::GrayImage;
use serde_json::Value;
use std::collections::BTreeMap;

/// Each figure by its name; what could not be told is not there.
pub type Figures = BTreeMap<String, f64>;

/// A longer time without a new picture counts as frozen, in milliseconds.
const FROZEN: f64 = 300.0;

/// Moments in milliseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// When the family was let in.
    pub let_in: f64,
    /// From here on counts what is measured.
    pub from: f64,
    /// Until here.
    pub to: f64,
}

impl Span {
    fn seconds(self) -> f64 {
        (self.to - self.from) / 1000.0
    }
}

/// What a browser page noted (`page.js`), with `prefix` before each name.
pub fn of_page(noted: &Value, span: Span, prefix: &str, figures: &mut Figures) {
    let series: Vec<&Value> = noted["series"].as_array().into_iter().flatten().collect();
    let shown: Vec<f64> = noted["shown"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
    of_shown(&shown, span, prefix, figures);
    let grown = |what: &str| grown(&series, what, span);
    let mut put = |name: &str, value: f64| {
        if value.is_finite() {
            figures.insert(format!("{prefix}{name}"), value);
        }
    };
    put("pictures", grown("/in_video/framesDecoded") / span.seconds());
    put("concealed", 100.0 * grown("/in_audio/concealedSamples") / grown("/in_audio/totalSamplesReceived"));
    put("buffer", 1000.0 * grown("/in_audio/jitterBufferDelay") / grown("/in_audio/jitterBufferEmittedCount"));
    put("picture_buffer", 1000.0 * grown("/in_video/jitterBufferDelay") / grown("/in_video/jitterBufferEmittedCount"));
    put("kbps", 8.0 * (grown("/in_video/bytesReceived") + grown("/in_audio/bytesReceived")) / 1000.0 / span.seconds());
    put("lost", grown("/in_video/packetsLost") + grown("/in_audio/packetsLost"));
    put("freezes_told", grown("/in_video/totalFreezesDuration"));
    let within = |at: f64| at >= span.from && at <= span.to;
    let sizes = series.iter().filter(|seen| within(moment(seen)));
    put("height", median(sizes.filter_map(|seen| seen.pointer("/in_video/frameHeight")?.as_f64()).collect()));
    let full = series.windows(2).find(|pair| {
        let frames = |seen: &Value| seen.pointer("/in_video/framesDecoded").and_then(Value::as_f64);
        let (Some(before), Some(after)) = (frames(pair[0]), frames(pair[1])) else { return false };
        let rate = (after - before) * 1000.0 / (moment(pair[1]) - moment(pair[0]));
        pair[1].pointer("/in_video/frameHeight").and_then(Value::as_f64) == Some(720.0) && rate >= 27.5
    });
    put("full_after", full.map_or(f64::NAN, |pair| (moment(pair[1]) - span.let_in) / 1000.0));
}

/// What one end told the other about its line; both kinds of ends do.
pub fn of_told(noted: &Value, span: Span, figures: &mut Figures) {
    let told = noted["peers"].as_array().into_iter().flatten().filter(|told| {
        let at = moment(told);
        at > span.from + 2000.0 && at <= span.to
    });
    let pictures: Vec<f64> = told.filter_map(|told| told["pictures_per_second"].as_f64()).collect();
    if !pictures.is_empty() {
        figures.insert("home_pictures".into(), pictures.iter().sum::<f64>() / pictures.len() as f64);
    }
}

/// What can be told from the moments at which pictures were shown.
pub fn of_shown(shown: &[f64], span: Span, prefix: &str, figures: &mut Figures) {
    let after = shown.iter().find(|at| **at >= span.let_in);
    if let Some(first) = after {
        figures.insert(format!("{prefix}join"), first - span.let_in);
    }
    let mut last = span.from;
    let (mut frozen, mut longest) = (0.0, 0.0_f64);
    for at in shown.iter().copied().filter(|at| *at > span.from && *at < span.to).chain([span.to]) {
        if at - last > FROZEN {
            frozen += (at - last) / 1000.0;
            longest = longest.max((at - last) / 1000.0);
        }
        last = at;
    }
    figures.insert(format!("{prefix}frozen"), frozen);
    figures.insert(format!("{prefix}longest"), longest);
}

/// Moments in milliseconds and the number of what happened then.
pub type Marks = Vec<(f64, u32)>;

/// From the moments at which pictures were taken to those at which they were shown first; the middle one, in milliseconds.
pub fn glass_to_glass(taken: &Marks, shown: &Marks) -> f64 {
    let mut seen = None;
    let delays =
        shown.iter().filter(|(_, number)| seen.replace(*number) != Some(*number)).filter_map(|(at, number)| {
            // The same number comes again with the clip.
            let taken = taken.iter().filter(|(taken, of)| of == number && taken <= at).map(|(taken, _)| *taken);
            taken.max_by(f64::total_cmp).map(|taken| at - taken).filter(|delay| *delay < 5000.0)
        });
    median(delays.collect())
}

/// From the moments at which tones were spoken to those at which they were heard, in milliseconds.
pub fn mouth_to_ear(spoken: &[f64], heard: &[f64]) -> f64 {
    let delays = heard.iter().filter_map(|at| {
        let spoken = spoken.iter().copied().filter(|spoken| spoken < at).max_by(f64::total_cmp)?;
        Some(at - spoken).filter(|delay| *delay < 1000.0)
    });
    median(delays.collect())
}

/// How alike two pictures are in their brightness: SSIM (Wang et al., 2004) over blocks of 8 by 8.
pub fn likeness(one: &GrayImage, other: &GrayImage) -> f64 {
    const BLOCK: u32 = 8;
    let (c1, c2) = ((0.01_f64 * 255.0).powi(2), (0.03_f64 * 255.0).powi(2));
    let (mut sum, mut blocks) = (0.0, 0.0);
    for top in (0..one.height() - BLOCK).step_by(4) {
        for left in (0..one.width() - BLOCK).step_by(4) {
            let (mut a, mut b, mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0, 0.0, 0.0);
            for y in top..top + BLOCK {
                for x in left..left + BLOCK {
                    let (p, q) = (f64::from(one.get_pixel(x, y).0[0]), f64::from(other.get_pixel(x, y).0[0]));
                    (a, b, aa, bb, ab) = (a + p, b + q, aa + p * p, bb + q * q, ab + p * q);
                }
            }
            let n = f64::from(BLOCK * BLOCK);
            let (a, b) = (a / n, b / n);
            let (aa, bb, ab) = (aa / n - a * a, bb / n - b * b, ab / n - a * b);
            sum += (2.0 * a * b + c1) * (2.0 * ab + c2) / ((a * a + b * b + c1) * (aa + bb + c2));
            blocks += 1.0;
        }
    }
    sum / blocks
}

/// What the home's processes took.
pub fn of_processes(seconds: f64, span: Span, taken: Taken, figures: &mut Figures) {
    figures.insert("cpu".into(), seconds / span.seconds());
    figures.insert("pss".into(), taken.pss);
    figures.insert("threads".into(), f64::from(taken.threads));
    figures.insert("processes".into(), taken.processes as f64);
}

fn moment(seen: &Value) -> f64 {
    seen["at"].as_f64().unwrap_or(0.0)
}

/// How much a counter of the connections grew within the span. Each new connection begins with nothing.
fn grown(series: &[&Value], what: &str, span: Span) -> f64 {
    let mut calls: BTreeMap<u64, (f64, f64)> = BTreeMap::new();
    for seen in series.iter().filter(|seen| moment(seen) <= span.to) {
        let (Some(call), Some(value)) = (seen["call"].as_u64(), seen.pointer(what).and_then(Value::as_f64)) else {
            continue;
        };
        let (before, now) = calls.entry(call).or_default();
        if moment(seen) <= span.from {
            *before = value;
        }
        *now = value;
    }
    calls.values().map(|(before, now)| now - before).sum()
}

/// The middle one; not a number when there is none.
pub fn median(values: Vec<f64>) -> f64 {
    share(values, 0.5)
}

/// The value that this part of all is not above.
pub fn share(mut values: Vec<f64>, part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1) as f64;
    let (low, high) = ((last * part).floor() as usize, (last * part).ceil() as usize);
    match (values.get(low), values.get(high)) {
        (Some(low), Some(high)) => low.midpoint(*high),
        _ => f64::NAN,
    }
}
