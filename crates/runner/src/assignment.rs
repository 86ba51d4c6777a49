//! What a worker hands to its runner, as JSON on standard input: the claim, and the hub when it cannot be
//! discovered.

use std::path::{Path, PathBuf};

use doorbell_client::{BearerToken, DiscoverError, Endpoint, EndpointSource, Places};
use doorbell_protocol::worker::Claim;
use serde::{Deserialize, Serialize};

use crate::run_secret::RunSecret;

/// A claim, and the hub to report to. JSON that holds only a claim is an assignment, too.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Assignment {
    #[serde(flatten)]
    pub(crate) claim: Claim,
    /// Of the run. The hub knows its hash.
    #[serde(default = "RunSecret::random")]
    pub(crate) secret: RunSecret,
    /// Set when the worker was given its hub's address. It goes through standard input because other users
    /// can see arguments and variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hub: Option<FixedHub>,
    /// Whether it is the hub that is announced to this user, whatever the environment says.
    #[serde(default)]
    announced: bool,
    /// The bound of open files for a task that brings none, where the worker's own was raised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) open_files: Option<u64>,
}

#[derive(Deserialize, Serialize)]
struct FixedHub {
    url: String,
    token: String,
    /// Of a hub on this machine, whose token may be replaced while the job runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data_dir: Option<PathBuf>,
}

impl Assignment {
    pub(crate) fn new(claim: Claim, secret: RunSecret, source: &EndpointSource, open_files: Option<u64>) -> Self {
        let hub = source.as_fixed().map(|(endpoint, data_dir)| FixedHub {
            url: endpoint.url().to_owned(),
            token: endpoint.token().expose().to_owned(),
            data_dir: data_dir.map(Path::to_owned),
        });
        Self { claim, secret, hub, announced: source.is_announced(), open_files }
    }

    /// The hub to report to.
    pub(crate) fn source(&self) -> Result<EndpointSource, DiscoverError> {
        let Some(hub) = &self.hub else {
            return Ok(if self.announced { EndpointSource::announced(Places::find()?) } else { EndpointSource::discovered() });
        };
        if let Some(data_dir) = &hub.data_dir {
            return EndpointSource::with_data(&hub.url, data_dir);
        }
        let token = BearerToken::new(&hub.token)
            .ok_or_else(|| DiscoverError::Token { path: "the assignment".into(), cause: "it holds no token".to_owned() })?;
        Ok(EndpointSource::fixed(Endpoint::new(&hub.url, token)?))
    }
}

impl std::fmt::Debug for FixedHub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FixedHub").field("url", &self.url).finish_non_exhaustive()
    }
}
