//! Brings composed pictures to the TV, whichever is plugged in, in the best of its modes.

use super::TvFrame;
use super::kms::Display;
use super::mode::Wish;
use super::plug::{Plug, Shown, Step};
use super::uevents::Uevents;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// What is told of the TV.
pub(super) struct Told {
    /// The newest picture: what the TV shows, or would show.
    pub(super) newest: watch::Sender<Option<TvFrame>>,
    /// A TV takes the pictures.
    pub(super) plugged: watch::Sender<bool>,
    /// Size of the pictures that are wanted.
    pub(super) size: watch::Sender<(u32, u32)>,
    /// The mode in which they are shown.
    pub(super) shown: watch::Sender<Option<Shown>>,
}

/// The display and what is known of it. Its calls take their time, so each is made on a thread for such.
struct Output<D> {
    display: D,
    plug: Plug,
    begun: Instant,
    /// What went wrong since something was shown last, so that it is said once.
    said: BTreeSet<String>,
}

/// Shows what is composed until nobody composes any more.
pub(super) async fn run<D: Display + 'static>(
    display: D,
    wish: Option<Wish>,
    mut composed: watch::Receiver<Option<TvFrame>>,
    told: Told,
) {
    let mut uevents = Uevents::open();
    let mut output = Output { display, plug: Plug::new(wish), begun: Instant::now(), said: BTreeSet::new() };
    let mut next_look = output.begun;
    loop {
        let (mut heard, mut looks) = (false, true);
        tokio::select! {
            changed = composed.changed() => match changed {
                Ok(()) => looks = false,
                Err(_) => return,
            },
            () = uevents.changed() => heard = true,
            () = sleep_until(next_look) => {}
        }
        let picture = composed.borrow_and_update().clone();
        let work = tokio::task::spawn_blocking(move || {
            let shows = if looks { output.look(heard) } else { true };
            let took = shows.then(|| output.show(picture.as_ref()));
            (output, picture, took)
        });
        let Ok((back, picture, took)) = work.await else { return };
        output = back;
        if looks {
            next_look = output.begun + output.plug.look_at(output.now());
        }
        told.tell(&output.plug, picture, took.unwrap_or(Took::Nothing));
    }
}

/// What became of a picture.
enum Took {
    /// The TV shows it.
    Shown,
    /// There is no TV that could.
    NoTv,
    /// There is none, or one of another size is on its way.
    Nothing,
}

impl<D: Display> Output<D> {
    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Looks at the sockets and does what is to be done; true when the newest picture is to be shown again.
    fn look(&mut self, heard: bool) -> bool {
        let ask = self.plug.asks(self.now()) || heard;
        let sockets = self.display.sockets(ask);
        let mut changed = false;
        loop {
            match self.plug.look(self.now(), &sockets) {
                Step::Rest => return changed,
                Step::Gone => {
                    tracing::info!("TV: none is plugged in");
                    changed = true;
                }
                Step::Set(way) => match self.display.set(&way) {
                    Ok(()) => {
                        let (wide, high) = way.fit.picture;
                        tracing::info!("TV: {} at {}, pictures of {wide}x{high}", way.mode, way.socket);
                        self.said.clear();
                        self.plug.took(self.now(), way);
                        return true;
                    }
                    Err(why) => {
                        self.say(why);
                        self.plug.refused(way);
                    }
                },
            }
        }
    }

    fn show(&mut self, picture: Option<&TvFrame>) -> Took {
        let Some(picture) = picture else { return Took::Nothing };
        let Some(shown) = self.plug.shown() else { return Took::NoTv };
        // A screen is painted anew for another TV; until then the one before must not be cut or stretched.
        if (picture.width(), picture.height()) != shown.fit.picture {
            return Took::Nothing;
        }
        match self.display.show(picture) {
            Ok(()) => Took::Shown,
            Err(why) => {
                self.say(why);
                self.plug.lost(self.now());
                Took::NoTv
            }
        }
    }

    fn say(&mut self, why: String) {
        if !self.said.contains(&why) {
            tracing::warn!(why, "TV");
            self.said.insert(why);
        }
    }
}

impl Told {
    fn tell(&self, plug: &Plug, picture: Option<TvFrame>, took: Took) {
        let shown = plug.shown();
        if let Some(shown) = shown {
            self.size.send_if_modified(|size| std::mem::replace(size, shown.fit.picture) != shown.fit.picture);
        }
        self.shown.send_if_modified(|known| {
            let changed = known.as_ref() != shown;
            if changed {
                *known = shown.cloned();
            }
            changed
        });
        let plugged = match took {
            Took::Shown => Some(true),
            Took::NoTv => Some(false),
            Took::Nothing if shown.is_none() => Some(false),
            Took::Nothing => None,
        };
        if let Some(now) = plugged {
            self.plugged.send_if_modified(|plugged| std::mem::replace(plugged, now) != now);
        }
        if !matches!(took, Took::Nothing) {
            self.newest.send_replace(picture);
        }
    }
}
