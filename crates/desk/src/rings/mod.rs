//! What rings.
//!
//! # Layout
//! - `policy`: whether something rings · `wording`: what it then says · `missed`: what rings for all that was missed
//! - `notification`: a ring, as a plain value
//!
//! Pure, and of one hub at a time. Who calls keeps what is to be known later.

mod missed;
mod notification;
mod policy;
mod wording;

use doorbell_protocol::FeedEvent;

pub use self::notification::{About, Notification, Tone};
pub(crate) use self::{
    missed::Missed,
    wording::{call_failed, panel_dies},
};
use crate::hub_id::HubId;

/// What rings for an event, if it rings.
pub(crate) fn for_event(hub: &HubId, event: &FeedEvent) -> Option<Notification> {
    policy::occasion(event).map(|occasion| wording::notification(hub, &occasion))
}
