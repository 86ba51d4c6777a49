//! What a running hub leaves on disk, so that clients of the same user find it.

use serde::{Deserialize, Serialize};

/// Port of a hub when nobody asks for another.
pub const DEFAULT_PORT: u16 = 7117;

/// Longest `hub.json` or token file that is read, in bytes.
pub const FILE_BYTES: u64 = 64 * 1024;

/// Content of `hub.json` in the runtime folder.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct HubFile {
    /// Base address without a slash at the end, as in `http://127.0.0.1:7117`.
    pub url: String,
    /// Process id of the hub.
    pub pid: u32,
    /// Folder of its database and token.
    pub data_dir: std::path::PathBuf,
}
