//! What desktops show of the app: their file format is the Desktop Entry Specification of freedesktop.org.

use std::path::Path;

/// Names the entry and its icon, as bundles name the app.
pub(super) const ID: &str = "dev.doorbell.Doorbell";

/// The entry that starts `app`. Started again, the app opens its panel, and so it does at first: somebody who
/// clicks wants to see something.
pub(super) fn desktop_entry(app: &Path) -> String {
    format!(
        "[Desktop Entry]
Type=Application
Name=Doorbell
Comment=Rings when a long job starts, ends, or asks
Exec={} --panel
Icon={ID}
Categories=Development;
Terminal=false
",
        quoted(&app.to_string_lossy())
    )
}

/// As one word of a command line: quoted for the command line, then escaped for the file. `%` begins a code.
fn quoted(word: &str) -> String {
    let mut quoted = String::from("\"");
    for c in word.chars() {
        match c {
            '"' | '`' | '$' => quoted.extend(["\\\\", c.encode_utf8(&mut [0; 4])]),
            '\\' => quoted.push_str("\\\\\\\\"),
            '%' => quoted.push_str("%%"),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_app_is_started_wherever_it_is() {
        let entry = desktop_entry(Path::new("/home/me & you/100%/$x/doorbell-tray"));
        assert!(entry.contains("\nExec=\"/home/me & you/100%%/\\\\$x/doorbell-tray\" --panel\n"), "{entry}");
    }
}
