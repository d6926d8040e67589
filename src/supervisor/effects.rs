//! Carries out what the core decided: each effect becomes one ask of one device.

use super::Devices;
use crate::device::link::LinkAsk;
use crate::device::media::MediaAsk;
use crate::device::network::NetworkAsk;
use crate::device::slot::SlotAsk;
use crate::device::sound::SoundAsk;
use crate::device::store::StoreAsk;
use crate::model::stick::LoanOrder;
use crate::model::turn::Effect;
use std::time::Duration;
use tokio::sync::mpsc;

/// A device that does not take an ask within this time is stuck: its task is as good as dead.
const TAKING: Duration = Duration::from_secs(5);

/// A device that no longer takes asks.
#[derive(Debug, thiserror::Error)]
#[error("the {device} does not take what it is asked; restart the supervisor")]
pub(super) struct Stuck {
    device: &'static str,
}

impl Devices {
    /// Asks the device that the effect is for.
    ///
    /// # Errors
    /// [`Stuck`] when the device does not take it in time.
    pub(super) async fn carry_out(&self, effect: Effect) -> Result<(), Stuck> {
        match effect {
            Effect::JoinWifi { attempt, wifi } => self.network_ask(NetworkAsk::Join { attempt, wifi }).await,
            Effect::JoinKnown { attempt } => self.network_ask(NetworkAsk::JoinKnown { attempt }).await,
            Effect::CheckNetwork { attempt } => self.network_ask(NetworkAsk::Check { attempt }).await,
            Effect::ForgetNetwork { attempt } => self.network_ask(NetworkAsk::Forget { attempt }).await,
            Effect::OpenLink { attempt, address, trust_anchors } => {
                self.link_ask(LinkAsk::Open { attempt, address, trust_anchors }).await
            }
            Effect::Say { attempt, message } => self.link_ask(LinkAsk::Say { attempt, message }).await,
            Effect::CloseLink => self.link_ask(LinkAsk::Close).await,
            Effect::BuildMedia { attempt, epoch, ice_servers, relay_only } => {
                self.media_ask(MediaAsk::Build { attempt, epoch, ice_servers, relay_only }).await
            }
            Effect::MediaAnswer { attempt, sdp } => self.media_ask(MediaAsk::Answer { attempt, sdp }).await,
            Effect::MediaCandidate { attempt, candidate } => {
                self.media_ask(MediaAsk::Candidate { attempt, candidate }).await
            }
            Effect::Gate { attempt, gates } => self.media_ask(MediaAsk::Gate { attempt, gates }).await,
            Effect::CloseMedia => self.media_ask(MediaAsk::Close).await,
            Effect::OweWipe { attempt, returned } => self.store_ask(StoreAsk::OweWipe { attempt, returned }).await,
            Effect::Wipe { attempt, step } => self.store_ask(StoreAsk::Wipe { attempt, step }).await,
            Effect::WipeDone { attempt } => self.store_ask(StoreAsk::WipeDone { attempt }).await,
            Effect::Chime => ask("speaker", &self.sound.asks, SoundAsk::Chime).await,
            Effect::Update { attempt, bundle, by_hand } => {
                self.slot_ask(SlotAsk::Update { attempt, bundle, by_hand }).await
            }
            Effect::UpdateFromCounter { attempt, hosts, trust_anchors } => {
                self.slot_ask(SlotAsk::FromCounter { attempt, hosts, trust_anchors }).await
            }
            Effect::AbandonUpdate { attempt } => self.slot_ask(SlotAsk::Abandon { attempt }).await,
            Effect::Restart => self.slot_ask(SlotAsk::Restart).await,
            Effect::Lend { attempt, order } => {
                let LoanOrder { loan, text, .. } = *order;
                // The scanner must know its counters by the time that the core knows the loan.
                self.loan.send_replace(Some(loan));
                self.store_ask(StoreAsk::Lend { attempt, text }).await
            }
        }
    }

    async fn network_ask(&self, asked: NetworkAsk) -> Result<(), Stuck> {
        ask("network", &self.network.asks, asked).await
    }

    async fn link_ask(&self, asked: LinkAsk) -> Result<(), Stuck> {
        ask("signalling line", &self.link.asks, asked).await
    }

    async fn media_ask(&self, asked: MediaAsk) -> Result<(), Stuck> {
        ask("media", &self.media.asks, asked).await
    }

    async fn slot_ask(&self, asked: SlotAsk) -> Result<(), Stuck> {
        ask("slots", &self.slot.asks, asked).await
    }

    async fn store_ask(&self, asked: StoreAsk) -> Result<(), Stuck> {
        ask("store", &self.store.asks, asked).await
    }
}

pub(super) async fn ask<Ask>(device: &'static str, to: &mpsc::Sender<Ask>, asked: Ask) -> Result<(), Stuck> {
    match tokio::time::timeout(TAKING, to.send(asked)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Stuck { device }),
    }
}
