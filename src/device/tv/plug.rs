//! What is done at the sockets of the display, and when: which TV is used, in which of its modes, and what comes next where
//! that is refused. Time is handed in.

use super::mode::{Fit, Mode, Wish, fit, ranked};
use std::time::Duration;

/// How soon a TV that is put in is noticed, without a word of the kernel. While nothing is shown.
const LOOK_FOR: Duration = Duration::from_millis(250);
/// The same while one is shown.
const LOOK: Duration = Duration::from_millis(500);
/// Wait after every mode of every TV was refused, and after a picture was.
const AGAIN: Duration = Duration::from_secs(1);
/// So many modes of one TV are tried.
const TRIES: usize = 6;
/// A TV that is switched on may be slow to tell what it is: it is asked again for so long, so often.
const ASK_FOR: Duration = Duration::from_secs(20);
const ASK: Duration = Duration::from_secs(2);

/// A socket of a display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Socket {
    /// As the kernel calls it: `card1-HDMI-A-1`.
    pub(super) name: String,
    /// A TV is in it.
    pub(super) connected: bool,
    /// The TV told what it is (EDID).
    pub(super) told: bool,
    /// Its modes, in its own order.
    pub(super) modes: Vec<Mode>,
    /// Another number when it is another TV.
    pub(super) tv: u64,
}

/// A mode of a TV at a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Name of the socket.
    pub socket: String,
    /// The mode.
    pub mode: Mode,
    /// Where the picture lies in it.
    pub fit: Fit,
    /// Place of the mode in the socket's list.
    pub(super) place: usize,
    tv: u64,
    told: bool,
}

/// What is to be done now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing.
    Rest,
    /// This mode is set. Whoever does so says how it went: [`Plug::took`] or [`Plug::refused`].
    Set(Shown),
    /// What was shown has no TV any more.
    Gone,
}

/// Decides what is done.
pub(super) struct Plug {
    wish: Option<Wish>,
    shown: Option<Shown>,
    /// Refused since something changed at the sockets.
    refused: Vec<Shown>,
    not_before: Duration,
    /// A TV was at a socket at the last look.
    connected: bool,
    set_at: Duration,
    asked_at: Option<Duration>,
}

impl Plug {
    pub(super) fn new(wish: Option<Wish>) -> Self {
        Self {
            wish,
            shown: None,
            refused: Vec::new(),
            not_before: Duration::ZERO,
            connected: false,
            set_at: Duration::ZERO,
            asked_at: None,
        }
    }

    /// What is shown now.
    pub(super) fn shown(&self) -> Option<&Shown> {
        self.shown.as_ref()
    }

    /// When the sockets are looked at next although nothing was heard of them.
    pub(super) fn look_at(&self, now: Duration) -> Duration {
        now + if self.shown.is_some() { LOOK } else { LOOK_FOR }
    }

    /// Whether the TVs are asked anew what they are at the look that comes now. It takes a while and may be seen, so a TV
    /// that has told it is not asked.
    pub(super) fn asks(&mut self, now: Duration) -> bool {
        let every = match &self.shown {
            Some(shown) if shown.told || now.saturating_sub(self.set_at) > ASK_FOR => return false,
            Some(_) => ASK,
            None if self.connected => AGAIN,
            // Without a TV it is a look at one pin.
            None => Duration::ZERO,
        };
        let due = self.asked_at.is_none_or(|asked_at| now.saturating_sub(asked_at) >= every);
        if due {
            self.asked_at = Some(now);
        }
        due
    }

    /// Takes one look at the sockets.
    pub(super) fn look(&mut self, now: Duration, sockets: &[Socket]) -> Step {
        self.connected = sockets.iter().any(|socket| socket.connected);
        if let Some(shown) = &self.shown {
            if sockets.iter().any(|socket| shown.is_at(socket)) {
                return Step::Rest;
            }
            self.shown = None;
            self.not_before = now;
            self.refused.clear();
            if !self.connected {
                return Step::Gone;
            }
        }
        // What was refused counts as long as it is there: the next TV is tried at once.
        let before = self.refused.len();
        self.refused.retain(|refused| sockets.iter().any(|socket| refused.is_at(socket)));
        if self.refused.len() < before {
            self.not_before = now;
        }
        let wanted = self.wanted(sockets);
        let next = wanted.iter().find(|wanted| !self.refused.contains(wanted));
        match next {
            Some(next) if now >= self.not_before => Step::Set(next.clone()),
            None if !wanted.is_empty() && now >= self.not_before => {
                self.refused.clear();
                self.not_before = now + AGAIN;
                Step::Rest
            }
            _ => Step::Rest,
        }
    }

    /// Every way to show something, the best first: a TV that told what it is before one that did not.
    fn wanted(&self, sockets: &[Socket]) -> Vec<Shown> {
        let mut tvs: Vec<&Socket> = sockets.iter().filter(|socket| socket.connected).collect();
        tvs.sort_by_key(|socket| !socket.told);
        let ways = |socket: &Socket| -> Vec<Shown> {
            let places = ranked(&socket.modes, self.wish).into_iter().take(TRIES);
            places
                .map(|place| {
                    let mode = socket.modes[place];
                    let fit = fit(mode.width, mode.height);
                    Shown { socket: socket.name.clone(), mode, fit, place, tv: socket.tv, told: socket.told }
                })
                .collect()
        };
        tvs.into_iter().flat_map(ways).collect()
    }

    /// The mode is set.
    pub(super) fn took(&mut self, now: Duration, shown: Shown) {
        self.refused.clear();
        self.set_at = now;
        self.shown = Some(shown);
    }

    /// The display does not set this mode; the next is tried at the next look, which may be now.
    pub(super) fn refused(&mut self, shown: Shown) {
        self.refused.push(shown);
    }

    /// The display took a picture no longer: everything is tried again after a while.
    pub(super) fn lost(&mut self, now: Duration) {
        self.shown = None;
        self.refused.clear();
        self.not_before = now + AGAIN;
    }
}

impl Shown {
    fn is_at(&self, socket: &Socket) -> bool {
        socket.connected && socket.name == self.socket && socket.tv == self.tv
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HD: Mode = Mode { width: 1920, height: 1080, rate: 60, interlaced: false, preferred: true };
    const SMALL: Mode = Mode { width: 1360, height: 768, ..HD };
    const OLD: Mode = Mode { width: 1024, height: 768, preferred: false, ..HD };
    /// From the plug to the picture's mode.
    const SOON: Duration = Duration::from_secs(3);

    fn socket(name: &str, tv: u64, modes: &[Mode]) -> Socket {
        let connected = !modes.is_empty();
        Socket { name: name.to_owned(), connected, told: true, modes: modes.to_vec(), tv }
    }

    /// A display that is looked at as long as it takes, with a clock of its own.
    struct Desk {
        plug: Plug,
        now: Duration,
        sockets: Vec<Socket>,
        refuses: Vec<Mode>,
    }

    impl Desk {
        fn new(sockets: &[Socket]) -> Self {
            Self { plug: Plug::new(None), now: Duration::ZERO, sockets: sockets.to_vec(), refuses: Vec::new() }
        }

        fn look(&mut self) -> Step {
            loop {
                let step = self.plug.look(self.now, &self.sockets);
                match step {
                    Step::Set(way) if self.refuses.contains(&way.mode) => self.plug.refused(way),
                    Step::Set(ref way) => {
                        self.plug.took(self.now, way.clone());
                        return step;
                    }
                    step => return step,
                }
            }
        }

        /// What is shown after `span` of looks.
        fn after(&mut self, span: Duration) -> Option<(String, Mode)> {
            let until = self.now + span;
            while self.now < until {
                self.look();
                self.now = self.plug.look_at(self.now).min(until);
            }
            self.plug.shown().map(|shown| (shown.socket.clone(), shown.mode))
        }
    }

    fn at(socket: &str, mode: Mode) -> Option<(String, Mode)> {
        Some((socket.to_owned(), mode))
    }

    #[test]
    fn a_tv_that_is_there_is_set_at_the_first_look() {
        let mut desk = Desk::new(&[socket("card1-HDMI-A-1", 1, &[OLD, HD])]);
        assert!(matches!(desk.look(), Step::Set(way) if way.mode == HD && way.place == 1));
        assert_eq!(desk.look(), Step::Rest);
    }

    #[test]
    fn a_tv_put_in_after_the_start_is_shown_in_time() {
        let mut desk = Desk::new(&[socket("card0-HDMI-A-1", 0, &[])]);
        assert_eq!(desk.after(Duration::from_secs(600)), None);
        desk.sockets = vec![socket("card0-HDMI-A-1", 1, &[SMALL])];
        assert_eq!(desk.after(SOON), at("card0-HDMI-A-1", SMALL));
        // The display itself may come later, too.
        let mut desk = Desk::new(&[]);
        assert_eq!(desk.after(Duration::from_secs(60)), None);
        desk.sockets = vec![socket("card1-HDMI-A-1", 1, &[SMALL])];
        assert_eq!(desk.after(SOON), at("card1-HDMI-A-1", SMALL));
    }

    #[test]
    fn another_tv_is_shown_in_its_own_mode_in_time() {
        let mut desk = Desk::new(&[socket("card1-HDMI-A-1", 1, &[HD])]);
        assert_eq!(desk.after(SOON), at("card1-HDMI-A-1", HD));
        // Pulled and put in between two looks, or a receiver that passes another TV on.
        desk.sockets = vec![socket("card1-HDMI-A-1", 2, &[SMALL, OLD])];
        assert_eq!(desk.after(SOON), at("card1-HDMI-A-1", SMALL));
        desk.sockets = vec![socket("card1-HDMI-A-1", 0, &[])];
        assert_eq!(desk.look(), Step::Gone);
        assert_eq!(desk.after(SOON), None);
        desk.sockets = vec![socket("card1-HDMI-A-1", 1, &[HD])];
        assert_eq!(desk.after(SOON), at("card1-HDMI-A-1", HD));
    }

    #[test]
    fn the_tv_may_be_at_the_second_socket() {
        let (first, second) = ("card1-HDMI-A-1", "card1-HDMI-A-2");
        let mut desk = Desk::new(&[socket(first, 0, &[]), socket(second, 1, &[HD])]);
        assert_eq!(desk.after(SOON), at(second, HD));
        // What is seen is not taken away by a second TV.
        desk.sockets[0] = socket(first, 2, &[SMALL]);
        assert_eq!(desk.after(SOON), at(second, HD));
        desk.sockets[1] = socket(second, 0, &[]);
        assert_eq!(desk.after(SOON), at(first, SMALL));
        // One that says what it is goes before one that does not.
        let mut desk = Desk::new(&[Socket { told: false, ..socket(first, 1, &[OLD]) }, socket(second, 2, &[SMALL])]);
        assert_eq!(desk.after(SOON), at(second, SMALL));
    }

    #[test]
    fn a_mode_that_is_refused_is_followed_by_the_next_in_time() {
        let mut desk = Desk::new(&[socket("card1-HDMI-A-1", 1, &[HD, SMALL, OLD])]);
        desk.refuses = vec![HD, SMALL];
        assert_eq!(desk.after(SOON), at("card1-HDMI-A-1", OLD));
        // Once everything was refused it is all tried again: the driver may have been busy.
        let mut desk = Desk::new(&[socket("card1-HDMI-A-1", 1, &[HD])]);
        desk.refuses = vec![HD];
        assert_eq!(desk.after(SOON), None);
        desk.refuses.clear();
        assert_eq!(desk.after(SOON), at("card1-HDMI-A-1", HD));
    }

    #[test]
    fn refusals_are_not_tried_many_times_a_second() {
        let mut desk = Desk::new(&[socket("card1-HDMI-A-1", 1, &[HD])]);
        let mut tried = 0;
        while desk.now < Duration::from_secs(60) {
            while let Step::Set(way) = desk.plug.look(desk.now, &desk.sockets) {
                tried += 1;
                desk.plug.refused(way);
            }
            desk.now = desk.plug.look_at(desk.now);
        }
        assert!((20..=60).contains(&tried), "{tried} tries in a minute");
    }

    #[test]
    fn a_display_that_takes_no_picture_any_more_is_set_anew_in_time() {
        let mut desk = Desk::new(&[socket("card1-HDMI-A-1", 1, &[HD])]);
        assert_eq!(desk.after(SOON), at("card1-HDMI-A-1", HD));
        desk.plug.lost(desk.now);
        assert_eq!(desk.look(), Step::Rest);
        assert_eq!(desk.after(SOON), at("card1-HDMI-A-1", HD));
    }

    #[test]
    fn a_tv_that_has_told_what_it_is_is_left_in_peace() {
        let asked = |sockets: &[Socket]| {
            let mut desk = Desk::new(sockets);
            let mut asked = 0;
            while desk.now < Duration::from_secs(60) {
                asked += u32::from(desk.plug.asks(desk.now));
                desk.look();
                desk.now = desk.plug.look_at(desk.now);
            }
            asked
        };
        let tv = socket("card1-HDMI-A-1", 1, &[OLD]);
        assert_eq!(asked(std::slice::from_ref(&tv)), 1);
        let untold = asked(&[Socket { told: false, ..tv }]);
        assert!((5..=12).contains(&untold), "one that is slow to tell is asked for a while: {untold} times");
        assert!(asked(&[socket("card1-HDMI-A-1", 0, &[])]) > 100, "an empty socket is looked at all the time");
        // What it tells in the end counts.
        let mut desk = Desk::new(&[Socket { told: false, ..socket("card1-HDMI-A-1", 1, &[OLD]) }]);
        assert_eq!(desk.after(SOON), at("card1-HDMI-A-1", OLD));
        desk.sockets = vec![socket("card1-HDMI-A-1", 2, &[HD])];
        assert_eq!(desk.after(SOON), at("card1-HDMI-A-1", HD));
    }

    #[test]
    fn what_is_wished_for_is_set_where_the_tv_has_it() {
        let wish = Some("1024x768".parse().unwrap());
        let mut desk = Desk { plug: Plug::new(wish), ..Desk::new(&[socket("card1-HDMI-A-1", 1, &[HD, OLD])]) };
        assert_eq!(desk.after(SOON), at("card1-HDMI-A-1", OLD));
        desk.sockets = vec![socket("card1-HDMI-A-1", 2, &[HD])];
        assert_eq!(desk.after(SOON), at("card1-HDMI-A-1", HD));
    }
}
