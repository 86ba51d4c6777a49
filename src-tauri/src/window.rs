//! The panel's window. It is created hidden, and shown once its page has something to show.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use doorbell_panel_link::{FromPanel, Point, Show};
use tauri::{AppHandle, PhysicalPosition, WebviewUrl, WebviewWindow, WebviewWindowBuilder, WindowEvent, webview::PageLoadEvent};

use crate::{
    link::Link,
    placement::{self, Area, pixel},
};

/// Names the window in `capabilities/panel.json`.
const LABEL: &str = "panel";
/// In logical pixels.
const WIDTH: f64 = 380.0;
const HEIGHT: f64 = 600.0;

/// The one window of this process.
#[derive(Clone)]
pub(crate) struct Panel {
    window: WebviewWindow,
    is_shown: Arc<AtomicBool>,
}

impl Panel {
    /// Creates the window, which shows itself when its page is there.
    pub(crate) fn create(app: &AppHandle, link: Link, show: Show) -> tauri::Result<Self> {
        let is_shown = Arc::new(AtomicBool::new(false));
        let window = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::App("index.html".into()))
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
                let is_shown = Arc::clone(&is_shown);
                move |window, payload| {
                    if payload.event() == PageLoadEvent::Finished && !is_shown.swap(true, Ordering::Relaxed) {
                        first_shown(&window, &show);
                    }
                }
            })
            .build()?;
        let was_focused = AtomicBool::new(false);
        window.on_window_event(move |event| {
            if let WindowEvent::Focused(focused) = event
                // A window that never had the focus cannot lose it.
                && was_focused.swap(*focused, Ordering::Relaxed)
                && !focused
            {
                link.say(FromPanel::Blurred);
            }
        });
        end_with_its_page(&window)?;
        Ok(Self { window, is_shown })
    }

    /// Brings the window to the front. One that is not there yet takes the focus when it is.
    pub(crate) fn focus(&self, show: Show) {
        if self.is_shown.load(Ordering::Relaxed)
            && let Err(error) = focus(&self.window, show.activation)
        {
            tracing::warn!(%error, "could not focus the panel");
        }
    }
}

fn first_shown(window: &WebviewWindow, show: &Show) {
    if let Err(error) = place(window, show.near) {
        tracing::debug!(%error, "the panel stands where the desktop puts it");
    }
    if let Err(error) = show_with_focus(window) {
        tracing::warn!(%error, "could not show the panel");
    }
}

/// Beside the tray icon, or the pointer, which is on the icon's menu. Wayland lets no window place itself.
fn place(window: &WebviewWindow, near: Option<Point>) -> tauri::Result<()> {
    let point = match near {
        Some(point) => point,
        None => window.cursor_position().map(|pointer| Point { x: pixel(pointer.x), y: pixel(pointer.y) })?,
    };
    let monitor = window.monitor_from_point(point.x.into(), point.y.into())?;
    let Some(monitor) = monitor.or(window.primary_monitor()?) else { return Ok(()) };
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

/// Tauri only queues that the window be shown, and drops a focus that is asked for while it is not: both at
/// once, then.
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
    window.set_focus()
}

/// Without the focus, losing it would never be told, and the panel would stay.
#[cfg(target_os = "linux")]
fn focus(window: &WebviewWindow, activation: Option<String>) -> tauri::Result<()> {
    use gtk::prelude::GtkWindowExt;

    let panel = window.clone();
    window.run_on_main_thread(move || match panel.gtk_window() {
        Ok(window) => {
            if let Some(activation) = activation {
                window.set_startup_id(&activation);
            }
            window.present();
        }
        Err(error) => tracing::warn!(%error, "could not focus the panel"),
    })
}

#[cfg(not(target_os = "linux"))]
fn focus(window: &WebviewWindow, _activation: Option<String>) -> tauri::Result<()> {
    window.set_focus()
}

/// A page whose process dies leaves an empty window, which is of no use to anybody: this process ends as
/// well, and says so by its status.
#[cfg(target_os = "linux")]
fn end_with_its_page(window: &WebviewWindow) -> tauri::Result<()> {
    use tauri::Manager;
    use webkit2gtk::WebViewExt;

    let app = window.app_handle().clone();
    window.with_webview(move |webview| {
        webview.inner().connect_web_process_terminated(move |_, reason| {
            tracing::error!(?reason, "the page's process ended");
            app.exit(1);
        });
    })
}

#[cfg(not(target_os = "linux"))]
fn end_with_its_page(_window: &WebviewWindow) -> tauri::Result<()> {
    Ok(())
}
