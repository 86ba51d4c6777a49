//! Where things of this user live: data, settings, and the file that says where a hub is.
//!
//! `DOORBELL_DATA_DIR` and `DOORBELL_CONFIG_DIR` override the platform's folders.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

/// The folders of this user. Nothing here creates them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Places {
    data: PathBuf,
    config: PathBuf,
    runtime: Option<PathBuf>,
}

/// The folders cannot be worked out.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("There is no home folder to keep Doorbell's files in. Set HOME, or both DOORBELL_DATA_DIR and DOORBELL_CONFIG_DIR.")]
pub struct PlacesError;

impl Places {
    /// The folders of the user who runs this process.
    ///
    /// # Errors
    /// There is no home folder, and not both overrides are set.
    pub fn find() -> Result<Self, PlacesError> {
        let user = directories::ProjectDirs::from("", "", "doorbell").map(|dirs| Self {
            data: dirs.data_dir().to_owned(),
            config: dirs.config_dir().to_owned(),
            runtime: dirs.runtime_dir().map(Path::to_owned),
        });
        Self::with_overrides(user, std::env::var_os("DOORBELL_DATA_DIR"), std::env::var_os("DOORBELL_CONFIG_DIR"))
    }

    /// Folder of the database, the token and the logs.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data
    }

    /// Folder of `settings.toml`.
    #[must_use]
    pub fn config_dir(&self) -> &Path {
        &self.config
    }

    /// The file in which a running hub says where it is. It is in the runtime folder, which is removed when
    /// the user logs out, so a file that was left behind by a crash is gone then. Where there is no such
    /// folder it is in the data folder.
    #[must_use]
    pub fn hub_file(&self) -> PathBuf {
        self.run_dir().join("hub.json")
    }

    /// Folder for files that are needed only while a program runs: the runtime folder, else the data folder.
    #[must_use]
    pub fn run_dir(&self) -> &Path {
        self.runtime.as_ref().unwrap_or(&self.data)
    }

    /// The token of a hub that uses this data folder.
    #[must_use]
    pub fn token_file(&self) -> PathBuf {
        self.data.join("token")
    }

    /// Everything in one folder.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        Self { data: folder.to_owned(), config: folder.to_owned(), runtime: None }
    }

    fn with_overrides(user: Option<Self>, data: Option<OsString>, config: Option<OsString>) -> Result<Self, PlacesError> {
        let set = |value: Option<OsString>| value.filter(|value| !value.is_empty()).map(PathBuf::from);
        match (user, set(data), set(config)) {
            (Some(user), data, config) => {
                Ok(Self { data: data.unwrap_or(user.data), config: config.unwrap_or(user.config), runtime: user.runtime })
            }
            (None, Some(data), Some(config)) => Ok(Self { data, config, runtime: None }),
            (None, _, _) => Err(PlacesError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(runtime: Option<&str>) -> Places {
        Places { data: "/data".into(), config: "/config".into(), runtime: runtime.map(PathBuf::from) }
    }

    #[test]
    fn overrides_win_and_empty_ones_do_not_count() {
        let places = Places::with_overrides(Some(user(None)), Some("/mine".into()), Some("".into())).unwrap();
        assert_eq!((places.data_dir(), places.config_dir()), (Path::new("/mine"), Path::new("/config")));
        assert_eq!(places.token_file(), Path::new("/mine/token"));
    }

    #[test]
    fn the_hub_file_is_in_the_runtime_folder_else_in_the_data_folder() {
        assert_eq!(user(Some("/run/doorbell")).hub_file(), Path::new("/run/doorbell/hub.json"));
        assert_eq!(user(None).hub_file(), Path::new("/data/hub.json"));
    }

    #[test]
    fn without_a_home_folder_both_overrides_are_needed() {
        assert_eq!(Places::with_overrides(None, Some("/d".into()), None), Err(PlacesError));
        assert!(Places::with_overrides(None, Some("/d".into()), Some("/c".into())).is_ok());
    }
}
