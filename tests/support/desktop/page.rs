//! The panel's page, seen through `WebKitWebDriver`: what a person would read there.
//!
//! A few calls of the WebDriver protocol are all it takes: open a session, run a script; in a browser, go somewhere and put the window away.

use std::{net::TcpListener, path::Path};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    VirtualDesktop,
    process::{Process, Stdout},
    wait,
};
use crate::http;

/// The page of an app or a browser that the driver started. That ends with it.
#[derive(Debug)]
pub struct Page {
    http: reqwest::Client,
    session: String,
    driver: Process,
}

/// A job as the page shows it.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct ShownJob {
    /// Its name.
    pub name: String,
    /// The figure of its bar in percent; absent when it shows none.
    pub progress: Option<f64>,
}

impl Page {
    /// Starts the app through the driver. The app must open its panel by itself.
    ///
    /// # Errors
    /// The driver or the app did not come up.
    pub async fn open(desktop: &VirtualDesktop, app: &Path, args: &[&str]) -> Result<Self> {
        // The name of the browser is left out: the driver would refuse a program that is not its own MiniBrowser.
        let options = json!({ "binary": app, "args": args });
        Self::driven(desktop, &json!({ "webkitgtk:browserOptions": options })).await
    }

    /// Goes to an address in a browser of its own.
    ///
    /// # Errors
    /// The driver or the browser did not come up, or the address leads nowhere.
    pub async fn browse(desktop: &VirtualDesktop, address: &str) -> Result<Self> {
        let page = Self::driven(desktop, &json!({ "browserName": "MiniBrowser" })).await?;
        call(&page.http, &format!("{}/url", page.session), &json!({ "url": address })).await?;
        Ok(page)
    }

    /// Puts its window away.
    ///
    /// # Errors
    /// It is still to be seen.
    pub async fn minimize(&self) -> Result<()> {
        call(&self.http, &format!("{}/window/minimize", self.session), &json!({})).await?;
        Ok(())
    }

    async fn driven(desktop: &VirtualDesktop, wanted: &Value) -> Result<Self> {
        // The driver takes no port 0; the port is free a moment before it is taken.
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut command = desktop.session().dependent_command("WebKitWebDriver", &["--host=127.0.0.1", &format!("--port={port}")]);
        // The driver hands its environment on to the app, which must let itself be driven.
        command.envs([("TAURI_AUTOMATION", "true"), ("TAURI_WEBVIEW_AUTOMATION", "true")]);
        let driver = desktop.session().start(&mut command, Stdout::Logged)?;
        let listens = async || Ok(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok());
        wait::until("the web driver listens", wait::SOON, listens).await.with_context(|| driver.last_words())?;

        let http = http::builder().timeout(wait::SOON).build()?;
        let url = format!("http://127.0.0.1:{port}/session");
        let capabilities = json!({ "capabilities": { "alwaysMatch": wanted } });
        let session = call(&http, &url, &capabilities).await.with_context(|| driver.last_words())?;
        let id = session["sessionId"].as_str().context("the web driver opened no session")?;
        Ok(Self { http, session: format!("{url}/{id}"), driver })
    }

    /// What the page shows of its jobs, top to bottom.
    ///
    /// # Errors
    /// The page is gone.
    pub async fn jobs(&self) -> Result<Vec<ShownJob>> {
        // In one script, because the page may draw anew between two.
        let jobs = self.run(
            r#"return [...document.querySelectorAll('[data-testid="job"]')].map(job => {
                const figure = job.querySelector('[role="progressbar"]')?.getAttribute("aria-valuenow");
                return {
                    name: job.querySelector('[data-testid="job-name"]').textContent.trim(),
                    progress: figure == null ? null : Number(figure),
                };
            })"#,
        );
        Ok(serde_json::from_value(jobs.await?)?)
    }

    /// Waits until the page shows its jobs as wanted, and returns them.
    ///
    /// # Errors
    /// It did not in time.
    pub async fn jobs_when(&self, what: &str, wanted: impl Fn(&[ShownJob]) -> bool) -> Result<Vec<ShownJob>> {
        wait::until_some(&format!("the page shows {what}"), wait::SOON, async || Ok(Some(self.jobs().await?).filter(|jobs| wanted(jobs))))
            .await
    }

    /// What the page says in one of its parts, named as in `data-testid`; absent when the page does not have that part.
    ///
    /// # Errors
    /// The page is gone.
    pub async fn says(&self, part: &str) -> Result<Option<String>> {
        let text = self.run(&format!(r#"return document.querySelector('[data-testid="{part}"]')?.textContent.trim() ?? null"#)).await?;
        Ok(text.as_str().map(str::to_owned))
    }

    /// The last words of the driver and of the app that it started.
    #[must_use]
    pub fn last_words(&self) -> String {
        self.driver.last_words()
    }

    async fn run(&self, script: &str) -> Result<Value> {
        call(&self.http, &format!("{}/execute/sync", self.session), &json!({ "script": script, "args": [] })).await
    }
}

/// One call of the protocol: its value, or its error.
async fn call(http: &reqwest::Client, url: &str, body: &Value) -> Result<Value> {
    let mut answer: Value = http.post(url).json(body).send().await?.json().await?;
    let value = answer["value"].take();
    match value["error"].as_str() {
        Some(error) => anyhow::bail!("web driver: {error}: {}", value["message"].as_str().unwrap_or_default()),
        None => Ok(value),
    }
}
