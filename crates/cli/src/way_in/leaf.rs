//! A file of this user's alone that leads a browser to an address, and is removed when the browser has had time to read it.

use std::{ffi::OsStr, io::Write, time::Duration};

use anyhow::Context as _;
use tokio::time::sleep;

use super::outcome::Outcome;

/// A browser that has to start first has read the file by then.
const READ_WITHIN: Duration = Duration::from_secs(20);

/// Has `start` open a file that leads to `address`.
pub(super) async fn open(address: &str, start: impl FnOnce(&OsStr) -> bool) -> anyhow::Result<Outcome> {
    // In the folder of this user's temporary files, for nobody else to read.
    let mut file = tempfile::Builder::new().prefix("doorbell-").suffix(".html").tempfile().context("cannot write a temporary file")?;
    file.write_all(page(address).as_bytes()).and_then(|()| file.flush()).context("cannot write a temporary file")?;
    if !start(file.path().as_os_str()) {
        return Ok(Outcome::NoBrowser);
    }
    sleep(READ_WITHIN).await;
    Ok(Outcome::Opened)
}

/// It leaves no entry in the browser's history.
fn page(address: &str) -> String {
    let address = serde_json::Value::from(address).to_string().replace('<', "\\u003c");
    format!(
        "<!doctype html><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"no-referrer\"><script>location.replace({address})</script>\n"
    )
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::mpsc::channel};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_file_is_this_users_alone_and_gone_afterwards() {
        let (told, seen) = channel();
        let start = move |path: &OsStr| {
            #[cfg(unix)]
            assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions()) & 0o777, 0o600);
            told.send((path.to_owned(), fs::read_to_string(path).unwrap())).is_ok()
        };
        assert_eq!(open("https://hub.example/#key=a</script>", start).await.unwrap(), Outcome::Opened);
        let (path, text) = seen.recv().unwrap();
        assert!(text.contains(r#"location.replace("https://hub.example/#key=a\u003c/script>")"#), "{text}");
        assert!(!fs::exists(path).unwrap());
        assert_eq!(open("https://hub.example/", |_| false).await.unwrap(), Outcome::NoBrowser);
    }
}
