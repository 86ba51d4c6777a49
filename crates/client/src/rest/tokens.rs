//! Calls about tokens and about browsers. They need the role `admin`.

use doorbell_protocol::{
    TokenId,
    browser::{BrowserLink, NewBrowserSession},
    routes,
    token::{CreatedToken, NewToken, Token},
};

use super::{CallError, Client};

impl Client {
    /// `POST /v1/tokens`. Only this answer contains the secret.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn create_token(&self, token: &NewToken) -> Result<CreatedToken, CallError> {
        self.call_with(&routes::CREATE_TOKEN, (), token).await
    }

    /// `POST /v1/browser-sessions`: a link to the hub's page that lets one browser in.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn create_browser_session(&self, session: &NewBrowserSession) -> Result<BrowserLink, CallError> {
        self.call_with(&routes::CREATE_BROWSER_SESSION, (), session).await
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
