//! Every notification that any program on the desktop asks for, seen by a monitor of the bus: what was sent, not what
//! a daemon made of it.

use std::{collections::HashMap, time::Duration};

use anyhow::{Context, Result};
use futures_util::StreamExt;
use tokio::{sync::watch, task::JoinHandle};
use zbus::{
    MessageStream,
    fdo::MonitoringProxy,
    message::{Header, Type},
    zvariant::OwnedValue,
};

use super::{bus::Bus, wait};

/// A signal of the tests themselves, which marks a place in the stream of messages.
const FENCE: &str = "Fence";
const FENCE_INTERFACE: &str = "doorbell.tests";

/// One call of `org.freedesktop.Notifications.Notify`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notification {
    /// Who it says it is from.
    pub app: String,
    /// The notification that it replaces; 0 for none.
    pub replaces: u32,
    /// Its first line.
    pub summary: String,
    /// The text under it.
    pub body: String,
    /// Key and label of each action, alternating.
    pub actions: Vec<String>,
    /// 0 low, 1 normal, 2 critical.
    pub urgency: Option<u8>,
    /// The unique name of the connection that it came over.
    pub sender: String,
    /// What the daemon calls it, once it has said so.
    pub id: Option<u32>,
}

/// All notifications since [`Notifications::watch`].
#[derive(Debug)]
pub struct Notifications {
    seen: watch::Receiver<Seen>,
    monitor: JoinHandle<()>,
}

#[derive(Clone, Debug, Default)]
struct Seen {
    notifications: Vec<Notification>,
    /// The serial number of the call for each of them, which its sender gave it.
    serials: Vec<u32>,
    /// What somebody asked the daemon to close, by its id.
    taken_back: Vec<u32>,
    /// What the daemon has closed, for whatever reason.
    closed: Vec<u32>,
    fences: u32,
}

impl Notifications {
    /// Begins to watch. No call after this goes unseen.
    ///
    /// # Errors
    /// The bus refuses a monitor.
    pub async fn watch(bus: &Bus) -> Result<Self> {
        let connection = bus.connect().await?;
        let mut messages = MessageStream::from(&connection);
        let notify = "type='method_call',interface='org.freedesktop.Notifications',member='Notify'";
        let close = "type='method_call',interface='org.freedesktop.Notifications',member='CloseNotification'";
        let answers = "type='method_return',sender='org.freedesktop.Notifications'";
        let closed = "type='signal',interface='org.freedesktop.Notifications',member='NotificationClosed'";
        let fence = format!("type='signal',interface='{FENCE_INTERFACE}',member='{FENCE}'");
        let rules = [notify.try_into()?, close.try_into()?, answers.try_into()?, closed.try_into()?, fence.as_str().try_into()?];
        MonitoringProxy::new(&connection).await?.become_monitor(&rules, 0).await.context("the bus refuses a monitor")?;
        let (sender, seen) = watch::channel(Seen::default());
        let monitor = tokio::spawn(async move {
            while let Some(Ok(message)) = messages.next().await {
                sender.send_modify(|seen| seen.take_in(&message));
            }
        });
        Ok(Self { seen, monitor })
    }

    /// All so far.
    #[must_use]
    pub fn so_far(&self) -> Vec<Notification> {
        self.seen.borrow().notifications.clone()
    }

    /// Waits until there are at least `count`, and returns all.
    ///
    /// # Errors
    /// There were fewer at the deadline: the message has those.
    pub async fn at_least(&mut self, count: usize, limit: Duration) -> Result<Vec<Notification>> {
        let enough = tokio::time::timeout(limit, self.seen.wait_for(|seen| seen.notifications.len() >= count)).await.is_ok();
        let all = self.so_far();
        anyhow::ensure!(enough, "{} notifications instead of {count} after {} s: {all:#?}", all.len(), limit.as_secs());
        Ok(all)
    }

    /// Waits until somebody has asked for the notification with this first line to be closed, and it is gone from the screen. It may have
    /// gone before, when it had stood there for long.
    ///
    /// # Errors
    /// Nobody asked in time, or it stood there until the deadline.
    pub async fn until_taken_back(&mut self, summary: &str, limit: Duration) -> Result<()> {
        let is_gone = |seen: &Seen| {
            let named = seen.notifications.iter().filter(|notification| notification.summary == summary);
            named.filter_map(|notification| notification.id).any(|id| seen.taken_back.contains(&id) && seen.closed.contains(&id))
        };
        let gone = tokio::time::timeout(limit, self.seen.wait_for(is_gone)).await.is_ok();
        anyhow::ensure!(gone, "{summary:?} was not taken back within {} s: {:#?}", limit.as_secs(), self.seen.borrow());
        Ok(())
    }

    /// All notifications that a process sent which has ended: waits until the bus has passed on its last word.
    ///
    /// # Errors
    /// The process stays on the bus.
    pub async fn all_of_ended(&mut self, bus: &Bus, pid: u32) -> Result<Vec<Notification>> {
        bus.until_without(pid).await?;
        let fences = self.seen.borrow().fences;
        bus.connection().emit_signal(None::<&str>, "/doorbell/tests", FENCE_INTERFACE, FENCE, &()).await?;
        let fence = self.seen.wait_for(|seen| seen.fences > fences);
        tokio::time::timeout(wait::SOON, fence).await.context("the monitor stopped")?.context("the monitor stopped")?;
        Ok(self.so_far())
    }
}

impl Seen {
    fn take_in(&mut self, message: &zbus::Message) {
        let header = message.header();
        match message.message_type() {
            Type::MethodCall if header.member().is_some_and(|member| member == "CloseNotification") => {
                self.taken_back.extend(message.body().deserialize::<u32>());
            }
            Type::MethodCall => {
                // A call that cannot be read must not look like no call.
                let notification = read(message).unwrap_or_else(|error| Notification::unreadable(&error));
                let sender = header.sender().map(ToString::to_string).unwrap_or_default();
                self.notifications.push(Notification { sender, ..notification });
                self.serials.push(header.primary().serial_num().get());
            }
            Type::MethodReturn => self.answered(message, &header),
            Type::Signal if header.member().is_some_and(|member| member == FENCE) => self.fences += 1,
            Type::Signal => {
                let closed = message.body().deserialize::<(u32, u32)>();
                self.closed.extend(closed.map(|(id, _reason)| id));
            }
            Type::Error => {}
        }
    }

    /// The daemon has answered somebody: one of the calls, or one that asked it for something else.
    fn answered(&mut self, message: &zbus::Message, header: &Header<'_>) {
        let (Some(caller), Some(serial)) = (header.destination(), header.reply_serial()) else { return };
        let mut calls = self.notifications.iter_mut().zip(&self.serials);
        let call = calls.find(|(notification, call)| caller == notification.sender.as_str() && **call == serial.get());
        if let (Some((notification, _)), Ok(id)) = (call, message.body().deserialize::<u32>()) {
            notification.id = Some(id);
        }
    }
}

impl Drop for Notifications {
    fn drop(&mut self) {
        self.monitor.abort();
    }
}

impl Notification {
    /// The duration that its body says, as in `It took 1 min 02 s.`, to the second.
    #[must_use]
    pub fn took(&self) -> Option<Duration> {
        let words: Vec<&str> = self.body.split([' ', '.']).collect();
        let unit = |unit| words.windows(2).find(|pair| pair[1] == unit).map(|pair| pair[0].parse::<u64>().ok());
        match (unit("min"), unit("s")) {
            (None, None) => None,
            (minutes, seconds) => Some(Duration::from_secs(60 * minutes.unwrap_or(Some(0))? + seconds.unwrap_or(Some(0))?)),
        }
    }

    fn unreadable(error: &anyhow::Error) -> Self {
        let summary = format!("unreadable: {error:#}");
        Self {
            app: String::new(),
            replaces: 0,
            summary,
            body: String::new(),
            actions: Vec::new(),
            urgency: None,
            sender: String::new(),
            id: None,
        }
    }
}

fn read(message: &zbus::Message) -> Result<Notification> {
    type Notify = (String, u32, String, String, String, Vec<String>, HashMap<String, OwnedValue>, i32);
    let (app, replaces, _icon, summary, body, actions, hints, _timeout): Notify = message.body().deserialize()?;
    let urgency = hints.get("urgency").and_then(|value| u8::try_from(value).ok());
    Ok(Notification { app, replaces, summary, body, actions, urgency, sender: String::new(), id: None })
}
