//! Joining: by a code, a network that this loan knows, one that was lost.

use super::known::{self, Known};
use super::{End, LOOK_FOR_KNOWN, Network, Work, join, survey};
use crate::model::screen::NetworkTrouble;
use crate::model::verdict::Security;
use crate::model::wifi_code::WifiCode;
use nmrs::NetworkManager;

impl Network {
    /// Looks again for a network that this loan knows: a router that was switched off may be back.
    pub(super) async fn seek(&mut self, nm: &NetworkManager) -> Result<(), End> {
        match self.join_known(nm).await {
            Work::Done(Ok(())) => tracing::info!("a known network is back, and joined"),
            Work::Done(Err(_)) => {}
            Work::Interrupted(ask) => {
                join::leave(nm).await;
                Box::pin(self.asked(nm, ask)).await?;
            }
            Work::Gone => return Err(End::Gone),
        }
        Ok(())
    }

    pub(super) async fn rejoin(&mut self, nm: &NetworkManager, wifi: &WifiCode, security: Security) -> Result<(), End> {
        // A cable that comes in meanwhile is not kept waiting.
        let rejoining = async {
            tokio::select! {
                joined = join::join(nm, wifi, Some(security), join::LOOK_WITHIN) => Some(joined),
                () = survey::until_wired(nm) => None,
            }
        };
        match self.unless_weaker(nm, Some(security), rejoining).await {
            // Something else had come up, and has been left.
            Work::Done(Err(_)) => {}
            Work::Done(Ok(None)) => tracing::info!("a cable is in: the lost network can wait"),
            Work::Done(Ok(Some(Ok(_)))) => {
                self.failing = None;
                tracing::info!("the lost network is joined again");
            }
            Work::Done(Ok(Some(Err(trouble)))) => {
                use NetworkTrouble::{LineLost, NotInTheAir, NotOnThisBand, TooWeak};
                let out_of_reach = matches!(trouble, LineLost | NotInTheAir | NotOnThisBand | TooWeak);
                self.failing = Some(trouble).filter(|_| !out_of_reach);
                tracing::info!("joining the lost network again: {trouble:?}");
            }
            Work::Interrupted(ask) => {
                join::leave(nm).await;
                Box::pin(self.asked(nm, ask)).await?;
            }
            Work::Gone => return Err(End::Gone),
        }
        Ok(())
    }

    /// Joins what a code says, keeps it as known, and looks whether there is internet.
    pub(super) async fn join(&mut self, nm: &NetworkManager, mut wifi: WifiCode) -> Work<Result<(), NetworkTrouble>> {
        let mut known = Known::read(self.known.clone());
        let least = known.least(&wifi);
        // What was joined before may still be up, and be less than this one demands: no more is asked of it meanwhile.
        let joining = self.unless_weaker(nm, None, join::join(nm, &wifi, least, join::LOOK_WITHIN)).await;
        let joined = match joining.flatten() {
            Work::Done(Ok(joined)) => {
                // The next look calls it at once.
                wifi.hidden = joined.hidden;
                joined.security
            }
            Work::Done(Err(trouble)) => return Work::Done(Err(trouble)),
            Work::Interrupted(ask) => return Work::Interrupted(ask),
            Work::Gone => return Work::Gone,
        };
        let looked = self.internet(nm, joined).await;
        let Work::Done(internet) = looked else { return looked };
        if matches!(internet, Ok(()) | Err(NetworkTrouble::NoInternet | NetworkTrouble::NoNames))
            && let Err(why) = known.learn(&wifi, joined)
        {
            tracing::warn!("the joined network is not kept for the next start: {why}");
        }
        // A page may be agreed to meanwhile; the next start does not go there by itself.
        let is_kept = matches!(
            internet,
            Ok(()) | Err(NetworkTrouble::NoInternet | NetworkTrouble::NoNames | NetworkTrouble::Portal)
        );
        self.wanted = is_kept.then_some((wifi, joined));
        Work::Done(internet)
    }

    /// Joins the first known network that is in the air and works; the first trouble of those that are there otherwise.
    pub(super) async fn join_known(&mut self, nm: &NetworkManager) -> Work<Result<(), NetworkTrouble>> {
        self.seeking = true;
        let known = Known::read(self.known.clone());
        let wifis: Vec<_> = known.networks().iter().map(known::Network::wifi).collect();
        let in_reach = match self.unless_weaker(nm, None, join::in_reach(nm, wifis, LOOK_FOR_KNOWN)).await {
            Work::Done(Ok(Ok(in_reach))) => in_reach,
            Work::Done(Ok(Err(trouble)) | Err(trouble)) => return Work::Done(Err(trouble)),
            Work::Interrupted(ask) => return Work::Interrupted(ask),
            Work::Gone => return Work::Gone,
        };
        let mut trouble = NetworkTrouble::NotInTheAir;
        for wifi in in_reach {
            let joining = self.unless_weaker(nm, None, join::join(nm, &wifi, known.least(&wifi), LOOK_FOR_KNOWN)).await;
            match joining.flatten() {
                Work::Done(Ok(joined)) => {
                    (self.wanted, self.failing, self.left) = (Some((wifi, joined.security)), None, None);
                    return self.internet(nm, joined.security).await;
                }
                Work::Done(Err(why)) if trouble == NetworkTrouble::NotInTheAir => trouble = why,
                Work::Done(Err(_)) => {}
                Work::Interrupted(ask) => return Work::Interrupted(ask),
                Work::Gone => return Work::Gone,
            }
        }
        Work::Done(Err(trouble))
    }
}
