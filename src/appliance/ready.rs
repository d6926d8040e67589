//! Chapter 4: asks the room about the key, shows who and when, self-view and sound, and the rules to agree to.

mod seat;
mod sight;

use super::boot::Boot;
use super::chimes::Chimes;
use super::network::Network;
use super::session::Session;
use super::wipe::Wipe;
use super::{Chapter, Event, Holds};
use crate::model::ids::Attempt;
use crate::model::invite::Invite;
use crate::model::known::Known;
use crate::model::screen::{NetworkTrouble, RULES_PAGES, RoomRefusal};
use crate::model::secret::Secret;
use crate::model::turn::{Effect, LinkClosed, LinkNews, Told};
use crate::model::uptime::Uptime;
use crate::model::wire::{self, ByeReason, IceServer, Proof, Refusal, Slot, ToClient, ToServer, Versions, Welcome};
pub(super) use seat::{Seat, hello, open_link};
use std::time::Duration;

/// Line, hello and welcome together.
const ASKING: Duration = Duration::from_secs(15);
/// That the paper was read, and can be put down, stands this long, however quick the room answers.
const READ_SHOWN: Duration = Duration::from_secs(2);
/// Nobody looks into the mirror for longer than this: the camera closes and the rules come, which wait for a press.
const LOOKING: Duration = Duration::from_secs(600);
/// Pauses between tries to reach the server; after the last one the screen says so.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

pub(super) struct Ready {
    invite: Option<Invite>,
    /// Proof of the seat that was kept for us when the line was lost.
    lost_seat: Option<Secret>,
    /// The self-view was looked at: after a lost line the rules come at once.
    looked: bool,
    /// The page of rules that they came to.
    page: u8,
    /// Until when it stands that the paper was read.
    read: Option<Uptime>,
    /// The lobby was not open yet when they came: a chime calls them when it is.
    early: bool,
    phase: Phase,
}

enum Phase {
    Asking {
        link: Attempt,
        until: Uptime,
        tries: usize,
    },
    Pausing {
        until: Uptime,
        tries: usize,
    },
    /// Welcome, but they are still to read that the paper was read.
    Welcome {
        link: Attempt,
        seat: Seat,
        until: Uptime,
    },
    Mirror {
        link: Attempt,
        seat: Seat,
        until: Uptime,
        chimes: Chimes,
    },
    Rules {
        link: Attempt,
        seat: Seat,
    },
    /// The seat was given back, the paper is remembered.
    Disagreed,
    Refused {
        why: RoomRefusal,
        until: Option<Uptime>,
    },
    Trouble(NetworkTrouble),
}

impl Ready {
    /// Asks about the key of a paper that was read just now.
    pub(super) fn read(now: Uptime, invite: Invite, known: &mut Known, effects: &mut Vec<Effect>) -> Self {
        Self { read: Some(now + READ_SHOWN), ..Self::ask(now, invite, known, effects) }
    }

    /// Asks the invite's server about its key.
    pub(super) fn ask(now: Uptime, invite: Invite, known: &mut Known, effects: &mut Vec<Effect>) -> Self {
        known.read_language(invite.language);
        known.counter_host = Some(invite.host.clone());
        Self {
            phase: open(now, &invite, 0, known, effects),
            invite: Some(invite),
            lost_seat: None,
            looked: false,
            page: 0,
            read: None,
            early: false,
        }
    }

    pub(super) fn handle(mut self, now: Uptime, event: Event, known: &mut Known, effects: &mut Vec<Effect>) -> Chapter {
        match event {
            Event::ReturnAsked => {
                self.say_bye(effects);
                return Chapter::Wipe(Wipe::everything(now, known, effects));
            }
            Event::Fact if let Some(trouble) = self.forbidden(known) => {
                return Chapter::Network(Network::in_trouble(trouble));
            }
            Event::Hold => return self.held(now, known, effects),
            Event::Press => return self.pressed(now, known, effects),
            Event::Told(Told::Link { attempt, news }) if self.link() == Some(attempt) => match news {
                LinkNews::Opened => self.say_hello(attempt, known, effects),
                LinkNews::Heard(ToClient::Welcome(welcome)) => {
                    return self.welcomed(now, attempt, welcome, known, effects);
                }
                LinkNews::Heard(ToClient::Refused(Refusal::ResumeExpired)) if self.lost_seat.is_some() => {
                    self.lost_seat = None;
                    self.phase = Phase::Pausing { until: now + PAUSES[0], tries: 1 };
                }
                LinkNews::Heard(ToClient::Refused(refusal)) => self.refused(now, &refusal),
                LinkNews::Heard(ToClient::Bye { reason }) => self.refused(now, &Refusal::after(reason)),
                LinkNews::Heard(ToClient::Moved { slot, ice_servers }) => {
                    self.moved(now, slot, ice_servers);
                    self.time_passed(now, known, effects);
                }
                LinkNews::Heard(_) => {}
                LinkNews::Closed(why) => self.line_closed(now, why, known),
            },
            Event::Fact => self.network_changed(now, known, effects),
            Event::Tick => {
                self.time_passed(now, known, effects);
                self = self.comes_from_welcome(now, known, effects);
                if matches!(self.phase, Phase::Mirror { until, .. } if now >= until) {
                    return self.pressed(now, known, effects);
                }
            }
            Event::Told(_) => {}
        }
        Chapter::Ready(self)
    }

    fn link(&self) -> Option<Attempt> {
        match &self.phase {
            Phase::Asking { link, .. }
            | Phase::Welcome { link, .. }
            | Phase::Mirror { link, .. }
            | Phase::Rules { link, .. } => Some(*link),
            _ => None,
        }
    }

    fn say_hello(&self, link: Attempt, known: &Known, effects: &mut Vec<Effect>) {
        if let (Some(invite), Phase::Asking { .. }) = (&self.invite, &self.phase) {
            let by_key = Proof::Key { key: invite.key.clone() };
            let proof = self.lost_seat.clone().map_or(by_key, |token| Proof::Resume { token });
            effects.push(Effect::Say { attempt: link, message: hello(proof, known) });
        }
    }

    /// Gives the seat back at once, so that the same paper is not refused as a second guest right after.
    fn say_bye(&self, effects: &mut Vec<Effect>) {
        if let Phase::Welcome { link, .. } | Phase::Mirror { link, .. } | Phase::Rules { link, .. } = self.phase {
            effects.push(Effect::Say { attempt: link, message: ToServer::Bye { reason: ByeReason::Left } });
        }
    }

    fn welcomed(
        mut self,
        now: Uptime,
        link: Attempt,
        welcome: Welcome,
        known: &mut Known,
        effects: &mut Vec<Effect>,
    ) -> Chapter {
        if !matches!(self.phase, Phase::Asking { .. }) {
            return Chapter::Ready(self);
        }
        if welcome.rules != wire::RULES_VERSION || !Versions::OWN.has(welcome.version) {
            // Nobody may agree to rules that this device cannot show.
            self.refused(now, &Refusal::Version { server: welcome.version, oldest: None });
            return Chapter::Ready(self);
        }
        known.outdated = welcome.outdated;
        let seat = Seat::new(now, welcome);
        if seat.clock.remaining(now).is_zero() {
            self.refused(now, &Refusal::Over);
            return Chapter::Ready(self);
        }
        if known.loan.as_ref().is_some_and(|loan| seat.clock.today(now) > loan.until) {
            return Chapter::Boot(Boot::loan_ended());
        }
        self.lost_seat = None;
        self.early = seat.clock.opens_in(now).is_some();
        self.phase = Phase::Welcome { link, seat, until: self.read.map_or(now, |until| until.max(now)) };
        Chapter::Ready(self.comes_from_welcome(now, known, effects))
    }

    fn moved(&mut self, now: Uptime, slot: Slot, ice_servers: Vec<IceServer>) {
        if let Phase::Welcome { seat, .. } | Phase::Mirror { seat, .. } | Phase::Rules { seat, .. } = &mut self.phase {
            seat.moved(slot, ice_servers);
            self.early |= seat.clock.opens_in(now).is_some();
        }
    }

    fn refused(&mut self, now: Uptime, refusal: &Refusal) {
        let why = refusal.told();
        if !why.keeps_key() {
            self.invite = None;
        }
        self.lost_seat = None;
        self.phase = Phase::Refused { why, until: refusal.wait().map(|wait| now + wait) };
    }

    fn line_closed(&mut self, now: Uptime, why: LinkClosed, known: &Known) {
        let tries = match &self.phase {
            Phase::Asking { tries, .. } => *tries,
            Phase::Welcome { seat, .. } | Phase::Mirror { seat, .. } | Phase::Rules { seat, .. } => {
                self.lost_seat = Some(seat.resume.clone());
                0
            }
            _ => return,
        };
        self.phase = match (why, PAUSES.get(tries)) {
            (LinkClosed::Untrusted, _) => Phase::Trouble(NetworkTrouble::Untrusted),
            (_, Some(pause)) => Phase::Pausing { until: now + *pause, tries: tries + 1 },
            (_, None) if !known.carries => Phase::Trouble(known.trouble.unwrap_or(NetworkTrouble::LineLost)),
            (LinkClosed::NoName, None) => Phase::Trouble(NetworkTrouble::NoNames),
            (_, None) => Phase::Trouble(NetworkTrouble::ServerUnreachable),
        };
    }

    fn forbidden(&self, known: &Known) -> Option<NetworkTrouble> {
        match self.phase {
            Phase::Welcome { .. } | Phase::Mirror { .. } | Phase::Rules { .. } => known.forbidden_in_room(),
            _ => known.forbidden(),
        }
    }

    /// Nothing is asked of the room while the network does not carry; once it does again, we ask by ourselves.
    fn network_changed(&mut self, now: Uptime, known: &mut Known, effects: &mut Vec<Effect>) {
        if let (Phase::Trouble(trouble), Some(invite)) = (&self.phase, &self.invite)
            && known.carries
            && *trouble != NetworkTrouble::Untrusted
        {
            self.phase = open(now, invite, 0, known, effects);
        }
        self.time_passed(now, known, effects);
    }

    fn time_passed(&mut self, now: Uptime, known: &mut Known, effects: &mut Vec<Effect>) {
        self.read = self.read.filter(|until| now < *until);
        if let Phase::Mirror { chimes, .. } = &mut self.phase {
            chimes.pass(now, known, effects);
        }
        match (&self.phase, &self.invite) {
            (Phase::Asking { until, .. }, _) if now >= *until => self.line_closed(now, LinkClosed::Unreachable, known),
            (Phase::Pausing { until, .. } | Phase::Refused { until: Some(until), .. }, Some(_))
                if now >= *until && !known.carries =>
            {
                self.phase = Phase::Trouble(known.trouble.unwrap_or(NetworkTrouble::LineLost));
            }
            (Phase::Pausing { until, tries }, Some(invite)) if now >= *until => {
                self.phase = open(now, invite, *tries, known, effects);
            }
            (Phase::Welcome { seat, .. } | Phase::Mirror { seat, .. } | Phase::Rules { seat, .. }, _)
                if seat.clock.remaining(now).is_zero() =>
            {
                self.refused(now, &Refusal::Over);
            }
            (Phase::Refused { until: Some(until), .. }, Some(invite)) if now >= *until => {
                self.phase = open(now, invite, 0, known, effects);
            }
            (Phase::Mirror { seat, .. } | Phase::Rules { seat, .. }, _)
                if self.early && seat.clock.opens_in(now).is_none() =>
            {
                self.early = false;
                effects.push(Effect::Chime);
            }
            _ => {}
        }
    }

    fn pressed(mut self, now: Uptime, known: &mut Known, effects: &mut Vec<Effect>) -> Chapter {
        let last_page = self.is_on_last_page();
        self.phase = match (self.phase, &self.invite) {
            (Phase::Mirror { link, seat, .. }, _) => {
                self.looked = true;
                Phase::Rules { link, seat }
            }
            (Phase::Rules { link, seat }, Some(_)) if !last_page => {
                self.page += 1;
                Phase::Rules { link, seat }
            }
            (Phase::Rules { link, seat }, Some(_)) if seat.clock.opens_in(now).is_none() => {
                let invite = self.invite.take();
                return Chapter::Session(Session::enter(now, invite, link, seat, effects));
            }
            (Phase::Disagreed | Phase::Trouble(_) | Phase::Refused { until: None, .. }, Some(invite)) => {
                if !known.carries {
                    known.remembered = self.invite.take();
                    return Network::find(now, known, effects);
                }
                open(now, invite, 0, known, effects)
            }
            (phase @ Phase::Refused { until: Some(_), .. }, _) => phase,
            (Phase::Refused { .. }, _) => return Network::find(now, known, effects),
            (phase, _) => phase,
        };
        Chapter::Ready(self)
    }

    fn held(mut self, now: Uptime, known: &mut Known, effects: &mut Vec<Effect>) -> Chapter {
        let last_page = self.is_on_last_page();
        self.phase = match self.phase {
            Phase::Rules { link, seat } if self.page == 0 => {
                self.looked = false;
                mirror(now, link, seat, known, effects)
            }
            Phase::Rules { link, seat } if !last_page => {
                self.page -= 1;
                Phase::Rules { link, seat }
            }
            Phase::Rules { ref seat, .. } if seat.clock.opens_in(now).is_none() => {
                self.say_bye(effects);
                self.page = 0;
                Phase::Disagreed
            }
            Phase::Mirror { .. } if known.speaks_another_language() => {
                known.choose_next_language();
                self.phase
            }
            Phase::Asking { .. } | Phase::Pausing { .. } | Phase::Welcome { .. } => {
                self.say_bye(effects);
                return Network::find(now, known, effects);
            }
            Phase::Mirror { .. }
            | Phase::Rules { .. }
            | Phase::Disagreed
            | Phase::Refused { .. }
            | Phase::Trouble(_) => {
                self.say_bye(effects);
                return Boot::again(now);
            }
        };
        Chapter::Ready(self)
    }

    /// Once it has been read that the paper was read, the story goes on.
    fn comes_from_welcome(mut self, now: Uptime, known: &mut Known, effects: &mut Vec<Effect>) -> Self {
        self.phase = match self.phase {
            Phase::Welcome { link, seat, until } if now >= until => match self.looked {
                true => Phase::Rules { link, seat },
                false => mirror(now, link, seat, known, effects),
            },
            phase => phase,
        };
        self
    }

    fn is_on_last_page(&self) -> bool {
        self.page + 1 >= RULES_PAGES
    }

    pub(super) fn holds(&self) -> Holds {
        Holds { link: self.link(), media: None }
    }

    pub(super) fn knows_a_key(&self) -> bool {
        self.invite.is_some() || self.lost_seat.is_some()
    }
}

fn mirror(now: Uptime, link: Attempt, seat: Seat, known: &mut Known, effects: &mut Vec<Effect>) -> Phase {
    Phase::Mirror { link, seat, until: now + LOOKING, chimes: Chimes::first(now, known, effects) }
}

fn open(now: Uptime, invite: &Invite, tries: usize, known: &mut Known, effects: &mut Vec<Effect>) -> Phase {
    let link = known.ask();
    effects.push(open_link(link, invite, known));
    Phase::Asking { link, until: now + ASKING, tries }
}
