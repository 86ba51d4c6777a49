//! The other hub of this user.

use std::path::Path;

use doorbell_client::{CallError, Client, DiscoverError, EndpointSource, Places, announced};

/// What stands where a hub of this user is announced.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Neighbour {
    /// No hub.
    Nobody,
    /// One that serves the data folder that is asked about.
    SameData,
    /// One that serves other data.
    OtherData,
}

/// Looks who serves now.
pub(crate) async fn look(places: &Places, data_dir: &Path) -> Neighbour {
    match announced(places) {
        Ok(_) if !serves(places).await => Neighbour::Nobody,
        Ok(hub) if hub.data_dir == data_dir => Neighbour::SameData,
        Ok(_) => Neighbour::OtherData,
        Err(_) => Neighbour::Nobody,
    }
}

/// The address of the hub that is announced, if it serves other data. One with the same data is not called:
/// the lock on the data folder tells of it, and sooner than one that stands still would answer.
pub(crate) async fn with_other_data(places: &Places, data_dir: &Path) -> Option<String> {
    let hub = announced(places).ok().filter(|hub| hub.data_dir != data_dir)?;
    serves(places).await.then_some(hub.url)
}

/// Whether something speaks as a hub where one is announced.
async fn serves(places: &Places) -> bool {
    match Client::new(EndpointSource::announced(places.clone())).health().await {
        // A hub that refuses us, or is slow, or whose token cannot be read, is still one: its announcement
        // must stay.
        Ok(_) | Err(CallError::TimedOut { .. } | CallError::Unauthorized { .. } | CallError::Refused(_)) => true,
        Err(CallError::NoHub(error)) => matches!(error, DiscoverError::Token { .. } | DiscoverError::Folder { .. }),
        Err(CallError::Unreachable { .. } | CallError::Malformed { .. } | CallError::Unreadable { .. }) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, File},
        io::Write as _,
    };

    use doorbell_protocol::place::HubFile;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;
    use crate::serving::Serving;

    fn folder() -> (tempfile::TempDir, Places) {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::at(folder.path());
        fs::write(places.token_file(), "secret").unwrap();
        (folder, places)
    }

    /// Announces what is at `url` until the file is dropped.
    fn announce(places: &Places, url: String) -> File {
        let mut file = File::create(places.hub_file()).unwrap();
        let hub = HubFile { url, pid: 1, data_dir: places.data_dir().to_owned() };
        file.write_all(&serde_json::to_vec(&hub).unwrap()).unwrap();
        #[cfg(unix)]
        file.lock().unwrap();
        file
    }

    /// Gives everybody the same answer, or none. Its address, for as long as it is there.
    async fn answering(answer: Option<&'static str>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let mut deaf = Vec::new();
            while let Ok((mut connection, _)) = listener.accept().await {
                match answer {
                    Some(answer) => {
                        let _ = connection.read(&mut [0; 4096]).await;
                        let _ = connection.write_all(answer.as_bytes()).await;
                    }
                    None => deaf.push(connection),
                }
            }
        });
        url
    }

    #[tokio::test]
    async fn a_hub_that_serves_is_told_by_its_data() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::at(folder.path());
        let (ours, others) = (folder.path().join("ours"), folder.path().join("others"));
        assert_eq!(look(&places, &ours).await, Neighbour::Nobody);
        let hub = Serving::start(&places, &others).await;
        assert_eq!(look(&places, &others).await, Neighbour::SameData);
        assert_eq!(look(&places, &ours).await, Neighbour::OtherData);
        assert_eq!(with_other_data(&places, &ours).await, Some(announced(&places).unwrap().url));
        assert_eq!(with_other_data(&places, &others).await, None);
        hub.end().await;
        assert_eq!(look(&places, &ours).await, Neighbour::Nobody);
    }

    #[tokio::test]
    async fn whoever_answers_as_a_hub_is_one_and_nobody_else_is() {
        let refusal = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 49\r\nconnection: close\r\n\r\n\
            {\"error\":{\"code\":\"shutting_down\",\"message\":\"no\"}}";
        for (answer, seen) in [
            ("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", Neighbour::SameData),
            (refusal, Neighbour::SameData),
            ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello", Neighbour::Nobody),
            ("SSH-2.0-OpenSSH_9.2\r\n", Neighbour::Nobody),
        ] {
            let (_folder, places) = folder();
            let _announced = announce(&places, answering(Some(answer)).await);
            assert_eq!(look(&places, places.data_dir()).await, seen, "{answer}");
        }
        let (_folder, places) = folder();
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let _announced = announce(&places, format!("http://{gone}"));
        assert_eq!(look(&places, places.data_dir()).await, Neighbour::Nobody);
    }

    #[tokio::test]
    async fn a_hub_that_stands_still_is_there() {
        let (_folder, places) = folder();
        let _announced = announce(&places, answering(None).await);
        assert_eq!(look(&places, places.data_dir()).await, Neighbour::SameData);
    }

    #[tokio::test]
    async fn a_hub_whose_token_cannot_be_read_is_there() {
        let (_folder, places) = folder();
        let _announced = announce(&places, answering(Some("")).await);
        fs::remove_file(places.token_file()).unwrap();
        assert_eq!(look(&places, places.data_dir()).await, Neighbour::SameData);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_announcement_of_a_hub_that_crashed_counts_for_nothing() {
        let (_folder, places) = folder();
        drop(announce(&places, answering(None).await));
        assert_eq!(look(&places, places.data_dir()).await, Neighbour::Nobody);
    }
}
