//! The seat that a room keeps for this device, and how it is asked for.

use crate::model::ids::Attempt;
use crate::model::invite::Invite;
use crate::model::known::Known;
use crate::model::secret::Secret;
use crate::model::slot_clock::SlotClock;
use crate::model::turn::Effect;
use crate::model::uptime::Uptime;
use crate::model::wire::{Abilities, IceServer, PEOPLE, Proof, Slot, ToServer, Welcome, Words};

/// A seat that the room keeps for this device.
pub(in crate::appliance) struct Seat {
    pub(in crate::appliance) clock: SlotClock,
    pub(in crate::appliance) counter: Words,
    pub(in crate::appliance) rules: String,
    pub(in crate::appliance) ice_servers: Vec<IceServer>,
    pub(in crate::appliance) relay_only: bool,
    pub(in crate::appliance) resume: Secret,
}

impl Seat {
    pub(in crate::appliance) fn new(now: Uptime, welcome: Welcome) -> Self {
        Self {
            clock: SlotClock::new(now, welcome.server_time, welcome.slot, &welcome.time_zone),
            counter: welcome.counter,
            rules: welcome.rules,
            ice_servers: welcome.ice_servers,
            relay_only: welcome.relay_only,
            resume: welcome.resume,
        }
    }

    /// The appointment was given another time; the earlier credentials end with the earlier one.
    pub(in crate::appliance) fn moved(&mut self, slot: Slot, ice_servers: Vec<IceServer>) {
        self.clock.move_to(slot);
        self.ice_servers = ice_servers;
    }
}

/// Opens a line to the invite's server.
pub(in crate::appliance) fn open_link(attempt: Attempt, invite: &Invite, known: &Known) -> Effect {
    let trust_anchors = known.loan.as_ref().map(|loan| loan.trust_anchors.clone()).unwrap_or_default();
    Effect::OpenLink { attempt, address: invite.websocket_url("/ws"), trust_anchors }
}

/// The first message on a line.
pub(in crate::appliance) fn hello(proof: Proof, known: &Known) -> ToServer {
    let senses = [(known.camera, "camera"), (known.microphone, "microphone")];
    let senses = senses.into_iter().filter(|(is_there, _)| *is_there).map(|(_, name)| name);
    let abilities: Abilities = ["appliance", "vp8", PEOPLE].into_iter().chain(senses).collect();
    ToServer::hello(proof, known.language, abilities, known.firmware.clone())
}
