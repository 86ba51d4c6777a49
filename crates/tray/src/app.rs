//! Builds Tauri and wires the parts.

use std::sync::Arc;

use doorbell_client::{Client, EndpointSource, Feed};
use doorbell_desk::{Action, Input, State};
use tauri::{AppHandle, RunEvent, async_runtime};
use tokio::sync::mpsc;

use crate::{
    commands,
    desktop::NativeDesktop,
    hub,
    notifier::Notifier,
    panel::Panel,
    shell::{self, Shell},
    tray,
};

/// Opens the panel at the start.
const PANEL: &str = "--panel";

/// Runs until the user quits.
pub(crate) fn run() -> tauri::Result<()> {
    let (shell, inbox) = Shell::new(Client::new(EndpointSource::discovered()));
    let second_start = shell.clone();
    let app = tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(move |_, _, _| second_start.input(Input::Chosen(Action::OpenPanel))))
        .manage(shell.clone())
        .invoke_handler(tauri::generate_handler![commands::close_panel, commands::poll, commands::start_test_job])
        .setup(move |app| {
            #[cfg(target_os = "macos")]
            app.set_activation_policy(tauri::ActivationPolicy::Accessory);
            tray::create(&State::default().tray(), &shell)?;
            start(app.handle().clone(), shell, inbox);
            Ok(())
        })
        .build(tauri::generate_context!())?;
    app.run(|_, event| {
        if let RunEvent::ExitRequested { code: None, api, .. } = event {
            // The last window is closed, and the tray goes on.
            api.prevent_exit();
        } else if let RunEvent::Exit = event {
            tray::remove();
        }
    });
    Ok(())
}

fn start(app: AppHandle, shell: Shell, inbox: mpsc::UnboundedReceiver<shell::Message>) {
    async_runtime::spawn(async move {
        let (hub, down) = hub::keep(shell.clone());
        let (feed, updates) = Feed::open(EndpointSource::discovered());
        let feed = Arc::new(feed);
        let desktop = NativeDesktop {
            panel: Panel::new(app.clone(), shell.clone()),
            notifier: Notifier::start(shell.clone()),
            feed: Arc::clone(&feed),
            hub,
            app: app.clone(),
            shell: shell.clone(),
        };
        if std::env::args().any(|argument| argument == PANEL) {
            shell.input(Input::Chosen(Action::OpenPanel));
        }
        #[cfg(target_os = "linux")]
        {
            async_runtime::spawn(crate::tray_host::look(shell.clone()));
            async_runtime::spawn(crate::waking::watch(feed));
        }
        async_runtime::spawn(quit_on_signal(shell));
        shell::run(State::default(), inbox, updates, down, &desktop).await;
    });
}

/// Ends the app in order when the session ends or somebody sends a signal.
#[cfg(unix)]
async fn quit_on_signal(shell: Shell) {
    use tokio::signal::unix::{SignalKind, signal};

    let (Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()), signal(SignalKind::hangup()))
    else {
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = hangup.recv() => {}
    }
    shell.input(Input::Chosen(Action::Quit));
}

#[cfg(not(unix))]
async fn quit_on_signal(shell: Shell) {
    if tokio::signal::ctrl_c().await.is_ok() {
        shell.input(Input::Chosen(Action::Quit));
    }
}
