//! What the panel's page may call. The resident carries it out.

use doorbell_panel_link::{Call, FromPanel, Refusal};
use serde_json::Value;
use tauri::State;

use crate::link::Link;

/// What the panel shows. Refused while the panel is closed.
#[tauri::command]
pub(crate) async fn poll(link: State<'_, Link>) -> Result<Value, Refusal> {
    link.call(Call::Poll).await
}

/// Queues the built-in test job.
#[tauri::command]
pub(crate) async fn start_test_job(link: State<'_, Link>) -> Result<Value, Refusal> {
    link.call(Call::StartTestJob).await
}

/// Closes the panel.
#[tauri::command]
pub(crate) fn close_panel(link: State<'_, Link>) {
    link.say(FromPanel::Dismissed);
}
