//! The two ends brought together without a room server.

use crate::desk::Desk;
use crate::line::{Badness, Line};
use crate::peer::{Peer, Report};
use crate::stranger::{Loot, Stranger};
use madoguchi::device::media::{Gates, MediaAsk, MediaEvent, MediaNews};
use madoguchi::model::ids::{Attempt, Epoch};
use madoguchi::model::quality::LineStats;
use madoguchi::model::wire::{Candidate, IceServer};
use serde_json::json;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// All gates open.
pub(crate) const OPEN: Gates = Gates { picture: true, sound: true, show: true };

/// What is under way arrives sooner than this.
const STILL: Duration = Duration::from_millis(500);

/// What is between the ends.
pub(crate) enum Between {
    /// A line that loses packets.
    Line(Badness),
    /// Somebody who ends the handshakes himself, with this certificate and key (PEM).
    Stranger(String),
    /// Something that lets no UDP through.
    OnlyTcp,
}

/// What was seen of a call so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) offered: Option<String>,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) connected: Option<Instant>,
    pub(crate) first_picture: Option<Instant>,
    pub(crate) dead: Option<Instant>,
    /// The other end could not be verified, and why.
    pub(crate) unverified: Option<(Instant, String)>,
    pub(crate) failed: Option<String>,
    pub(crate) stats: Vec<LineStats>,
    pub(crate) report: Report,
}

/// A call between a desk and a browser.
pub(crate) struct Call<'ends> {
    pub(crate) desk: &'ends mut Desk,
    pub(crate) browser: &'ends Peer,
    pub(crate) attempt: Attempt,
    pub(crate) seen: Seen,
    pub(crate) browser_gone: bool,
    between: Option<Between>,
    line: Option<Line>,
    stranger: Option<Stranger>,
    forge: fn(&str) -> String,
}

impl<'ends> Call<'ends> {
    /// Builds a pipeline and lets the browser answer its offer.
    pub(crate) async fn begin(
        desk: &'ends mut Desk,
        browser: &'ends Peer,
        attempt: u32,
        ours: Vec<IceServer>,
        theirs: Vec<IceServer>,
        relay_only: bool,
    ) -> Self {
        browser.begin(json!(theirs), relay_only).await;
        let attempt = Attempt(attempt);
        let build = MediaAsk::Build { attempt, epoch: Epoch(1), ice_servers: ours, relay_only };
        desk.media.asks.send(build).await.unwrap();
        Self {
            desk,
            browser,
            attempt,
            seen: Seen::default(),
            browser_gone: false,
            between: None,
            line: None,
            stranger: None,
            forge: str::to_owned,
        }
    }

    /// Puts a bad line between the ends; to be called before anything else happens.
    pub(crate) fn over(&mut self, badness: Badness) {
        self.put_between(Between::Line(badness));
    }

    /// Puts something between the ends; to be called before anything else happens.
    pub(crate) fn put_between(&mut self, between: Between) {
        self.between = Some(between);
    }

    /// Changes the browser's answer on its way.
    pub(crate) fn forge(&mut self, forge: fn(&str) -> String) {
        self.forge = forge;
    }

    /// What the stranger has got so far.
    pub(crate) fn loot(&self) -> Arc<Loot> {
        self.stranger.as_ref().expect("a stranger on the path").loot.clone()
    }

    /// The candidate for the browser. With a bad line or a stranger there is only one, and it leads there.
    async fn for_browser(&mut self, candidate: Candidate) -> Option<Candidate> {
        let words: Vec<&str> = candidate.candidate.split(' ').collect();
        let udp = words.get(2) == Some(&"UDP");
        let way = match &self.between {
            None => return Some(candidate),
            Some(Between::OnlyTcp) => return (!udp).then_some(candidate),
            Some(_) if !udp => return None,
            Some(Between::Line(badness)) => {
                self.line.insert(Line::to(words[5].parse().unwrap(), *badness).await).port()
            }
            Some(Between::Stranger(pem)) => {
                let appliance = (Ipv4Addr::LOCALHOST, words[5].parse().unwrap()).into();
                self.stranger.insert(Stranger::before(appliance, pem).await).for_browser.port()
            }
        };
        let through = candidate.candidate.replacen(words[5], &way.to_string(), 1);
        Some(Candidate { candidate: through, ..candidate })
    }

    /// Whether the appliance hears of a candidate of the browser's.
    fn for_box(&self, candidate: &Candidate) -> bool {
        match &self.between {
            None => true,
            Some(Between::OnlyTcp) => candidate.candidate.split(' ').nth(2) != Some("udp"),
            Some(_) => false,
        }
    }

    pub(crate) async fn gate(&self, gates: Gates) {
        self.desk.media.asks.send(MediaAsk::Gate { attempt: self.attempt, gates }).await.unwrap();
    }

    /// Carries messages between the ends until something is so.
    pub(crate) async fn until(&mut self, what: &str, deadline: Duration, is_so: impl Fn(&Seen, &Desk) -> bool) {
        let begun = Instant::now();
        while !is_so(&self.seen, self.desk) {
            assert!(begun.elapsed() < deadline, "not within {deadline:?}: {what}; seen: {:?}", self.seen);
            assert_eq!((&self.seen.failed, &self.seen.unverified), (&None, &None), "while waiting for: {what}");
            self.step().await;
        }
    }

    /// Carries messages for a while, during which something must stay so.
    pub(crate) async fn throughout(&mut self, what: &str, span: Duration, is_so: impl Fn(&Seen, &Desk) -> bool) {
        let begun = Instant::now();
        while begun.elapsed() < span {
            self.step().await;
            assert!(is_so(&self.seen, self.desk), "{what}; seen: {:?}", self.seen);
        }
    }

    /// Carries messages until what was seen is the same for half a second.
    pub(crate) async fn until_still<T: PartialEq>(&mut self, what: &str, deadline: Duration, is: impl Fn(&Seen) -> T) {
        let begun = Instant::now();
        let (mut last, mut since) = (is(&self.seen), begun);
        while since.elapsed() < STILL {
            assert!(begun.elapsed() < deadline, "not within {deadline:?}: {what}; seen: {:?}", self.seen);
            self.step().await;
            let now = is(&self.seen);
            if now != last {
                (last, since) = (now, Instant::now());
            }
        }
    }

    async fn step(&mut self) {
        self.desk.look();
        let heard = tokio::time::timeout(Duration::from_millis(50), self.desk.media.events.recv());
        if let Ok(event) = heard.await {
            self.heard(event.expect("the media task is there")).await;
            return;
        }
        if self.browser_gone || self.seen.offered.is_none() {
            return;
        }
        self.seen.report = self.browser.report().await;
        for candidate in std::mem::take(&mut self.seen.report.candidates) {
            if !self.for_box(&candidate) {
                continue;
            }
            let ask = MediaAsk::Candidate { attempt: self.attempt, candidate };
            self.desk.media.asks.send(ask).await.unwrap();
        }
    }

    async fn heard(&mut self, event: MediaEvent) {
        if event.attempt != self.attempt {
            return;
        }
        match event.news {
            MediaNews::Offer(sdp) => {
                let answer = (self.forge)(&self.browser.answer(&sdp).await);
                self.seen.offered = Some(sdp);
                for candidate in self.seen.candidates.clone() {
                    if let Some(candidate) = self.for_browser(candidate).await {
                        self.browser.add_candidate(&candidate).await;
                    }
                }
                let ask = MediaAsk::Answer { attempt: self.attempt, sdp: answer };
                self.desk.media.asks.send(ask).await.unwrap();
            }
            MediaNews::Candidate(candidate) => {
                self.seen.candidates.push(candidate.clone());
                if self.seen.offered.is_some()
                    && !self.browser_gone
                    && let Some(candidate) = self.for_browser(candidate).await
                {
                    self.browser.add_candidate(&candidate).await;
                }
            }
            MediaNews::Connected => self.seen.connected = Some(Instant::now()),
            MediaNews::FirstPicture => self.seen.first_picture = Some(Instant::now()),
            MediaNews::PathDead => self.seen.dead = Some(Instant::now()),
            MediaNews::Stats(stats) => self.seen.stats.push(stats),
            MediaNews::Unverified(why) => self.seen.unverified = Some((Instant::now(), why)),
            MediaNews::Failed(why) => self.seen.failed = Some(why),
        }
    }

    /// Hangs up.
    pub(crate) async fn close(self) {
        self.desk.media.asks.send(MediaAsk::Close).await.unwrap();
    }
}

/// Whether a colour is near another.
pub(crate) fn near(seen: Option<[u8; 3]>, wanted: [u8; 3]) -> bool {
    seen.is_some_and(|seen| seen.iter().zip(wanted).all(|(seen, wanted)| seen.abs_diff(wanted) < 40))
}
