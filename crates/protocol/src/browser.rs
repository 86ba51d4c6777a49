//! Letting a browser in: a link that is good once becomes a token of the page's own.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Answer to `POST /v1/browser-sessions`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct BrowserLink {
    /// What to append to the hub's address. The key in it is a fragment, which browsers do not send.
    pub path: String,
    /// When it ceases to be good.
    pub expires_at: Timestamp,
}

/// Body of `POST /v1/browser-sessions/open`: what the page has got by the link. The answer
/// is a `CreatedToken`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct BrowserKey {
    /// Good once.
    #[serde(default)]
    pub key: String,
}
