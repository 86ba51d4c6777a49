//! The panel's window: created when it is asked for, destroyed when it is closed. Hidden, there is no webview at all.
//!
//! A window takes a while to be built, and what is being built cannot be destroyed. So the label says which window is wanted, and
//! one that was given up meanwhile goes as soon as it is there.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use doorbell_desk::{Input, Point};
use tauri::{
    AppHandle, Manager, PhysicalPosition, WebviewUrl, WebviewWindow, WebviewWindowBuilder, WindowEvent, async_runtime,
    webview::PageLoadEvent,
};

use crate::{
    placement::{self, Area, pixel},
    shell::Shell,
};

/// In logical pixels.
const WIDTH: f64 = 380.0;
const HEIGHT: f64 = 600.0;

#[derive(Clone)]
pub(crate) struct Panel(Arc<Inner>);

struct Inner {
    app: AppHandle,
    shell: Shell,
    /// Label of the window that is open, or being built. Each window has its own, since an old one may still be on its way out.
    open: Mutex<Option<String>>,
    opened: AtomicU32,
}

impl Panel {
    pub(crate) fn new(app: AppHandle, shell: Shell) -> Self {
        Self(Arc::new(Inner { app, shell, open: Mutex::default(), opened: AtomicU32::new(0) }))
    }

    /// Creates the window, or brings the one that is open to the front.
    pub(crate) fn open(&self, near: Option<Point>) {
        let mut open = self.lock();
        if let Some(label) = open.as_ref() {
            // One that is not there yet takes the focus when it is.
            if let Some(window) = self.0.app.get_webview_window(label) {
                focus(&window);
            }
            return;
        }
        let label = format!("panel-{}", self.0.opened.fetch_add(1, Ordering::Relaxed));
        *open = Some(label.clone());
        drop(open);
        let panel = self.clone();
        // Building a window waits for the main thread, which must not wait for the shell's loop.
        async_runtime::spawn(async move {
            if let Err(error) = panel.create(&label, near) {
                tracing::error!(%error, "could not open the panel");
                panel.gone(&label);
            }
        });
    }

    pub(crate) fn close(&self) {
        let Some(label) = self.lock().take() else { return };
        if let Some(window) = self.0.app.get_webview_window(&label) {
            destroy(&window);
        }
    }

    fn create(&self, label: &str, near: Option<Point>) -> tauri::Result<()> {
        let builder = WebviewWindowBuilder::new(&self.0.app, label, WebviewUrl::App("index.html".into()))
            .title("Doorbell")
            .inner_size(WIDTH, HEIGHT)
            .resizable(false)
            .maximizable(false)
            .minimizable(false)
            .decorations(false)
            .skip_taskbar(true)
            .always_on_top(true)
            // Shown once there is something to see, so that it never flashes white.
            .visible(false)
            .on_page_load({
                let panel = self.clone();
                move |window, payload| {
                    if payload.event() == PageLoadEvent::Finished {
                        panel.show(&window, near);
                    }
                }
            });
        let window = builder.build()?;
        if !self.is_wanted(label) {
            destroy(&window);
            return Ok(());
        }
        let (panel, label) = (self.clone(), label.to_owned());
        let was_focused = AtomicBool::new(false);
        window.on_window_event(move |event| {
            if let WindowEvent::Focused(focused) = event {
                // A window that never had the focus cannot lose it.
                if was_focused.swap(*focused, Ordering::Relaxed) && !focused {
                    panel.0.shell.input(Input::PanelBlurred);
                }
            } else if let WindowEvent::Destroyed = event {
                panel.gone(&label);
            }
        });
        Ok(())
    }

    fn show(&self, window: &WebviewWindow, near: Option<Point>) {
        // It may have been closed while its page loaded.
        if !self.is_wanted(window.label()) {
            return;
        }
        if let Err(error) = self.place(window, near) {
            tracing::debug!(%error, "the panel stands where the desktop puts it");
        }
        if let Err(error) = show_with_focus(window) {
            tracing::warn!(%error, "could not show the panel");
        }
    }

    /// Beside the tray icon, or the pointer, which is on the icon's menu. Wayland lets no window place itself.
    fn place(&self, window: &WebviewWindow, near: Option<Point>) -> tauri::Result<()> {
        let point = match near {
            Some(point) => point,
            None => self.0.app.cursor_position().map(|pointer| Point { x: pixel(pointer.x), y: pixel(pointer.y) })?,
        };
        let monitor = self.0.app.monitor_from_point(point.x.into(), point.y.into())?;
        let Some(monitor) = monitor.or(self.0.app.primary_monitor()?) else { return Ok(()) };
        let (work, scale) = (monitor.work_area(), monitor.scale_factor());
        let area = Area {
            x: work.position.x,
            y: work.position.y,
            width: i32::try_from(work.size.width).unwrap_or(i32::MAX),
            height: i32::try_from(work.size.height).unwrap_or(i32::MAX),
        };
        let (x, y) = placement::beside(point, (pixel(WIDTH * scale), pixel(HEIGHT * scale)), area);
        window.set_position(PhysicalPosition::new(x, y))
    }

    fn gone(&self, label: &str) {
        let mut open = self.lock();
        if open.as_deref() == Some(label) {
            *open = None;
            drop(open);
            self.0.shell.input(Input::PanelGone);
        }
    }

    fn is_wanted(&self, label: &str) -> bool {
        self.lock().as_deref() == Some(label)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tauri only queues that the window be shown, and drops a focus that is asked for while it is not: both at once, then.
#[cfg(target_os = "linux")]
fn show_with_focus(window: &WebviewWindow) -> tauri::Result<()> {
    use gtk::prelude::{GtkWindowExt, WidgetExt};

    let window = window.gtk_window()?;
    window.show_all();
    window.present();
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn show_with_focus(window: &WebviewWindow) -> tauri::Result<()> {
    window.show()?;
    focus(window);
    Ok(())
}

/// Destroying it twice does no harm.
fn destroy(window: &WebviewWindow) {
    if let Err(error) = window.destroy() {
        tracing::warn!(%error, "could not close the panel");
    }
}

/// Without the focus, losing it would never be told, and the panel would stay.
fn focus(window: &WebviewWindow) {
    if let Err(error) = window.set_focus() {
        tracing::warn!(%error, "could not focus the panel");
    }
}
