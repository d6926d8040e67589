//! Translates between what devices say and what the core understands, one to one.

use crate::device::link::LinkEvent;
use crate::device::media::{Gates, MediaEvent, MediaNews as DeviceMedia};
use crate::device::network::NetworkEvent;
use crate::device::slot::SlotEvent;
use crate::device::sound::SoundEvent;
use crate::device::store::StoreEvent;
use crate::model::turn::{Fact, Input, LinkNews, MediaGates, MediaNews, Told};

impl From<LinkEvent> for Input {
    fn from(event: LinkEvent) -> Self {
        let (attempt, news) = match event {
            LinkEvent::Opened { attempt } => (attempt, LinkNews::Opened),
            LinkEvent::Heard { attempt, message } => (attempt, LinkNews::Heard(message)),
            LinkEvent::Closed { attempt, why } => (attempt, LinkNews::Closed(why)),
        };
        Self::Told(Told::Link { attempt, news })
    }
}

impl From<MediaEvent> for Input {
    fn from(event: MediaEvent) -> Self {
        let news = match event.what {
            DeviceMedia::Offer(sdp) => MediaNews::Offer(sdp),
            DeviceMedia::Candidate(candidate) => MediaNews::Candidate(candidate),
            DeviceMedia::Connected => MediaNews::Connected,
            DeviceMedia::Unverified(why) => MediaNews::Unverified(why),
            DeviceMedia::FirstPicture => MediaNews::FirstPicture,
            DeviceMedia::PathDead => MediaNews::PathDead,
            DeviceMedia::Stats(stats) => MediaNews::Stats(stats),
            DeviceMedia::Failed(what) => MediaNews::Failed(what),
        };
        Self::Told(Told::Media { attempt: event.attempt, news })
    }
}

impl From<MediaGates> for Gates {
    fn from(gates: MediaGates) -> Self {
        Self { picture: gates.picture, sound: gates.sound, show: gates.show }
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
