//! What the panel's page may call. The resident carries it out, and lets through what the table of routes
//! marks for the panel.

use doorbell_panel_link::{FromPanel, Refusal, Request, Response};
use serde_json::Value;
use tauri::{State, ipc::Channel};

use crate::link::{Link, Piece};

/// Makes a call to the hub. Refused while the panel is closed.
#[tauri::command]
pub(crate) async fn request(link: State<'_, Link>, request: Request) -> Result<Response, Refusal> {
    link.request(request).await
}

/// Listens to a stream of the hub. What comes back ends it.
#[tauri::command]
pub(crate) fn subscribe(link: State<'_, Link>, path: String, pieces: Channel<Piece>) -> u64 {
    link.subscribe(path, move |piece| {
        // The page may have gone meanwhile.
        let _ = pieces.send(piece);
    })
}

/// Listens no longer.
#[tauri::command]
pub(crate) fn unsubscribe(link: State<'_, Link>, subscription: u64) {
    link.unsubscribe(subscription);
}

/// What only the resident knows: how it stands with its hub, and what the user should know.
#[tauri::command]
pub(crate) async fn standing(link: State<'_, Link>) -> Result<Value, Refusal> {
    link.standing().await
}

/// What the resident knows of a hub that cannot be asked.
#[tauri::command]
pub(crate) async fn known(link: State<'_, Link>) -> Result<Value, Refusal> {
    link.known().await
}

/// Closes the panel.
#[tauri::command]
pub(crate) fn close_panel(link: State<'_, Link>) {
    link.say(FromPanel::Dismissed);
}
