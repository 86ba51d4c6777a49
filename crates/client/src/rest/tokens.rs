//! Calls about tokens and about browsers. They need the role `admin`.

use doorbell_protocol::{
    TokenId,
    browser::BrowserLink,
    token::{CreatedToken, NewToken, Token, TokenList},
};
use reqwest::Method;

use super::{Call, CallError, Client};

impl Client {
    /// `POST /v1/tokens`. The answer alone tells the secret.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn create_token(&self, token: &NewToken) -> Result<CreatedToken, CallError> {
        self.call(Method::POST, "/v1/tokens", token).await
    }

    /// `POST /v1/browser-sessions`: a link to the hub's page that lets one browser in.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn create_browser_link(&self) -> Result<BrowserLink, CallError> {
        self.send(Call::<()>::new(Method::POST, "/v1/browser-sessions")).await?.json()
    }

    /// `GET /v1/tokens`, oldest first.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn tokens(&self) -> Result<Vec<Token>, CallError> {
        let list: TokenList = self.get("/v1/tokens").await?;
        Ok(list.tokens)
    }

    /// `DELETE /v1/tokens/{id}`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn remove_token(&self, id: TokenId) -> Result<(), CallError> {
        self.send(Call::<()>::new(Method::DELETE, format!("/v1/tokens/{id}"))).await?;
        Ok(())
    }
}
