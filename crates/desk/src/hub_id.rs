//! Which hub something is about.

use std::{fmt, sync::Arc};

/// Names one of the hubs that the app is connected with. Within the app only: no hub ever sees it.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct HubId(Arc<str>);

impl HubId {
    /// The hub that has this name within the app.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The hub that the programs of this user find by themselves.
    #[must_use]
    pub fn discovered() -> Self {
        Self::new("discovered")
    }
}

impl fmt::Display for HubId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
