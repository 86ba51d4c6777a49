//! What is clicked in the tray becomes an input.

use doorbell_desk::{Action, Input, Point};
use tray_icon::{MouseButton, MouseButtonState, TrayIconEvent, menu::MenuEvent};

use crate::{
    inbox::Inbox,
    panel::{Asker, Panel},
};

/// Where clicks go.
#[derive(Clone)]
pub(super) struct Clicks {
    pub(super) inbox: Inbox,
    pub(super) panel: Panel,
}

impl Clicks {
    /// Hears the clicks of this process from here on.
    pub(super) fn listen(self) {
        let clicks = self.clone();
        TrayIconEvent::set_event_handler(Some(move |event| {
            if let TrayIconEvent::Click { button: MouseButton::Left, button_state: MouseButtonState::Up, position, .. } = event {
                // Some hosts know no place, and say the corner.
                let at = Point { x: pixel(position.x), y: pixel(position.y) };
                clicks.input(Input::TrayClicked { at: Some(at).filter(|at| *at != Point { x: 0, y: 0 }) });
            }
        }));
        MenuEvent::set_event_handler(Some(move |event: MenuEvent| self.input(chosen(&event.id().0))));
    }

    /// Somebody asked for the app, and not at its icon.
    #[cfg(target_os = "macos")]
    pub(super) fn reopen(&self) {
        self.input(Input::Chosen(Action::OpenPanel));
    }

    fn input(&self, input: Input) {
        self.panel.asked_by(Asker::of_this_click());
        self.inbox.input(input);
    }
}

/// Names the line about questions in the menu.
pub(super) const QUESTION: &str = "question";

/// Names an action's line in the menu.
pub(super) fn id(action: Action) -> &'static str {
    match action {
        Action::OpenPanel => "open-panel",
        Action::RunTestJob => "run-test-job",
        Action::Quit => "quit",
    }
}

/// What a choice in the menu means, by the name of its line.
fn chosen(line: &str) -> Input {
    match Action::ALL.into_iter().find(|action| id(*action) == line) {
        Some(action) => Input::Chosen(action),
        None if line == QUESTION => Input::QuestionChosen,
        None => Input::JobChosen,
    }
}

/// The nearest whole pixel.
#[expect(clippy::cast_possible_truncation, reason = "screens have fewer pixels than an i32")]
fn pixel(position: f64) -> i32 {
    position.round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_the_menu_means_what_it_says() {
        for action in Action::ALL {
            assert_eq!(chosen(id(action)), Input::Chosen(action));
        }
        assert_eq!(chosen(QUESTION), Input::QuestionChosen);
        assert_eq!(chosen("discovered/0192f0c1-7a3b-7c4d-8e5f-0123456789ab"), Input::JobChosen);
    }
}
