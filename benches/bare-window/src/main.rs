//! The least that a Tauri program can be: one window, shown once its page is loaded, as the panel's is.

use tauri::{WebviewUrl, WebviewWindow, WebviewWindowBuilder, webview::PageLoadEvent};

fn main() -> tauri::Result<()> {
    let app = tauri::Builder::default()
        .setup(|app| {
            WebviewWindowBuilder::new(app, "bare", WebviewUrl::App("index.html".into()))
                .title("Bare window")
                .inner_size(380.0, 600.0)
                .visible(false)
                .on_page_load(|window, payload| {
                    if payload.event() == PageLoadEvent::Finished
                        && let Err(error) = show(&window)
                    {
                        eprintln!("cannot show the window: {error}");
                    }
                })
                .build()?;
            Ok(())
        })
        .build(tauri::generate_context!())?;
    app.run(|_, _| {});
    Ok(())
}

/// As the panel does it.
#[cfg(target_os = "linux")]
fn show(window: &WebviewWindow) -> tauri::Result<()> {
    use gtk::prelude::{GtkWindowExt, WidgetExt};

    let window = window.gtk_window()?;
    window.show_all();
    window.present();
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn show(window: &WebviewWindow) -> tauri::Result<()> {
    window.show()
}
