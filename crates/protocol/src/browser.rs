//! Letting a browser in: a link that is good once becomes a token of the page's own.

use serde::{Deserialize, Serialize};

use crate::{Invalid, Role, Timestamp};

/// Body of `POST /v1/browser-sessions`.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NewBrowserSession {
    /// What the page may do: `view`, `answer`, or `admin`, which is also meant when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

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

impl NewBrowserSession {
    /// The request, when a page has a use for its role.
    ///
    /// # Errors
    /// Names the field that is not allowed.
    pub fn check(self) -> Result<Self, Invalid> {
        match self.role {
            None | Some(Role::View | Role::Answer | Role::Admin) => Ok(self),
            Some(Role::Report | Role::Work | Role::Unknown) => Err(Invalid::new("role", "a page is good for view, answer or admin")),
        }
    }
}
