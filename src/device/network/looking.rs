//! Looking at the whole network, and telling what is new.

use super::{ANSWERED, End, Network, NetworkEvent, UNANSWERED, join, survey};
use crate::model::screen::NetworkTrouble;
use nmrs::NetworkManager;
use tokio::time::Instant;

impl Network {
    /// Looks at the whole network, tells what changed, and leaves a Wi-Fi that is not accepted (any more) or that nobody
    /// asked for.
    pub(super) async fn look(&mut self, nm: &NetworkManager) -> Result<(), End> {
        // A question that was not answered tells nothing new; the next look is near.
        let Some(mut seen) = survey::survey(nm, self.least()).await else {
            self.unanswered += 1;
            if self.unanswered < UNANSWERED {
                return Ok(());
            }
            // Nothing goes on over what nobody can look at; counted anew, so that a deaf NetworkManager is not asked without
            // a pause.
            self.unanswered = 0;
            self.told(self.cable == Some(true), Err(Some(NetworkTrouble::LineLost))).await?;
            return Err(End::Lost);
        };
        self.unanswered = 0;
        let foreign = seen.wireless && self.wanted.is_none();
        if foreign || seen.verdict.is_err() {
            self.leave(nm, seen.verdict.err()).await;
            match survey::survey(nm, None).await {
                Some(now) => seen = now,
                None => return Ok(()),
            }
        }
        (self.wireless, self.wired) = (seen.wireless, seen.wired);
        let mut carries = seen.carries;
        if carries == Err(Some(NetworkTrouble::NoInternet)) && self.counter_answers().await {
            carries = Ok(());
        }
        if seen.wireless && (self.wanted.is_none() || seen.verdict.is_err()) {
            // It could not be left: nothing goes over it all the same.
            carries = Err(Some(self.left.unwrap_or(NetworkTrouble::Downgraded)));
        }
        if carries == Err(None) {
            let lost = self.failing.unwrap_or(NetworkTrouble::LineLost);
            carries = Err(self.wanted.as_ref().map(|_| lost).or(self.left));
        }
        self.told(seen.plugged, carries).await
    }

    /// Whether a counter answers, or did a short while ago.
    async fn counter_answers(&mut self) -> bool {
        if self.answered.is_none_or(|at| at.elapsed() >= ANSWERED) {
            let counters = self.counters.borrow().clone();
            self.answered = join::answers(&counters).await.then(Instant::now);
        }
        self.answered.is_some()
    }

    /// Tells what is new in this.
    pub(super) async fn told(&mut self, plugged: bool, carries: Result<(), Option<NetworkTrouble>>) -> Result<(), End> {
        if self.cable.replace(plugged) != Some(plugged) {
            self.tell(NetworkEvent::Cable { plugged }).await?;
        }
        let (up, trouble) = (carries.is_ok(), carries.err().flatten());
        if self.carries.replace((up, trouble)) != Some((up, trouble)) {
            self.tell(NetworkEvent::Carries { up, trouble }).await?;
        }
        Ok(())
    }
}
