//! Generates the app's context.

fn main() {
    tauri_build::build();
}
