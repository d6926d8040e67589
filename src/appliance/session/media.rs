//! What the media connection says in a session, and what may flow on it.

use super::{BOTH_SILENT, Inside, Next, PICTURES_SETTLE};
use crate::model::quality::LineStats;
use crate::model::turn::{Effect, Gates, MediaNews};
use crate::model::uptime::Uptime;
use crate::model::wire::ToServer;

impl Inside {
    pub(super) fn media_say(&mut self, now: Uptime, news: MediaNews, effects: &mut Vec<Effect>) -> Next {
        let Some(epoch) = self.call.epoch() else { return Next::Stay };
        match (news, self.call.peer().cloned()) {
            (MediaNews::Offer(sdp), Some(to)) => self.say(ToServer::Offer { to, epoch, sdp }, effects),
            (MediaNews::Candidate(candidate), Some(to)) => {
                self.say(ToServer::Candidate { to, epoch, candidate }, effects);
            }
            (MediaNews::Connected, _) => self.call.connect(),
            (MediaNews::Stats(stats), _) => {
                self.judge_the_line(now, stats);
                self.say(ToServer::Stats { stats }, effects);
            }
            (MediaNews::Unverified(_), _) => {
                self.say(ToServer::Unverified { epoch }, effects);
                self.distrust(now);
            }
            (MediaNews::PathDead, _) => {
                self.call.fail(now);
                // Both are silent: what was sent meanwhile TCP repeats ever more seldom (RFC 6298, section 5.5), and a line that is
                // back would only be noticed seconds later. A new one is tried each second.
                if self.line.is_up() && now.since(self.heard_at) >= BOTH_SILENT {
                    self.line.renew(now);
                }
            }
            (MediaNews::Failed(_), _) => self.call.fail(now),
            _ => {}
        }
        Next::Stay
    }

    pub(super) fn judge_the_line(&mut self, now: Uptime, stats: LineStats) {
        self.loud_tv = stats.echo.is_some_and(|echo| echo.is_heard());
        if self.is_live() {
            let settled = self.pictures_since.is_some_and(|since| now.since(since) >= PICTURES_SETTLE);
            self.judge.judge(&if settled { stats } else { stats.without_pictures() });
        }
    }

    pub(super) fn set_gates(&mut self, effects: &mut Vec<Effect>) {
        let Some(attempt) = self.call.media() else {
            self.gates = None;
            return;
        };
        let open = self.admitted && !self.held;
        let gates = Gates { picture: open && !self.paused, sound: open && !self.paused, show: open };
        let said = Some((attempt, gates));
        let never_opened = self.gates.is_none_or(|(media, _)| media != attempt) && gates == Gates::default();
        if said != self.gates && !never_opened {
            effects.push(Effect::Gate { attempt, gates });
        }
        self.gates = said;
    }
}
