//! The tray icon: a plain [`TrayView`] in, native objects out. What has not changed is not touched.
//!
//! Native tray objects belong to the main thread, so they live in a slot of that thread and everything here runs on it.

use std::cell::RefCell;

use doorbell_desk::{Action, Input, MenuEntry, Point, TrayView};
use tray_icon::{
    Icon, MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent,
    menu::{Menu, MenuEvent, MenuItem, PredefinedMenuItem},
};

use crate::{badge, placement, shell::Shell};

thread_local! {
    static TRAY: RefCell<Option<Tray>> = const { RefCell::new(None) };
}

struct Tray {
    icon: TrayIcon,
    shown: TrayView,
}

/// The tray icon could not be made or changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TrayError {
    #[error("the tray: {0}")]
    Tray(#[from] tray_icon::Error),
    #[error("the tray's menu: {0}")]
    Menu(#[from] tray_icon::menu::Error),
    #[error("the tray's icon: {0}")]
    Icon(#[from] tray_icon::BadIcon),
}

/// Shows the icon for the first time, and sends what is clicked to `shell`.
pub(crate) fn create(view: &TrayView, shell: &Shell) -> Result<(), TrayError> {
    let clicks = shell.clone();
    TrayIconEvent::set_event_handler(Some(move |event| {
        if let TrayIconEvent::Click { button: MouseButton::Left, button_state: MouseButtonState::Up, position, .. } = event {
            // Some hosts know no place, and say the corner.
            let at = Point { x: placement::pixel(position.x), y: placement::pixel(position.y) };
            clicks.input(Input::TrayClicked { at: Some(at).filter(|at| *at != Point { x: 0, y: 0 }) });
        }
    }));
    let choices = shell.clone();
    MenuEvent::set_event_handler(Some(move |event: MenuEvent| {
        let chosen = Action::ALL.into_iter().find(|action| id(*action) == event.id().0);
        choices.input(chosen.map_or(Input::JobChosen, Input::Chosen));
    }));
    let tray = TrayIconBuilder::new()
        .with_id("doorbell")
        .with_title(TITLE)
        .with_tooltip(&view.tooltip)
        .with_menu(Box::new(menu(view)?))
        .with_menu_on_left_click(false);
    #[cfg(target_os = "macos")]
    let tray = tray.with_icon_templated(icon(view)?);
    #[cfg(not(target_os = "macos"))]
    let tray = tray.with_icon(icon(view)?);
    let icon = tray.build()?;
    TRAY.set(Some(Tray { icon, shown: view.clone() }));
    Ok(())
}

/// Changes what differs from what is shown.
pub(crate) fn show(view: &TrayView) {
    TRAY.with_borrow_mut(|tray| {
        if let Some(tray) = tray
            && let Err(error) = tray.change(view)
        {
            tracing::warn!(%error, "could not change the tray");
        }
    });
}

/// Takes the icon away.
pub(crate) fn remove() {
    TRAY.set(None);
}

impl Tray {
    fn change(&mut self, view: &TrayView) -> Result<(), TrayError> {
        if self.shown.badge != view.badge {
            #[cfg(target_os = "macos")]
            {
                self.icon.set_icon_templated(Some(icon(view)?))?;
                self.icon.set_title(view.badge.text());
            }
            #[cfg(not(target_os = "macos"))]
            self.icon.set_icon(Some(icon(view)?))?;
        }
        if self.shown.tooltip != view.tooltip {
            self.icon.set_tooltip(Some(&view.tooltip))?;
        }
        if self.shown.menu != view.menu {
            self.icon.set_menu(Some(Box::new(menu(view)?)));
        }
        self.shown = view.clone();
        Ok(())
    }
}

/// Names the icon where the desktop lists icons. On macOS it would stand beside the icon.
const TITLE: &str = if cfg!(target_os = "macos") { "" } else { "Doorbell" };

fn icon(view: &TrayView) -> Result<Icon, TrayError> {
    let image = badge::draw(view.badge);
    Ok(Icon::from_rgba(image.rgba, image.width, image.height)?)
}

fn menu(view: &TrayView) -> Result<Menu, TrayError> {
    let menu = Menu::new();
    for entry in &view.menu {
        match entry {
            MenuEntry::Label(text) => menu.append(&MenuItem::new(literal(text), false, None))?,
            MenuEntry::Job(job, name) => menu.append(&MenuItem::with_id(job.to_string(), literal(name), true, None))?,
            MenuEntry::Action(action) => menu.append(&MenuItem::with_id(id(*action), action.label(), true, None))?,
            MenuEntry::Separator => menu.append(&PredefinedMenuItem::separator())?,
        }
    }
    Ok(menu)
}

fn id(action: Action) -> &'static str {
    match action {
        Action::OpenPanel => "open-panel",
        Action::RunTestJob => "run-test-job",
        Action::Quit => "quit",
    }
}

/// A name is not a mnemonic: each `&` is meant.
fn literal(text: &str) -> String {
    text.replace('&', "&&")
}
