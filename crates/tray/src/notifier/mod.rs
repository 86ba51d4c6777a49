//! Notifications through the desktop's own service. What a platform cannot do is said in its own file.

#[cfg(not(all(unix, not(target_os = "macos"))))]
mod native;
#[cfg(all(unix, not(target_os = "macos")))]
mod xdg;

use doorbell_desk::{Input, Notification};
use tokio::sync::mpsc;

#[cfg(not(all(unix, not(target_os = "macos"))))]
use self::native::Service;
#[cfg(all(unix, not(target_os = "macos")))]
use self::xdg::Service;
use crate::shell::Shell;

/// Most rings that wait for a slow service; more are dropped, since a ring that comes minutes late says nothing.
const WAITING: usize = 64;

/// Rings, in order and without holding anybody up.
#[derive(Clone)]
pub(crate) struct Notifier {
    rings: mpsc::Sender<Notification>,
}

impl Notifier {
    pub(crate) fn start(shell: Shell) -> Self {
        let (rings, mut waiting) = mpsc::channel::<Notification>(WAITING);
        tokio::spawn(async move {
            let mut service = Service::default();
            let mut said = false;
            while let Some(notification) = waiting.recv().await {
                if let Err(error) = service.show(&notification).await
                    && !std::mem::replace(&mut said, true)
                {
                    tracing::warn!(%error, "notifications do not work");
                    shell.input(Input::Notice("This desktop shows no notifications; the badge tells what runs.".to_owned()));
                }
            }
        });
        Self { rings }
    }

    pub(crate) fn ring(&self, notification: Notification) {
        if self.rings.try_send(notification).is_err() {
            tracing::warn!("the notification service is too slow; a notification is dropped");
        }
    }
}
