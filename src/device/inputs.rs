//! What devices say, as the appliance's inputs.

use super::link::LinkEvent;
use super::media::MediaEvent;
use super::network::NetworkEvent;
use super::slot::SlotEvent;
use super::sound::SoundEvent;
use super::store::StoreEvent;
use crate::model::turn::{Fact, Input, Told};

impl From<LinkEvent> for Input {
    fn from(LinkEvent { attempt, news }: LinkEvent) -> Self {
        Self::Told(Told::Link { attempt, news })
    }
}

impl From<MediaEvent> for Input {
    fn from(MediaEvent { attempt, news }: MediaEvent) -> Self {
        Self::Told(Told::Media { attempt, news })
    }
}

impl From<NetworkEvent> for Input {
    fn from(event: NetworkEvent) -> Self {
        match event {
            NetworkEvent::Cable { plugged } => Self::World(Fact::Cable { plugged }),
            NetworkEvent::Carries { up, trouble } => Self::World(Fact::Carries { up, trouble }),
            NetworkEvent::Answer { attempt, news } => Self::Told(Told::Network { attempt, news }),
        }
    }
}

impl From<SoundEvent> for Input {
    fn from(event: SoundEvent) -> Self {
        match event {
            SoundEvent::Level(level) => Self::Level(level),
            SoundEvent::Microphone { present } => Self::World(Fact::Microphone { present }),
            SoundEvent::MicrophoneSilent(silent) => Self::World(Fact::MicrophoneSilent { silent }),
            SoundEvent::Speaker { present } => Self::World(Fact::Speaker { present }),
            SoundEvent::Chime(sound) => Self::World(Fact::Chime(sound)),
        }
    }
}

impl From<SlotEvent> for Input {
    fn from(event: SlotEvent) -> Self {
        match event {
            SlotEvent::WentBack => Self::Told(Told::WentBack),
            SlotEvent::Update { attempt, news } => Self::Told(Told::Update { attempt, news }),
        }
    }
}

impl From<StoreEvent> for Input {
    fn from(event: StoreEvent) -> Self {
        match event {
            StoreEvent::Held(held) => Self::Told(Told::Held(Box::new(held))),
            StoreEvent::BootFiles(number) => Self::Told(Told::BootFiles(number)),
            StoreEvent::Done { attempt, result } => Self::Told(Told::Stored { attempt, result }),
        }
    }
}
