//! What the appliance knows about the world from one chapter to the next.

use super::ids::Attempt;
use super::invite::Invite;
use super::language::Language;
use super::loan::Loan;
use super::screen::{Aside, NetworkTrouble, Telephone};
use super::stick::{
    Followed, Held, HeldTrouble, KeyRefused, LoanOrder, PaperRefusal, ReturnOrder, Stick, StickId, StickNews,
};
use super::turn::{Fact, TvSound};
use super::uptime::Uptime;
use jiff::Timestamp;

/// Facts that outlive a chapter. Secrets do not belong here, but for a room key shown before the Wi-Fi code.
#[derive(Default)]
pub struct Known {
    /// The loan.
    pub loan: Option<Loan>,
    /// The language of the screens.
    pub language: Language,
    /// A person chose the language with the button: a code no longer changes it.
    language_chosen: bool,
    /// Host of the room server that the paper named: its counter's telephone stands on the screens.
    pub counter_host: Option<String>,
    /// A camera is there.
    pub camera: bool,
    /// A microphone is there.
    pub microphone: bool,
    /// It is open and gives nothing but zeros.
    pub microphone_silent: bool,
    /// The TV plays sound.
    pub speaker: bool,
    /// The wall clock may be believed.
    pub clock: bool,
    /// What it said at which moment.
    pub wall: Option<(Uptime, Timestamp)>,
    /// The other slot is being written.
    pub updating: bool,
    /// How the last chime came back from the TV, where a microphone could tell.
    pub tv_heard: Option<TvSound>,
    /// A cable is in.
    pub cable: bool,
    /// The accepted network carries traffic.
    pub carries: bool,
    /// Why it does not, where known.
    pub trouble: Option<NetworkTrouble>,
    /// The paper was shown before the Wi-Fi code.
    pub remembered: Option<Invite>,
    /// The sticks that are in, with what is still to be done about them.
    pub sticks: Vec<Stick>,
    /// The last update went back, and nobody has been told yet.
    pub went_back: bool,
    /// The memory was damaged and has been made anew.
    pub made_anew: bool,
    /// The memory does not say whom the device is lent to: any of the city's return orders counts.
    pub unreadable: bool,
    /// A loan lies in the memory that is no longer followed: its number. What came with it is wiped by a return order.
    pub refused_loan: Option<(String, PaperRefusal)>,
    /// City keys that count for nothing, and of which nobody has been told yet.
    pub refused_keys: Vec<KeyRefused>,
    /// A development build.
    pub development: bool,
    /// Which papers were followed last.
    pub followed: Followed,
    /// The board's serial number.
    pub device: Option<String>,
    /// Version of the running system, where it is an image.
    pub firmware: Option<String>,
    /// The counter said that this version is too old: the device is to be brought back.
    pub outdated: bool,
    /// When the return order was signed that is being carried out.
    pub returning: Option<u64>,
    /// Everything was wiped since power-on: the memory's key is gone, and nothing may be written before the next start.
    pub wiped: bool,
    asked: Attempt,
}

impl Known {
    /// Takes a fact; says whether it is news.
    pub fn learn(&mut self, fact: Fact) -> bool {
        let before = self.facts();
        match fact {
            Fact::Camera { present } => self.camera = present,
            Fact::Microphone { present } => {
                self.microphone = present;
                self.microphone_silent &= present;
                // Without it nothing is known of the TV any more.
                self.tv_heard = self.tv_heard.filter(|_| present);
            }
            Fact::MicrophoneSilent { silent } => self.microphone_silent = silent,
            Fact::Speaker { present } => self.speaker = present,
            Fact::Chime(sound) => self.tv_heard = Some(sound),
            Fact::Clock { known } => self.clock = known,
            Fact::Cable { plugged } => self.cable = plugged,
            // Time alone changes nothing that is shown.
            Fact::Wall { .. } => {}
            Fact::Carries { up, trouble } => (self.carries, self.trouble) = (up, trouble),
        }
        before != self.facts()
    }

    fn facts(&self) -> impl PartialEq + use<> {
        let senses = (self.camera, self.microphone, self.microphone_silent, self.speaker);
        (senses, self.tv_heard, self.clock, self.cable, self.carries, self.trouble)
    }

    /// A number for a new question.
    pub fn ask(&mut self) -> Attempt {
        self.asked = self.asked.next();
        self.asked
    }

    /// Whom to phone: the counter that the paper named, else the loan's first.
    pub fn telephone(&self) -> Option<&Telephone> {
        let loan = self.loan.as_ref()?;
        let named = self.counter_host.as_ref().and_then(|host| loan.counter_at(host));
        named.map(|counter| &counter.telephone).or_else(|| loan.telephone())
    }

    /// Another language can be chosen.
    pub fn speaks_another_language(&self) -> bool {
        self.loan.as_ref().is_some_and(|loan| loan.language_after(self.language) != self.language)
    }

    /// A person presses for the loan's next language.
    pub fn choose_next_language(&mut self) {
        if let Some(loan) = self.loan.as_ref().filter(|_| self.speaks_another_language()) {
            self.language = loan.language_after(self.language);
            self.language_chosen = true;
        }
    }

    /// The language printed into a code counts unless a person chose one.
    pub fn read_language(&mut self, printed: Option<Language>) {
        self.language = printed.filter(|_| !self.language_chosen).unwrap_or(self.language);
    }

    /// The network that the city forbids, if that is why it is down: nothing may go on over it.
    pub fn forbidden(&self) -> Option<NetworkTrouble> {
        self.trouble.filter(|trouble| !self.carries && trouble.is_refusal())
    }

    /// The same while the line to the room stands. A page that comes in between is no reason then: the line is
    /// authenticated and says by itself when it is lost, and the word on the page comes from a third party over plain HTTP.
    pub fn forbidden_in_room(&self) -> Option<NetworkTrouble> {
        self.forbidden().filter(|trouble| *trouble != NetworkTrouble::Portal)
    }

    /// Why the home's network is down, if the person can do something about it: another code, another network.
    pub fn lost_because(&self) -> Option<NetworkTrouble> {
        let another = |trouble: &NetworkTrouble| trouble.is_refusal() || *trouble == NetworkTrouble::WrongPassword;
        self.trouble.filter(another).filter(|_| !self.carries)
    }

    /// What to say beside the sentence where the family and the counter see and hear each other.
    pub fn missing_senses(&self) -> Option<Aside> {
        match (self.camera, self.microphone, self.speaker) {
            (true, true, true) => None,
            (false, true, true) => Some(Aside::NoCamera),
            (true, false, true) => Some(Aside::NoMicrophone),
            (false, false, true) => Some(Aside::NoCameraNorMicrophone),
            (true, true, false) => Some(Aside::NoSpeaker),
            (false, true, false) => Some(Aside::NoCameraNorSpeaker),
            (true, false, false) => Some(Aside::NoMicrophoneNorSpeaker),
            (false, false, false) => Some(Aside::NoCameraMicrophoneNorSpeaker),
        }
    }

    /// What to say where a microphone gives nothing at all.
    pub fn silent_microphone(&self) -> Option<Aside> {
        self.microphone_silent.then_some(Aside::SilentMicrophone)
    }

    /// What to say where nothing of the TV's sound came back, or too much of it.
    pub fn wrong_volume(&self) -> Option<Aside> {
        match self.tv_heard {
            // A microphone that is muted cannot tell.
            Some(TvSound::Unheard) if !self.microphone_silent => Some(Aside::SilentTv),
            Some(TvSound::TooLoud) => Some(Aside::LoudTv),
            _ => None,
        }
    }

    /// What to say beside the self-view: what is missing first, then what does not do its work.
    pub fn check_of_senses(&self) -> Option<Aside> {
        self.missing_senses().or_else(|| self.silent_microphone()).or_else(|| self.wrong_volume())
    }

    /// What to say where nothing else goes on.
    pub fn bring_back(&self) -> Option<Aside> {
        self.outdated.then_some(Aside::BringBack)
    }

    /// Takes what happened at the USB sockets; gives the id of a stick that is gone.
    pub fn plugged(&mut self, news: StickNews) -> Option<StickId> {
        match news {
            StickNews::In(mut stick) => {
                stick.forget_returned_loan();
                self.sticks.push(stick);
                None
            }
            StickNews::Out(id) => {
                self.sticks.retain(|stick| stick.id != id);
                Some(id)
            }
        }
    }

    /// Takes what the store holds, but for a wipe that is owed.
    pub fn hold(&mut self, held: Held) {
        self.made_anew = held.made_anew;
        self.refused_keys = held.refused_keys;
        self.development = held.development;
        self.followed = held.followed;
        self.device = held.device;
        self.firmware = held.firmware;
        self.unreadable = held.loan.is_err();
        match held.loan {
            Ok(Some(loan)) => self.lend(loan),
            Err(HeldTrouble::Refused { id, why }) => self.refused_loan = Some((id, why)),
            Ok(None) | Err(HeldTrouble::Unreadable(_)) => {}
        }
    }

    /// Something lies on a stick that nobody has dealt with, or is to be said about the last update or a key.
    pub fn has_work(&self) -> bool {
        self.went_back || !self.refused_keys.is_empty() || self.sticks.iter().any(Stick::brings_something)
    }

    /// The device is lent from now on; its screens begin in the loan's first language.
    pub fn lend(&mut self, loan: Loan) {
        self.language = loan.languages.first().copied().unwrap_or_default();
        self.made_anew = false;
        self.unreadable = false;
        self.refused_loan = None;
        self.loan = Some(loan);
    }

    /// A stick orders the loan in force to be returned; the order is taken off the stick.
    pub fn take_return(&mut self) -> bool {
        let meant = |stick: &Stick| matches!(&stick.give_back, Some(Ok(order)) if self.return_refusal(order).is_none());
        let Some(place) = self.sticks.iter().position(meant) else { return false };
        let order = self.sticks.get_mut(place).and_then(|stick| stick.give_back.take());
        let signed = order.and_then(Result::ok).map(|order| order.signed);
        self.returning = signed;
        self.followed = self.followed.newest(Followed { lent: None, returned: signed });
        signed.is_some()
    }

    /// Why a return order is not carried out; nothing where it is.
    pub fn return_refusal(&self, order: &ReturnOrder) -> Option<PaperRefusal> {
        if let Some(why) = self.other_device(order.device.as_ref()) {
            return Some(why);
        }
        if !self.followed.takes_return(order.signed) {
            return Some(PaperRefusal::OldReturn);
        }
        match &self.loan {
            Some(loan) if loan.id != order.loan => Some(PaperRefusal::OtherLoan { id: loan.id.clone() }),
            // Made for an earlier loan of the same number.
            Some(_) if self.followed.lent.is_some_and(|lent| order.signed < lent) => Some(PaperRefusal::OldReturn),
            None if !self.unreadable => Some(PaperRefusal::NothingLent),
            _ => None,
        }
    }

    /// Why a loan that is not the one in force is not followed; nothing where it is.
    pub fn loan_refusal(&self, order: &LoanOrder) -> Option<PaperRefusal> {
        if let Some(why) = self.other_device(order.loan.device.as_ref()) {
            return Some(why);
        }
        // What a family left with a loan that is no longer followed is not the next one's: it is returned first.
        let lent = self.loan.as_ref().map(|loan| &loan.id).or(self.refused_loan.as_ref().map(|(id, _)| id));
        match lent {
            Some(lent) if *lent != order.loan.id => Some(PaperRefusal::AlreadyLent { id: lent.clone() }),
            _ if self.clock && order.past => Some(PaperRefusal::Expired),
            _ => (!self.followed.takes_loan(order.signed)).then_some(PaperRefusal::OldLoan),
        }
    }

    fn other_device(&self, wanted: Option<&String>) -> Option<PaperRefusal> {
        let other = wanted.is_some_and(|wanted| Some(wanted) != self.device.as_ref());
        other.then(|| PaperRefusal::OtherDevice { own: self.device.clone().unwrap_or_default() })
    }

    /// Everything that came with the loan and the family is forgotten.
    pub fn forget(&mut self) {
        self.made_anew = false;
        self.unreadable = false;
        self.refused_loan = None;
        self.wiped = true;
        // An order that came during the wipe is followed by it.
        self.sticks.iter_mut().for_each(|stick| stick.give_back = None);
        self.loan = None;
        self.remembered = None;
        self.counter_host = None;
        self.language = Language::default();
        self.language_chosen = false;
    }
}
