//! What the panel's page may call.

use doorbell_client::CallError;
use doorbell_desk::{Input, PanelView};
use doorbell_protocol::jobs::NewTestJob;
use serde::Serialize;
use tauri::State;

use crate::shell::{PanelClosed, Shell};

/// A refusal: `code` for the page, `message` for people.
#[derive(Serialize)]
pub(crate) struct Refusal {
    code: &'static str,
    message: String,
}

/// What the panel shows. Refused while the panel is closed.
#[tauri::command]
pub(crate) async fn poll(shell: State<'_, Shell>) -> Result<PanelView, Refusal> {
    Ok(shell.poll().await?)
}

/// Queues the built-in test job.
#[tauri::command]
pub(crate) async fn start_test_job(shell: State<'_, Shell>) -> Result<(), Refusal> {
    shell.client().create_test_job(&NewTestJob::default()).await?;
    Ok(())
}

/// Closes the panel.
#[tauri::command]
pub(crate) fn close_panel(shell: State<'_, Shell>) {
    shell.input(Input::PanelDismissed);
}

impl From<PanelClosed> for Refusal {
    fn from(PanelClosed: PanelClosed) -> Self {
        Self { code: "panel_closed", message: "The panel is closed.".to_owned() }
    }
}

impl From<CallError> for Refusal {
    fn from(error: CallError) -> Self {
        Self { code: "hub", message: error.to_string() }
    }
}
