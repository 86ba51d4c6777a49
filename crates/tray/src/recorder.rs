//! A desktop for tests: it writes down what it is told to do.

use std::sync::Mutex;

use doorbell_desk::{About, HubId, Notification, Opening, Point, Request, TrayView};

use crate::shell::Desktop;

#[derive(Default)]
pub(crate) struct Recorder(Mutex<Vec<&'static str>>);

impl Recorder {
    /// What was done, in order.
    pub(crate) fn done(self) -> Vec<&'static str> {
        self.0.into_inner().unwrap()
    }

    fn record(&self, effect: &'static str) {
        self.0.lock().unwrap().push(effect);
    }
}

impl Desktop for Recorder {
    fn show_tray(&self, _view: TrayView) {
        self.record("tray");
    }
    fn notify(&self, _notification: Notification) {
        self.record("ring");
    }
    fn retract(&self, _about: About) {
        self.record("retract");
    }
    fn open_panel(&self, _opening: Opening, _near: Option<Point>) {
        self.record("open");
    }
    fn close_panel(&self) {
        self.record("close");
    }
    fn retry_feed(&self, _hub: &HubId) {
        self.record("retry");
    }
    fn call(&self, _hub: HubId, request: Request) {
        self.record(match request {
            Request::QueueTestJob => "test job",
        });
    }
    fn quit(&self) {
        self.record("quit");
    }
}
