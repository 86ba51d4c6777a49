//! macOS and Windows: the system takes a title and a body. A notification replaces none.

use doorbell_desk::Notification;

#[derive(Default)]
pub(crate) struct Service;

impl Service {
    pub(crate) async fn show(&mut self, notification: &Notification) -> Result<(), notify_rust::error::Error> {
        let mut native = notify_rust::Notification::new();
        native.appname("Doorbell").summary(&notification.summary).body(&notification.body);
        native.show()?;
        Ok(())
    }
}
