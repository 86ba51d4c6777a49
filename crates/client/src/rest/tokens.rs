//! Calls about tokens and about browsers. They need the role `admin`.

use doorbell_protocol::{
    TokenId,
    browser::{BrowserLink, NewBrowserSession},
    routes,
    token::{CreatedToken, NewToken, Token},
};

use super::{Call, CallError, Client};

impl Client {
    /// `POST /v1/tokens`. Only this answer contains the secret.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn create_token(&self, token: &NewToken) -> Result<CreatedToken, CallError> {
        self.call_with(&routes::CREATE_TOKEN, (), token).await
    }

    /// `POST /v1/browser-sessions`: the address of the hub's page with a key in it that lets one browser in.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn create_browser_session(&self, session: &NewBrowserSession) -> Result<String, CallError> {
        let answer = self.send(Call::of(&routes::CREATE_BROWSER_SESSION, &(), &()).json(session)).await?;
        let BrowserLink { path, .. } = answer.json()?;
        own_address(&answer.url, &path)
            .ok_or_else(|| CallError::Malformed { url: answer.url, cause: "the link that it made leads elsewhere".to_owned() })
    }

    /// `POST /v1/owner-token`: the token of the data folder has a new secret, which only its file tells.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn rotate_owner_token(&self) -> Result<(), CallError> {
        self.act(&routes::ROTATE_OWNER_TOKEN, ()).await
    }

    /// `GET /v1/tokens`, oldest first.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn tokens(&self) -> Result<Vec<Token>, CallError> {
        Ok(self.call(&routes::LIST_TOKENS, (), &()).await?.tokens)
    }

    /// `DELETE /v1/tokens/{id}`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn delete_token(&self, id: TokenId) -> Result<(), CallError> {
        self.act(&routes::DELETE_TOKEN, id).await
    }
}

/// The address of `path` at the hub at `url`, if it is one of its own.
fn own_address(url: &str, path: &str) -> Option<String> {
    let hub = reqwest::Url::parse(url).ok()?;
    let address = reqwest::Url::parse(&format!("{url}{path}")).ok()?;
    (path.starts_with('/') && address.origin() == hub.origin()).then(|| address.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_the_hub_that_made_it() {
        for url in ["http://127.0.0.1:7117", "https://hub.example/doorbell"] {
            assert_eq!(own_address(url, "/#key=a").unwrap(), format!("{url}/#key=a"));
            for path in [
                "@evil.example/",
                ".evil.example/",
                "",
                "#key=a",
                ":80/",
                "8/",
                "\\@evil.example",
                "\t@evil.example/",
                "http://evil.example/",
            ] {
                assert_eq!(own_address(url, path), None, "{path}");
            }
            for path in ["//evil.example/", "/\\evil.example", "/../..//evil.example", "/\r\n@evil.example"] {
                let address = own_address(url, path).unwrap();
                assert!(
                    address.starts_with(&url[..url.find('/').unwrap() + 5])
                        && reqwest::Url::parse(&address).unwrap().host_str() == reqwest::Url::parse(url).unwrap().host_str()
                );
            }
        }
    }
}
