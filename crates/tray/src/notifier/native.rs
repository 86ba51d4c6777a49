//! macOS and Windows: the system takes a title and a body. A notification replaces none, and none can be
//! taken back: there, `notify-rust` has no call for either.

use doorbell_desk::{About, Notification};

pub(crate) struct Service;

impl Service {
    pub(crate) fn new() -> Self {
        Self
    }

    pub(crate) async fn show(&mut self, notification: &Notification) -> Result<(), notify_rust::error::Error> {
        let mut native = notify_rust::Notification::new();
        native.appname("Doorbell").summary(&notification.summary).body(&notification.body);
        native.show()?;
        Ok(())
    }

    pub(crate) async fn retract(&mut self, _about: &About) {}
}
