//! Notifications through the desktop's own service. What a platform cannot do is said in its own file.

#[cfg(all(unix, not(target_os = "macos")))]
mod kept;
#[cfg(not(all(unix, not(target_os = "macos"))))]
mod native;
#[cfg(all(unix, not(target_os = "macos")))]
mod xdg;

use doorbell_desk::{About, Input, Notification};
use tokio::sync::mpsc;

#[cfg(not(all(unix, not(target_os = "macos"))))]
use self::native::Service;
#[cfg(all(unix, not(target_os = "macos")))]
use self::xdg::Service;
use crate::inbox::Inbox;

/// Most orders that wait for a slow service; more are dropped, since a ring that comes minutes late says
/// nothing.
const WAITING: usize = 64;

/// Rings, and takes rings back, in order and without holding anybody up.
#[derive(Clone)]
pub(crate) struct Notifier {
    orders: mpsc::Sender<Order>,
}

enum Order {
    Ring(Notification),
    Retract(About),
}

impl Notifier {
    pub(crate) fn start(inbox: Inbox) -> Self {
        let (orders, mut waiting) = mpsc::channel(WAITING);
        tokio::spawn(async move {
            let mut service = Service::new();
            let mut said = false;
            while let Some(order) = waiting.recv().await {
                let done = match order {
                    Order::Ring(notification) => service.show(&notification).await,
                    Order::Retract(about) => {
                        service.retract(&about).await;
                        Ok(())
                    }
                };
                if let Err(error) = done
                    && !std::mem::replace(&mut said, true)
                {
                    tracing::warn!(%error, "notifications do not work");
                    inbox.input(Input::Notice("This desktop shows no notifications; the badge tells what runs.".to_owned()));
                }
            }
        });
        Self { orders }
    }

    pub(crate) fn ring(&self, notification: Notification) {
        self.send(Order::Ring(notification));
    }

    /// Takes back what rang about this, if it still stands.
    pub(crate) fn retract(&self, about: About) {
        self.send(Order::Retract(about));
    }

    fn send(&self, order: Order) {
        if self.orders.try_send(order).is_err() {
            tracing::warn!("the notification service is too slow; a notification is dropped");
        }
    }
}
