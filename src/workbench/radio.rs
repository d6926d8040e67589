//! The virtual radio and cable as a pure machine: asks and changes in, network events out, time as an argument.
//!
//! It follows the real adapter's contract: the beacon is judged before and after joining, a verdict that worsens
//! while connected disconnects, and every trouble that a home can have is told by its name.

mod choice;

use super::air::{AccessPoint, Adapter, Internet};
use crate::device::network::{NetworkAsk, NetworkEvent, NetworkNews};
use crate::model::ids::Attempt;
use crate::model::screen::NetworkTrouble;
use crate::model::uptime::Uptime;
use crate::model::verdict::Security;
use crate::model::wifi_code::WifiCode;
use std::collections::VecDeque;
use std::time::Duration;

/// How long the steps of joining take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Looking around.
    pub scan: Duration,
    /// Association and handshake.
    pub associate: Duration,
    /// Address, names, and the look whether the internet can be reached.
    pub address: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let millis = Duration::from_millis;
        Self { scan: millis(900), associate: millis(700), address: millis(600) }
    }
}

/// A change of what is around the box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// An access point appears, or the one of that number changes.
    Put(AccessPoint),
    /// The access point of this number goes.
    Remove(u32),
    /// The cable, with what lies behind it, or no cable.
    Cable(Option<Internet>),
    /// What the box's radio can do.
    Adapter(Adapter),
    /// The line between this home and the rest of the world is cut, or whole again.
    Cut(bool),
}

/// The machine.
pub struct Radio {
    pace: Pace,
    adapter: Adapter,
    air: Vec<AccessPoint>,
    cable: Option<Internet>,
    cut: bool,
    /// From this moment on the cable has an address.
    cable_ready: Uptime,
    asked: Option<Asked>,
    joined: Option<Joined>,
    /// Why the last Wi-Fi is no longer joined.
    lost: Option<NetworkTrouble>,
    /// The code of the last join, until it is forgotten.
    known: Option<WifiCode>,
    told_cable: Option<bool>,
    told_carries: Option<Result<(), Option<NetworkTrouble>>>,
    events: VecDeque<NetworkEvent>,
}

struct Asked {
    attempt: Attempt,
    step: Step,
    due: Uptime,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Scan,
    Associate(Security),
    Address(Security),
    CheckCable,
}

struct Joined {
    wifi: WifiCode,
    security: Security,
}

impl Radio {
    /// A radio with these access points around it, and perhaps a cable.
    pub fn new(pace: Pace, air: Vec<AccessPoint>, cable: Option<Internet>) -> Self {
        Self {
            pace,
            adapter: Adapter::default(),
            air,
            cable,
            cut: false,
            cable_ready: Uptime::ZERO + pace.address,
            asked: None,
            joined: None,
            lost: None,
            known: None,
            told_cable: None,
            told_carries: None,
            events: VecDeque::new(),
        }
    }

    /// Takes a question. A newer one replaces one that was not answered yet.
    pub fn ask(&mut self, now: Uptime, ask: NetworkAsk) {
        match ask {
            NetworkAsk::Join { attempt, wifi } => {
                self.leave(None);
                self.known = Some(wifi);
                self.begin(attempt, Step::Scan, now + self.pace.scan);
            }
            NetworkAsk::JoinKnown { attempt } if self.known.is_none() => {
                let trouble = self.adapter.works().err().unwrap_or(NetworkTrouble::NotInTheAir);
                self.answer(attempt, NetworkNews::Trouble(trouble));
            }
            NetworkAsk::JoinKnown { attempt } => {
                self.leave(None);
                self.begin(attempt, Step::Scan, now + self.pace.scan);
            }
            NetworkAsk::Check { attempt } if self.cable.is_some() => {
                self.begin(attempt, Step::CheckCable, now + self.pace.address);
            }
            NetworkAsk::Check { attempt } => self.begin(attempt, Step::Scan, now + self.pace.scan),
            NetworkAsk::Forget { attempt } => {
                self.leave(None);
                self.known = None;
                self.asked = None;
                self.answer(attempt, NetworkNews::Forgotten);
            }
        }
        self.poll(now);
    }

    /// Takes a change of the surroundings.
    ///
    /// # Errors
    /// A sentence, when such a thing cannot be.
    pub fn change(&mut self, now: Uptime, change: Change) -> Result<(), String> {
        match change {
            Change::Put(point) => {
                point.check()?;
                match self.air.iter_mut().find(|known| known.id == point.id) {
                    Some(known) => *known = point,
                    None => self.air.push(point),
                }
            }
            Change::Remove(id) => {
                let before = self.air.len();
                self.air.retain(|point| point.id != id);
                if self.air.len() == before {
                    return Err(format!("there is no access point number {id}"));
                }
            }
            Change::Cable(cable) => {
                if cable.is_some() && self.cable.is_none() {
                    self.cable_ready = now + self.pace.address;
                }
                self.cable = cable;
            }
            Change::Adapter(adapter) => self.adapter = adapter,
            Change::Cut(cut) => self.cut = cut,
        }
        self.poll(now);
        Ok(())
    }

    /// Does what is due at `now`.
    pub fn poll(&mut self, now: Uptime) {
        while let Some(asked) = self.asked.take_if(|asked| asked.due <= now) {
            self.step(asked);
        }
        if let Some(joined) = &self.joined
            && self.adapter.works().is_ok()
            && matches!(self.associate(&joined.wifi, joined.security), Err(NetworkTrouble::Downgraded))
        {
            self.leave(Some(NetworkTrouble::Downgraded));
        }
        self.tell(now);
    }

    /// When something is due by itself.
    pub fn wake_at(&self, now: Uptime) -> Option<Uptime> {
        let cable = (self.cable.is_some() && self.cable_ready > now).then_some(self.cable_ready);
        self.asked.as_ref().map(|asked| asked.due).into_iter().chain(cable).min()
    }

    /// The next thing to say.
    pub fn next_event(&mut self) -> Option<NetworkEvent> {
        self.events.pop_front()
    }

    /// What is in the air.
    pub fn air(&self) -> &[AccessPoint] {
        &self.air
    }

    /// What lies behind the cable, if one is in.
    pub fn cable(&self) -> Option<Internet> {
        self.cable
    }

    /// What the box's radio can do.
    pub fn adapter(&self) -> Adapter {
        self.adapter
    }

    /// Whether the line is cut.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// The name of the Wi-Fi that is joined.
    pub fn joined(&self) -> Option<&str> {
        self.joined.as_ref().map(|joined| joined.wifi.ssid.as_str())
    }

    /// Whether the passphrase of a network is still held.
    pub fn remembers(&self) -> bool {
        self.known.is_some()
    }

    /// Whether traffic passes, and why not where that is known.
    ///
    /// # Errors
    /// The trouble, or nothing where no network was ever tried.
    pub fn carries(&self, now: Uptime) -> Result<(), Option<NetworkTrouble>> {
        let cable = self.cable.filter(|_| self.cable_ready <= now).map(Internet::reach);
        let wifi = self.joined.as_ref().map(|joined| self.reach(joined));
        let trouble = match (cable, wifi) {
            (Some(Ok(())), _) | (_, Some(Ok(()))) if self.cut => Some(NetworkTrouble::NoInternet),
            (Some(Ok(())), _) | (_, Some(Ok(()))) => return Ok(()),
            (Some(Err(trouble)), _) | (None, Some(Err(trouble))) => Some(trouble),
            (None, None) => self.lost,
        };
        Err(trouble)
    }

    fn begin(&mut self, attempt: Attempt, step: Step, due: Uptime) {
        self.asked = Some(Asked { attempt, step, due });
    }

    fn answer(&mut self, attempt: Attempt, news: NetworkNews) {
        self.events.push_back(NetworkEvent::Answer { attempt, news });
    }

    fn leave(&mut self, why: Option<NetworkTrouble>) {
        self.joined = None;
        self.lost = why;
    }

    fn step(&mut self, asked: Asked) {
        let Asked { attempt, step, due } = asked;
        match self.try_step(step) {
            Ok(Some((next, wait))) => self.begin(attempt, next, due + wait),
            Ok(None) => self.answer(attempt, NetworkNews::Up),
            Err(trouble) => {
                if step != Step::CheckCable {
                    self.leave(Some(trouble));
                }
                self.answer(attempt, NetworkNews::Trouble(trouble));
            }
        }
    }

    /// Does one step; says which comes next, and after what time.
    fn try_step(&mut self, step: Step) -> Result<Option<(Step, Duration)>, NetworkTrouble> {
        if step == Step::CheckCable {
            self.cable.ok_or(NetworkTrouble::NoInternet)?.reach()?;
            return if self.cut { Err(NetworkTrouble::NoInternet) } else { Ok(None) };
        }
        self.adapter.works()?;
        let known = self.known.as_ref().ok_or(NetworkTrouble::NotInTheAir)?;
        match step {
            Step::CheckCable => Ok(None),
            Step::Scan => {
                let (_, security) = self.find(known, None)?;
                Ok(Some((Step::Associate(security), self.pace.associate)))
            }
            Step::Associate(security) => {
                let (_, security) = self.associate(known, security)?;
                Ok(Some((Step::Address(security), self.pace.address)))
            }
            Step::Address(security) => {
                let joined = Joined { wifi: known.clone(), security };
                self.reach(&joined)?;
                if self.cut {
                    return Err(NetworkTrouble::NoInternet);
                }
                self.joined = Some(joined);
                self.lost = None;
                Ok(None)
            }
        }
    }

    /// Whether the joined Wi-Fi reaches the internet.
    fn reach(&self, joined: &Joined) -> Result<(), NetworkTrouble> {
        self.adapter.works()?;
        self.associate(&joined.wifi, joined.security)?.0.behind.reach()
    }

    /// Says what changed since it was said last.
    fn tell(&mut self, now: Uptime) {
        let plugged = self.cable.is_some();
        if self.told_cable.replace(plugged) != Some(plugged) {
            self.events.push_back(NetworkEvent::Cable { plugged });
        }
        let carries = self.carries(now);
        if self.told_carries.replace(carries) != Some(carries) {
            self.events.push_back(NetworkEvent::Carries { up: carries.is_ok(), trouble: carries.err().flatten() });
        }
    }
}

#[cfg(test)]
mod tests;
