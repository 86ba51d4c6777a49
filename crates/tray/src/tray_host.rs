//! Whether this desktop shows tray icons at all. GNOME does not without an extension, and then the panel must
//! be found in another way.

use doorbell_desk::{Action, Input};

use crate::inbox::Inbox;

const WATCHER: &str = "org.kde.StatusNotifierWatcher";

/// Opens the panel, and says why, when nothing shows tray icons. One that comes later picks the icon up by
/// itself.
pub(crate) async fn look(inbox: Inbox) {
    if !is_there().await {
        tracing::info!("nothing on this desktop shows tray icons");
        let notice = "This desktop shows no tray icons. Start Doorbell again to see this panel.";
        inbox.input(Input::Notice(notice.to_owned()));
        inbox.input(Input::Chosen(Action::OpenPanel));
    }
}

async fn is_there() -> bool {
    let asked = async {
        let bus = zbus::Connection::session().await?;
        let dbus = zbus::fdo::DBusProxy::new(&bus).await?;
        dbus.name_has_owner(WATCHER.try_into()?).await.map_err(zbus::Error::from)
    };
    // Without a bus there is nobody who could show an icon.
    asked.await.unwrap_or(false)
}
