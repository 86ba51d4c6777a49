//! Wires the parts.

use std::{process::ExitCode, sync::Arc};

use doorbell_client::{Client, EndpointSource, Feed};
use doorbell_desk::{Action, HubId, Input, State};
use tokio_util::sync::CancellationToken;

use crate::{
    desktop::NativeDesktop,
    hub,
    notifier::Notifier,
    panel::{Asker, Panel},
    second_start::{self, Start},
    shell::{self, HubFeed, Shell},
    tray::TrayThread,
};

/// Opens the panel at the start.
const PANEL: &str = "--panel";

/// Runs until the user quits.
pub(crate) async fn run(tray: TrayThread) -> ExitCode {
    let door = match second_start::claim().await {
        Ok(Start::First(door)) => Some(door),
        Ok(Start::Told) => return ExitCode::SUCCESS,
        Err(second_start::ClaimError::NoAnswer) => {
            tracing::error!("cannot start: {}", second_start::ClaimError::NoAnswer);
            return ExitCode::FAILURE;
        }
        Err(error) => {
            tracing::warn!(%error, "another start of this program will not find this one");
            None
        }
    };
    let (shell, inbox) = Shell::new(HubId::discovered(), Client::new(EndpointSource::discovered()));
    let panel = Panel::new(shell.clone());
    let state = State::new(shell.hub().clone(), []);
    tray.create(state.tray(), shell.clone(), panel.clone());
    if let Some(door) = door {
        let (shell, panel) = (shell.clone(), panel.clone());
        tokio::spawn(door.listen(move |asker| {
            panel.asked_by(asker);
            shell.input(Input::Chosen(Action::OpenPanel));
        }));
    }
    let (hub, down) = hub::keep(shell.clone());
    let (feed, updates) = Feed::open(EndpointSource::discovered());
    let feed = Arc::new(feed);
    let quit = CancellationToken::new();
    let desktop = NativeDesktop {
        tray,
        panel: panel.clone(),
        notifier: Notifier::start(shell.clone()),
        feed: Arc::clone(&feed),
        hub,
        shell: shell.clone(),
        quit: quit.clone(),
    };
    if std::env::args().any(|argument| argument == PANEL) {
        panel.asked_by(Asker::of_this_start());
        shell.input(Input::Chosen(Action::OpenPanel));
    }
    #[cfg(target_os = "linux")]
    {
        tokio::spawn(crate::tray_host::look(shell.clone()));
        tokio::spawn(crate::waking::watch(feed));
    }
    let feed = HubFeed { hub: shell.hub().clone(), updates, down };
    tokio::spawn(quit_on_signal(shell));
    tokio::select! {
        () = shell::run(state, inbox, feed, &desktop) => {}
        () = quit.cancelled() => {}
    }
    panel.end().await;
    ExitCode::SUCCESS
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
