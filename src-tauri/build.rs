//! Generates the app's context, and lets the page call its own commands and nothing else.

fn main() {
    let commands = tauri_build::AppManifest::new().commands(&["close_panel", "known", "request", "standing", "subscribe", "unsubscribe"]);
    let attributes = tauri_build::Attributes::new().app_manifest(commands);
    if let Err(error) = tauri_build::try_build(attributes) {
        println!("cargo::error={error:#}");
    }
}
