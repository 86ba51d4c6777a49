//! The tray icon: a plain [`TrayView`] in, native objects out. What has not changed is not touched.
//!
//! # Layout
//! - here: the native objects, which belong to one thread · [`clicks`]: what is clicked becomes an input
//! - [`thread`], [`event_loop`]: the thread that they belong to, on Linux and elsewhere · [`command`]: what it is told

mod clicks;
mod command;
#[cfg(any(windows, target_os = "macos"))]
mod event_loop;
#[cfg(not(any(windows, target_os = "macos")))]
mod thread;

use doorbell_desk::{MenuEntry, TrayView};
use tray_icon::{
    Icon, TrayIcon, TrayIconBuilder,
    menu::{Menu, MenuItem, PredefinedMenuItem},
};

use self::clicks::Clicks;
pub(crate) use self::command::TrayThread;
#[cfg(any(windows, target_os = "macos"))]
pub(crate) use self::event_loop::run;
#[cfg(not(any(windows, target_os = "macos")))]
pub(crate) use self::thread::run;
use crate::badge;

/// The icon on its thread.
#[derive(Default)]
struct Slot(Option<Tray>);

struct Tray {
    icon: TrayIcon,
    shown: TrayView,
}

/// The tray icon could not be made or changed.
#[derive(Debug, thiserror::Error)]
enum TrayError {
    #[error("the tray: {0}")]
    Tray(#[from] tray_icon::Error),
    #[error("the tray's menu: {0}")]
    Menu(#[from] tray_icon::menu::Error),
    #[error("the tray's icon: {0}")]
    Icon(#[from] tray_icon::BadIcon),
}

impl Slot {
    fn create(&mut self, view: TrayView, clicks: Clicks) {
        clicks.listen();
        match Tray::create(view) {
            Ok(tray) => self.0 = Some(tray),
            Err(error) => tracing::error!(%error, "there is no tray icon"),
        }
    }

    fn show(&mut self, view: TrayView) {
        if let Some(tray) = &mut self.0
            && let Err(error) = tray.change(view)
        {
            tracing::warn!(%error, "could not change the tray");
        }
    }
}

impl Tray {
    fn create(view: TrayView) -> Result<Self, TrayError> {
        let tray = TrayIconBuilder::new()
            .with_id("doorbell")
            .with_title(TITLE)
            .with_tooltip(&view.tooltip)
            .with_menu(Box::new(menu(&view)?))
            .with_menu_on_left_click(false);
        #[cfg(target_os = "macos")]
        let tray = tray.with_icon_templated(icon(&view)?);
        #[cfg(not(target_os = "macos"))]
        let tray = tray.with_icon(icon(&view)?);
        Ok(Self { icon: tray.build()?, shown: view })
    }

    fn change(&mut self, view: TrayView) -> Result<(), TrayError> {
        if self.shown.badge != view.badge {
            #[cfg(target_os = "macos")]
            {
                self.icon.set_icon_templated(Some(icon(&view)?))?;
                self.icon.set_title(view.badge.text());
            }
            #[cfg(not(target_os = "macos"))]
            self.icon.set_icon(Some(icon(&view)?))?;
        }
        if self.shown.tooltip != view.tooltip {
            self.icon.set_tooltip(Some(&view.tooltip))?;
        }
        if self.shown.menu != view.menu {
            self.icon.set_menu(Some(Box::new(menu(&view)?)));
        }
        self.shown = view;
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
            MenuEntry::Question(text) => menu.append(&MenuItem::with_id(clicks::QUESTION, literal(text), true, None))?,
            MenuEntry::Label(text) => menu.append(&MenuItem::new(literal(text), false, None))?,
            MenuEntry::Job(hub, job, name) => menu.append(&MenuItem::with_id(format!("{hub}/{job}"), literal(name), true, None))?,
            MenuEntry::Action(action) => menu.append(&MenuItem::with_id(clicks::id(*action), action.label(), true, None))?,
            MenuEntry::Separator => menu.append(&PredefinedMenuItem::separator())?,
        }
    }
    Ok(menu)
}

/// A name is not a mnemonic: each `&` is meant.
fn literal(text: &str) -> String {
    text.replace('&', "&&")
}
