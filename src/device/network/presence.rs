//! Whether NetworkManager is on the system's bus.

use futures_util::StreamExt;
use zbus::Connection;
use zbus::fdo::{DBusProxy, NameOwnerChangedStream};

/// NetworkManager's name there.
pub(super) const NAME: &str = "org.freedesktop.NetworkManager";

/// Waits until NetworkManager has its name on the bus.
pub(super) async fn arrival() -> zbus::Result<()> {
    let bus = DBusProxy::new(&Connection::system().await?).await?;
    let changes = bus.receive_name_owner_changed_with_args(&[(0, NAME)]).await?;
    if bus.name_has_owner(NAME.try_into()?).await? {
        return Ok(());
    }
    owned(changes).await
}

/// Waits until it takes its name, or takes it anew.
pub(super) async fn comes() -> zbus::Result<()> {
    let bus = DBusProxy::new(&Connection::system().await?).await?;
    owned(bus.receive_name_owner_changed_with_args(&[(0, NAME)]).await?).await
}

async fn owned(mut changes: NameOwnerChangedStream) -> zbus::Result<()> {
    while let Some(change) = changes.next().await {
        if change.args()?.new_owner().is_some() {
            break;
        }
    }
    Ok(())
}
