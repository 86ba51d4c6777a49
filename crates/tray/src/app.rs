//! Wires the parts.

use std::{process::ExitCode, sync::Arc};

use doorbell_client::{Client, EndpointSource, Feed};
use doorbell_desk::{Action, HubId, Input, State};
use tokio_util::sync::CancellationToken;

use crate::{
    desktop::NativeDesktop,
    hub,
    inbox::Inbox,
    notifier::Notifier,
    panel::{Asker, Panel},
    programs,
    second_start::{self, Start},
    shell::{self, HubFeed},
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
    let (inbox, messages) = Inbox::new(HubId::discovered(), Client::new(EndpointSource::discovered()));
    let panel = Panel::new(inbox.clone());
    let state = State::new(inbox.hub().clone(), []);
    tray.create(state.tray(), inbox.clone(), panel.clone());
    if let Some(door) = door {
        let (inbox, panel) = (inbox.clone(), panel.clone());
        tokio::spawn(door.listen(move |asker| {
            panel.asked_by(asker);
            inbox.input(Input::Chosen(Action::OpenPanel));
        }));
    }
    let (hub, down) = hub::keep(inbox.clone());
    let (feed, updates) = Feed::open(EndpointSource::discovered());
    let feed = Arc::new(feed);
    let quit = CancellationToken::new();
    let desktop = NativeDesktop {
        tray,
        panel: panel.clone(),
        notifier: Notifier::start(inbox.clone()),
        feed: Arc::clone(&feed),
        hub,
        inbox: inbox.clone(),
        quit: quit.clone(),
    };
    if let Some(command) = programs::command_instead() {
        inbox.input(Input::Command(command));
    }
    if std::env::args().any(|argument| argument == PANEL) {
        panel.asked_by(Asker::of_this_start());
        inbox.input(Input::Chosen(Action::OpenPanel));
    }
    #[cfg(target_os = "linux")]
    {
        tokio::spawn(crate::tray_host::look(inbox.clone()));
        tokio::spawn(crate::waking::watch(feed));
    }
    let feed = HubFeed { hub: inbox.hub().clone(), updates, down };
    tokio::spawn(quit_on_signal(inbox));
    tokio::select! {
        () = shell::run(state, messages, feed, &desktop) => {}
        () = quit.cancelled() => {}
    }
    panel.end().await;
    ExitCode::SUCCESS
}

/// Ends the app in order when the session ends or somebody sends a signal.
#[cfg(unix)]
async fn quit_on_signal(inbox: Inbox) {
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
    inbox.input(Input::Chosen(Action::Quit));
}

#[cfg(not(unix))]
async fn quit_on_signal(inbox: Inbox) {
    if tokio::signal::ctrl_c().await.is_ok() {
        inbox.input(Input::Chosen(Action::Quit));
    }
}
