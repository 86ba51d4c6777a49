//! What the panel's page may ask for, and what it gets.

use std::sync::Arc;

use doorbell_client::CallError;
use doorbell_panel_link::{Call, Refusal, ToPanel};
use doorbell_protocol::jobs::NewTestJob;
use serde_json::Value;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use crate::shell::{PanelClosed, Shell};

/// Most calls at once. The page has one or two on their way.
const AT_ONCE: usize = 16;

/// The calls of one process. What is on its way when that ends is given up.
pub(super) struct Calls {
    shell: Shell,
    answers: mpsc::Sender<ToPanel>,
    given_up: CancellationToken,
    room: Arc<Semaphore>,
}

impl Calls {
    pub(super) fn new(shell: &Shell, answers: &mpsc::Sender<ToPanel>, given_up: &CancellationToken) -> Self {
        let room = Arc::new(Semaphore::new(AT_ONCE));
        Self { shell: shell.clone(), answers: answers.clone(), given_up: given_up.clone(), room }
    }

    /// Answers one, in the background.
    pub(super) fn answer(&self, call: u64, what: Call) {
        let (shell, answers, given_up) = (self.shell.clone(), self.answers.clone(), self.given_up.clone());
        let place = Arc::clone(&self.room).try_acquire_owned();
        tokio::spawn(async move {
            let answer = async {
                let _place = place.map_err(|_| refusal("busy", "The panel asks for too much at once."))?;
                carry_out(&shell, what).await
            };
            if let Some(answer) = given_up.run_until_cancelled(answer).await {
                // The panel may just have ended.
                let _ = answers.send(ToPanel::Answer { call, answer }).await;
            }
        });
    }
}

async fn carry_out(shell: &Shell, what: Call) -> Result<Value, Refusal> {
    match what {
        Call::Poll => {
            let view = shell.poll().await.map_err(|PanelClosed| refusal("panel_closed", "The panel is closed."))?;
            serde_json::to_value(view).map_err(|error| refusal("panel", &error.to_string()))
        }
        Call::StartTestJob => {
            let queued = shell.client().create_test_job(&NewTestJob::default()).await;
            queued.map(|_| Value::Null).map_err(|error: CallError| refusal("hub", &error.to_string()))
        }
    }
}

fn refusal(code: &str, message: &str) -> Refusal {
    Refusal { code: code.to_owned(), message: message.to_owned() }
}
