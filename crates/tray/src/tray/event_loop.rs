//! macOS and Windows: the icon belongs to the main thread and its event loop; the app runs on another.

use std::{process::ExitCode, thread};

use tao::{
    event::Event,
    event_loop::{ControlFlow, EventLoop, EventLoopBuilder},
};
use tokio::runtime::Runtime;

use super::{
    Slot,
    command::{Command, TrayThread},
};

/// Runs `app` to its end, with a tray. Ends the process.
pub(crate) fn run<F: Future<Output = ExitCode>>(runtime: Runtime, app: impl FnOnce(TrayThread) -> F + Send + 'static) -> ExitCode {
    let event_loop = event_loop();
    let (commands, end) = (event_loop.create_proxy(), event_loop.create_proxy());
    let tray = TrayThread::new(move |command| commands.send_event(command).is_ok());
    let app = thread::Builder::new().name("app".to_owned()).spawn(move || {
        let code = runtime.block_on(app(tray));
        runtime.shutdown_background();
        let _ = end.send_event(Command::End(code));
    });
    if let Err(error) = app {
        tracing::error!(%error, "cannot start");
        return ExitCode::FAILURE;
    }
    let mut slot = Slot::default();
    #[cfg(target_os = "macos")]
    let mut reopened = None;
    event_loop.run(move |event, _, flow| {
        *flow = ControlFlow::Wait;
        match event {
            Event::UserEvent(Command::Create(view, clicks)) => {
                #[cfg(target_os = "macos")]
                {
                    reopened = Some(clicks.clone());
                }
                slot.create(view, clicks);
            }
            Event::UserEvent(Command::Show(view)) => slot.show(view),
            Event::UserEvent(Command::End(code)) => {
                slot = Slot::default();
                *flow = ControlFlow::ExitWithCode(i32::from(code != ExitCode::SUCCESS));
            }
            #[cfg(target_os = "macos")]
            Event::Reopen { .. } => {
                if let Some(clicks) = &reopened {
                    clicks.reopen();
                }
            }
            _ => {}
        }
    })
}

#[cfg(target_os = "macos")]
fn event_loop() -> EventLoop<Command> {
    use tao::platform::macos::{ActivationPolicy, EventLoopExtMacOS};

    let mut event_loop = EventLoopBuilder::with_user_event().build();
    event_loop.set_activation_policy(ActivationPolicy::Accessory);
    event_loop
}

#[cfg(windows)]
fn event_loop() -> EventLoop<Command> {
    EventLoopBuilder::with_user_event().build()
}
