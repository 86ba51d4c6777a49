//! Which hub to talk to, and with which token.
//!
//! # Invariants
//! - A source that discovers keeps nothing: it reads the environment and two small files at each attempt,
//!   because a hub that restarts may have another port and a new token.
//! - A token is never printed, and goes to another machine by TLS alone, unless the user says otherwise.

use std::{
    env, fmt,
    fs::File,
    io::{self, Read},
    net::IpAddr,
    path::{Path, PathBuf},
};

use doorbell_private as private;
use doorbell_protocol::place::{FILE_BYTES, HubFile};

use crate::{Places, PlacesError};

/// Set to 1, it lets the token go to another machine without TLS.
const INSECURE_HTTP: &str = "DOORBELL_INSECURE_HTTP";

/// The secret that a hub asks for.
#[derive(Clone, Eq, PartialEq)]
pub struct BearerToken(String);

/// One hub: its address and its token.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoint {
    url: String,
    token: BearerToken,
}

/// Where the endpoint comes from at each attempt.
#[derive(Clone, Debug)]
pub struct EndpointSource(Source);

#[derive(Clone, Debug)]
enum Source {
    Fixed {
        endpoint: Endpoint,
        /// Where its token stands, when it keeps its data on this machine: the token may be replaced.
        data_dir: Option<PathBuf>,
    },
    Discovered,
    Announced(Places),
}

/// No hub, or no token for it, could be found.
#[derive(Debug, thiserror::Error)]
pub enum DiscoverError {
    /// There is no `DOORBELL_URL`, and no `hub.json` of a hub that runs.
    #[error("No hub is running. Start the tray app, or run `doorbell hub`.")]
    NoHub,
    /// The user's folders are unknown.
    #[error(transparent)]
    Places(#[from] PlacesError),
    /// There is a `hub.json`, but it cannot be read.
    #[error("Cannot read {path}: {cause}. Start the tray app again, or run `doorbell hub`.", path = path.display())]
    HubFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// Other users could put files of theirs in the place of ours.
    #[error("Cannot trust what is in {path}: {cause}.", path = path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why, and what to do.
        cause: String,
    },
    /// The address is not one of a hub.
    #[error("{url:?} is not the address of a hub. It should look like http://127.0.0.1:7117.")]
    Url {
        /// The address as it was given.
        url: String,
    },
    /// The address is that of another machine, and calls to it are not encrypted.
    #[error(
        "{url} is another machine, and the token would cross the network where others can read it. Use an https address, or forward a \
         port (ssh -L 7117:127.0.0.1:{port} {host}) and set DOORBELL_URL=http://127.0.0.1:7117. With DOORBELL_INSECURE_HTTP=1 it is sent all the same."
    )]
    InsecureHttp {
        /// The address as it was given.
        url: String,
        /// Its host.
        host: String,
        /// Its port.
        port: u16,
    },
    /// There is no token.
    #[error("Cannot read the hub's token from {path}: {cause}. Set DOORBELL_TOKEN or DOORBELL_TOKEN_FILE.", path = path.display())]
    Token {
        /// The file that should hold it.
        path: PathBuf,
        /// Why it does not.
        cause: String,
    },
}

impl BearerToken {
    /// `text` without the line break that a file ends with. `None` when nothing is left, or when it could not
    /// stand in a header.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic())).then(|| Self(text.to_owned()))
    }

    /// The secret itself, for an `Authorization` header.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Endpoint {
    /// A hub at `url`, as in `http://127.0.0.1:7117`; a slash at the end is dropped.
    ///
    /// # Errors
    /// [`DiscoverError::Url`] for anything but an `http` or `https` address with a host and without a user,
    /// query or fragment.
    pub fn new(url: &str, token: BearerToken) -> Result<Self, DiscoverError> {
        let error = || DiscoverError::Url { url: url.to_owned() };
        let parsed = reqwest::Url::parse(url.trim()).map_err(|_| error())?;
        let plain = parsed.query().is_none() && parsed.fragment().is_none() && parsed.username().is_empty() && parsed.password().is_none();
        if !matches!(parsed.scheme(), "http" | "https") || !parsed.has_host() || !plain {
            return Err(error());
        }
        Ok(Self { url: parsed.as_str().trim_end_matches('/').to_owned(), token })
    }

    /// The hub at `url` that keeps its data on this machine, in `data_dir`.
    ///
    /// # Errors
    /// Its token cannot be read, or `url` is not the address of a hub.
    pub fn with_data(url: &str, data_dir: &Path) -> Result<Self, DiscoverError> {
        Self::new(url, owner_token(data_dir)?)
    }

    /// The base address, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether the address is one of this machine's own, by name or by number.
    pub(crate) fn is_loopback(&self) -> bool {
        let host = reqwest::Url::parse(&self.url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
        let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
        // Names below `localhost` are asked of a DNS server on some systems.
        address.map_or_else(|| host == "localhost", |address| address.is_loopback())
    }

    fn is_encrypted(&self) -> bool {
        self.url.starts_with("https:")
    }

    fn insecure(&self) -> DiscoverError {
        let parsed = reqwest::Url::parse(&self.url).ok();
        let (host, port) = parsed.and_then(|url| Some((url.host_str()?.to_owned(), url.port_or_known_default()?))).unwrap_or_default();
        DiscoverError::InsecureHttp { url: self.url.clone(), host, port }
    }

    /// The token that goes with each call.
    #[must_use]
    pub fn token(&self) -> &BearerToken {
        &self.token
    }
}

impl EndpointSource {
    /// Always this endpoint.
    #[must_use]
    pub fn fixed(endpoint: Endpoint) -> Self {
        Self(Source::Fixed { endpoint, data_dir: None })
    }

    /// Always the hub at `url` that keeps its data on this machine, in `data_dir`, with the token that stands there at each attempt.
    ///
    /// # Errors
    /// See [`Endpoint::with_data`].
    pub fn with_data(url: &str, data_dir: &Path) -> Result<Self, DiscoverError> {
        let endpoint = Endpoint::with_data(url, data_dir)?;
        Ok(Self(Source::Fixed { endpoint, data_dir: Some(data_dir.to_owned()) }))
    }

    /// An endpoint that is found anew at each attempt. The address is that of `DOORBELL_URL`, which beyond this machine has to be
    /// `https` unless `DOORBELL_INSECURE_HTTP` is 1, else of `hub.json`. The token is that of `DOORBELL_TOKEN`, else of the file that `DOORBELL_TOKEN_FILE` names,
    /// else of `token` in the hub's data folder.
    #[must_use]
    pub fn discovered() -> Self {
        Self(Source::Discovered)
    }

    /// The hub that is announced in these places, found anew at each attempt, whatever the environment says.
    #[must_use]
    pub fn announced(places: Places) -> Self {
        Self(Source::Announced(places))
    }

    /// Finds the endpoint as it is now.
    ///
    /// # Errors
    /// There is no hub, or no token for it.
    pub fn resolve(&self) -> Result<Endpoint, DiscoverError> {
        match &self.0 {
            Source::Fixed { endpoint, data_dir: None } => Ok(endpoint.clone()),
            Source::Fixed { endpoint, data_dir: Some(data_dir) } => Endpoint::with_data(&endpoint.url, data_dir),
            Source::Discovered => discover(|name| env::var(name).ok().filter(|value| !value.is_empty()), Places::find),
            Source::Announced(places) => {
                let hub = announced(places)?;
                Endpoint::with_data(&hub.url, &hub.data_dir)
            }
        }
    }

    /// The address of a hub that is named and stays where it is: a fixed one beyond this machine, or
    /// `DOORBELL_URL`. `None` means the hub of this user on this machine, wherever it listens.
    #[must_use]
    pub fn named(&self) -> Option<String> {
        match &self.0 {
            Source::Fixed { endpoint, .. } => (!endpoint.is_loopback()).then(|| endpoint.url().to_owned()),
            Source::Discovered => env::var("DOORBELL_URL").ok().filter(|url| !url.is_empty()),
            Source::Announced(_) => None,
        }
    }

    /// The endpoint that stays where it is, if this is one, and the data folder of its hub if that is on this machine.
    #[must_use]
    pub fn as_fixed(&self) -> Option<(&Endpoint, Option<&Path>)> {
        match &self.0 {
            Source::Fixed { endpoint, data_dir } => Some((endpoint, data_dir.as_deref())),
            Source::Discovered | Source::Announced(_) => None,
        }
    }

    /// Whether this is the hub that is announced, whatever the environment says.
    #[must_use]
    pub fn is_announced(&self) -> bool {
        matches!(self.0, Source::Announced(_))
    }
}

/// The hub that is announced in these places. Whether it answers is another question.
///
/// # Errors
/// [`DiscoverError::NoHub`] when none is, or the one that was has ended; [`DiscoverError::HubFile`] when its
/// file cannot be read.
pub fn announced(places: &Places) -> Result<HubFile, DiscoverError> {
    let path = places.hub_file();
    let error = |cause: String| DiscoverError::HubFile { path: path.clone(), cause };
    match private::folder::check(places.run_dir()) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(DiscoverError::NoHub),
        checked => checked.map_err(|e| DiscoverError::Folder { path: places.run_dir().to_owned(), cause: e.to_string() })?,
    }
    let file = match private::file::open(&path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(DiscoverError::NoHub),
        opened => opened.map_err(|e| error(e.to_string()))?,
    };
    if is_abandoned(&file) {
        return Err(DiscoverError::NoHub);
    }
    let text = io::read_to_string(file.take(FILE_BYTES)).map_err(|e| error(e.to_string()))?;
    serde_json::from_str(&text).map_err(|e| error(e.to_string()))
}

fn discover(
    variable: impl Fn(&str) -> Option<String>,
    places: impl Fn() -> Result<Places, PlacesError>,
) -> Result<Endpoint, DiscoverError> {
    let (url, data_dir) = match variable("DOORBELL_URL") {
        Some(url) => (url, None),
        None => {
            let file = announced(&places()?)?;
            (file.url, Some(file.data_dir))
        }
    };
    let announced_here = data_dir.is_some();
    let token = match (variable("DOORBELL_TOKEN"), variable("DOORBELL_TOKEN_FILE"), data_dir) {
        (Some(token), _, _) => BearerToken::new(&token)
            .ok_or_else(|| DiscoverError::Token { path: "DOORBELL_TOKEN".into(), cause: "it holds no token".to_owned() })?,
        (None, Some(file), _) => named_token(Path::new(&file))?,
        (None, None, Some(data_dir)) => owner_token(&data_dir)?,
        (None, None, None) => owner_token(places()?.data_dir())?,
    };
    let endpoint = Endpoint::new(&url, token)?;
    // A hub that is announced runs on this machine, whatever its address looks like.
    let is_safe = announced_here || endpoint.is_encrypted() || endpoint.is_loopback();
    if is_safe || variable(INSECURE_HTTP).is_some_and(|value| value == "1") { Ok(endpoint) } else { Err(endpoint.insecure()) }
}

/// Whether the hub that wrote the file is gone. A hub holds a lock on the file while it runs, and however it
/// ends, the system releases the lock. This is asked because another program may listen on the port of a hub
/// that crashed, and must not get the token.
#[cfg(unix)]
fn is_abandoned(file: &File) -> bool {
    file.try_lock_shared().is_ok()
}

/// On Windows a locked file cannot be read, so hubs do not lock it, and this is not known.
#[cfg(not(unix))]
fn is_abandoned(_: &File) -> bool {
    false
}

/// The token of a hub that keeps its data there.
fn owner_token(data_dir: &Path) -> Result<BearerToken, DiscoverError> {
    let path = data_dir.join("token");
    match private::folder::check(data_dir) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(DiscoverError::Folder { path: data_dir.to_owned(), cause: e.to_string() }),
        _ => token(&path, private::file::read(&path, FILE_BYTES)),
    }
}

/// The token in a file that the user names.
fn named_token(path: &Path) -> Result<BearerToken, DiscoverError> {
    token(path, private::file::read_named(path, FILE_BYTES))
}

fn token(path: &Path, read: io::Result<Vec<u8>>) -> Result<BearerToken, DiscoverError> {
    let error = |cause: String| DiscoverError::Token { path: path.to_owned(), cause };
    let text = read.map_err(|e| error(e.to_string()))?;
    BearerToken::new(&String::from_utf8_lossy(&text)).ok_or_else(|| error("it holds no token".to_owned()))
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write};

    use super::*;

    fn found(variables: &[(&str, &str)], home: &Path) -> Result<Endpoint, DiscoverError> {
        let home = home.to_owned();
        discover(|name| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()), move || Ok(Places::at(&home)))
    }

    /// The hub runs for as long as the second value is there.
    fn home_with_a_hub() -> (tempfile::TempDir, File) {
        let home = tempfile::tempdir().unwrap();
        let data_dir = home.path().join("hub-data");
        fs::create_dir(&data_dir).unwrap();
        fs::write(data_dir.join("token"), "from-hub-data\n").unwrap();
        fs::write(home.path().join("token"), "from-my-data\n").unwrap();
        let file = HubFile { url: "http://127.0.0.1:4242".to_owned(), pid: 1, data_dir };
        let hub = announce(&home, &serde_json::to_vec(&file).unwrap());
        (home, hub)
    }

    fn announce(home: &tempfile::TempDir, content: &[u8]) -> File {
        let mut hub = File::create(home.path().join("hub.json")).unwrap();
        hub.write_all(content).unwrap();
        #[cfg(unix)]
        hub.lock().unwrap();
        hub
    }

    #[cfg(unix)]
    #[test]
    fn the_file_of_a_hub_that_crashed_is_not_believed() {
        let (home, hub) = home_with_a_hub();
        assert!(found(&[], home.path()).is_ok());
        drop(hub);
        assert!(matches!(found(&[], home.path()), Err(DiscoverError::NoHub)));
    }

    #[test]
    fn the_environment_wins_over_the_files() {
        let (home, _hub) = home_with_a_hub();
        let file = home.path().join("other");
        fs::write(&file, "from-file").unwrap();
        let file = file.to_str().unwrap();
        for (variables, url, token) in [
            (&[][..], "http://127.0.0.1:4242", "from-hub-data"),
            (&[("DOORBELL_TOKEN", "t")], "http://127.0.0.1:4242", "t"),
            (&[("DOORBELL_TOKEN_FILE", file)], "http://127.0.0.1:4242", "from-file"),
            (&[("DOORBELL_TOKEN", "t"), ("DOORBELL_TOKEN_FILE", file)], "http://127.0.0.1:4242", "t"),
            (&[("DOORBELL_URL", "http://[::1]:1/")], "http://[::1]:1", "from-my-data"),
        ] {
            let endpoint = found(variables, home.path()).unwrap();
            assert_eq!((endpoint.url(), endpoint.token().expose()), (url, token), "{variables:?}");
        }
    }

    #[test]
    fn a_token_goes_to_another_machine_by_tls_alone_unless_the_user_says_otherwise() {
        let home = tempfile::tempdir().unwrap();
        let found = |url, more: &[_]| found(&[&[("DOORBELL_URL", url), ("DOORBELL_TOKEN", "t")], more].concat(), home.path());
        for url in ["http://hub.example", "http://10.0.0.1:7117", "http://a.localhost", "http://[::2]", "HTTP://hub.example/doorbell"] {
            let error = found(url, &[]).unwrap_err();
            assert!(matches!(error, DiscoverError::InsecureHttp { .. }), "{error}");
            assert!(found(url, &[(INSECURE_HTTP, "0")]).is_err());
            assert!(found(url, &[(INSECURE_HTTP, "1")]).is_ok());
        }
        let error = found("http://hub.example", &[]).unwrap_err().to_string();
        for way_out in ["https", "ssh -L 7117:127.0.0.1:80 hub.example", INSECURE_HTTP] {
            assert!(error.contains(way_out), "{error}");
        }
        for url in ["https://hub.example", "http://127.0.0.1:1", "http://[::1]:1", "http://localhost"] {
            assert!(found(url, &[]).is_ok(), "{url}");
        }
    }

    #[test]
    fn the_announced_hub_is_told_by_its_files_alone() {
        let (home, hub) = home_with_a_hub();
        let source = EndpointSource::announced(Places::at(home.path()));
        let endpoint = source.resolve().unwrap();
        assert_eq!((endpoint.url(), endpoint.token().expose()), ("http://127.0.0.1:4242", "from-hub-data"));
        fs::remove_file(home.path().join("hub-data/token")).unwrap();
        assert!(matches!(source.resolve(), Err(DiscoverError::Token { .. })));
        drop(hub);
        #[cfg(unix)]
        assert!(matches!(source.resolve(), Err(DiscoverError::NoHub)));
    }

    #[test]
    fn each_thing_that_is_missing_is_named_with_its_fix() {
        let home = tempfile::tempdir().unwrap();
        assert!(found(&[], home.path()).unwrap_err().to_string().contains("doorbell hub"));
        let no_token = found(&[("DOORBELL_URL", "http://127.0.0.1:1")], home.path()).unwrap_err();
        assert!(no_token.to_string().contains("DOORBELL_TOKEN_FILE"), "{no_token}");
        let _hub = announce(&home, b"{");
        assert!(matches!(found(&[], home.path()), Err(DiscoverError::HubFile { .. })));
    }

    #[test]
    fn only_plain_addresses_are_hubs() {
        let token = || BearerToken::new("t").unwrap();
        for url in ["", "127.0.0.1:7117", "ftp://h", "http://u:p@h", "http://h?x", "http://h#x", "file:///x"] {
            assert!(Endpoint::new(url, token()).is_err(), "{url}");
        }
        assert_eq!(Endpoint::new("http://hub.example/doorbell/", token()).unwrap().url(), "http://hub.example/doorbell");
        assert_eq!(Endpoint::new("https://hub.example", token()).unwrap().url(), "https://hub.example");
    }

    #[test]
    fn loopback_is_known_by_name_and_by_number() {
        let is_loopback = |url| Endpoint::new(url, BearerToken::new("t").unwrap()).unwrap().is_loopback();
        for url in ["http://127.0.0.1:1", "http://127.9.9.9", "http://[::1]:80/x", "http://localhost:7117"] {
            assert!(is_loopback(url), "{url}");
        }
        for url in ["http://10.0.0.1", "http://localhost.example", "http://a.localhost", "http://[::2]"] {
            assert!(!is_loopback(url), "{url}");
        }
    }

    #[test]
    fn a_token_is_never_printed() {
        let endpoint = Endpoint::new("http://h", BearerToken::new("secret").unwrap()).unwrap();
        assert!(!format!("{:?}", EndpointSource::fixed(endpoint)).contains("secret"));
        assert_eq!(BearerToken::new("two words"), None);
        assert_eq!(BearerToken::new("  \n"), None);
    }
}
