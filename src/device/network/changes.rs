//! NetworkManager's word that something changed: three subscriptions, however many access points come and go.
//!
//! The bus allows 512 to one program. One for each access point that was ever heard, as `nmrs` keeps them, uses those up
//! within days in a block of flats; then no question is answered any more.

use super::presence::NAME;
use futures_util::StreamExt;
use futures_util::stream::{SelectAll, select_all};
use tokio::sync::watch;
use zbus::message::Type;
use zbus::{Connection, MatchRule, MessageStream};

/// The main object: devices that come and go, connectivity, what is switched on.
const ROOT: &str = "/org/freedesktop/NetworkManager";
/// Every device lies below.
const DEVICES: &str = "/org/freedesktop/NetworkManager/Devices";
const DEVICE: &str = "org.freedesktop.NetworkManager.Device";

/// What was heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    /// Counts up.
    changes: u64,
}

/// Hears NetworkManager.
pub(super) struct Changes {
    streams: SelectAll<MessageStream>,
    heard: watch::Sender<Heard>,
}

impl Changes {
    /// Listens; the other end is told of each change.
    pub(super) async fn open(bus: &Connection) -> zbus::Result<(Self, watch::Receiver<Heard>)> {
        let signal = || MatchRule::builder().msg_type(Type::Signal);
        let rules = [
            signal().sender(NAME)?.path(ROOT)?.build(),
            signal().sender(NAME)?.path_namespace(DEVICES)?.interface(DEVICE)?.member("StateChanged")?.build(),
            signal()
                .sender("org.freedesktop.DBus")?
                .interface("org.freedesktop.DBus")?
                .member("NameOwnerChanged")?
                .add_arg(NAME)?
                .build(),
        ];
        let mut streams = Vec::new();
        for rule in rules {
            streams.push(MessageStream::for_match_rule(rule, bus, None).await?);
        }
        let (heard, hears) = watch::channel(Heard::default());
        Ok((Self { streams: select_all(streams), heard }, hears))
    }

    /// Tells each change, and ends when NetworkManager goes away or comes anew. To be driven all the time: what nobody
    /// takes would hold up the answers that come by the same way.
    pub(super) async fn tell(mut self) {
        while let Some(Ok(message)) = self.streams.next().await {
            let header = message.header();
            if header.member().is_some_and(|member| member == "NameOwnerChanged") {
                return;
            }
            self.heard.send_modify(|heard| heard.changes += 1);
        }
    }
}
