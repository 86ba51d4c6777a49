//! Builds Tauri and wires the parts.

use std::{thread, time::Duration};

use doorbell_panel_link::LinkError;
use tauri::{AppHandle, async_runtime};

use crate::{
    commands,
    link::{self, Inbox},
    pipe,
    window::Panel,
};

/// How long the end may take once the resident wants no panel any more.
const FAREWELL: Duration = Duration::from_secs(1);

/// Why there is no panel.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PanelError {
    #[error("the pipe to doorbell-tray: {0}")]
    Pipe(#[from] std::io::Error),
    #[error("doorbell-tray: {0}")]
    Link(#[from] LinkError),
    #[error(transparent)]
    Tauri(#[from] tauri::Error),
}

/// Runs until the resident wants no panel any more, or somebody closes its window.
pub(crate) fn run() -> Result<(), PanelError> {
    let pipe = pipe::take()?;
    let (link, inbox, show) = async_runtime::block_on(link::open(pipe))?;
    let app = tauri::Builder::default()
        .manage(link.clone())
        .invoke_handler(tauri::generate_handler![
            commands::close_panel,
            commands::known,
            commands::request,
            commands::standing,
            commands::subscribe,
            commands::unsubscribe
        ])
        .setup(move |app| {
            #[cfg(target_os = "macos")]
            app.set_activation_policy(tauri::ActivationPolicy::Accessory);
            let panel = Panel::create(app.handle(), link, show)?;
            async_runtime::spawn(follow(app.handle().clone(), inbox, panel));
            Ok(())
        })
        .build(tauri::generate_context!())?;
    // The last window that is closed ends it.
    app.run(|_, _| {});
    Ok(())
}

/// Does what the resident says, until it says that this is the end.
async fn follow(app: AppHandle, mut inbox: Inbox, panel: Panel) {
    let code = loop {
        match inbox.show().await {
            Ok(Some(show)) => panel.focus(show),
            Ok(None) => break 0,
            Err(error) => {
                tracing::error!(%error, "doorbell-tray cannot be understood");
                break 1;
            }
        }
    };
    app.exit(code);
    // A main thread that is stuck must not outlive its resident.
    thread::spawn(move || {
        thread::sleep(FAREWELL);
        std::process::exit(code);
    });
}
