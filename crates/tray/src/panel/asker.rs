//! Who asked for the panel: on which display, and with what right to take the focus.

use serde::{Deserialize, Serialize};

/// Where toolkits look for the right to the focus: the name of Wayland, and that of X11.
pub(super) const ACTIVATION: [&str; 2] = ["XDG_ACTIVATION_TOKEN", "DESKTOP_STARTUP_ID"];
/// What says on which display a window is to be.
const DISPLAY: [&str; 3] = ["DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY"];

/// Somebody who asked. The default is nobody in particular, on the display of this process.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Asker {
    /// Names and values, where they are set.
    display: Vec<(String, String)>,
    activation: Option<String>,
}

impl Asker {
    /// Whoever started this process.
    pub(crate) fn of_this_start() -> Self {
        let display = DISPLAY.iter().filter_map(|name| Some(((*name).to_owned(), set(name)?))).collect();
        Self { display, activation: ACTIVATION.iter().find_map(|name| set(name)) }
    }

    /// Whoever has just clicked in the tray. Only the thread that tells of the click can know.
    #[cfg(target_os = "linux")]
    pub(crate) fn of_this_click() -> Self {
        use std::{thread, time::Duration};

        // Only Wayland needs one. The desktop may send it just after the click: "wait 1ms and call this
        // again", says ksni.
        let looks = if set("WAYLAND_DISPLAY").is_some() { 5 } else { 1 };
        for look in 1..=looks {
            let activation = ksni::current_xdg_activation_token();
            if activation.is_some() || look == looks {
                return Self { display: Vec::new(), activation };
            }
            thread::sleep(Duration::from_millis(1));
        }
        Self::default()
    }

    /// Whoever has just clicked in the tray.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn of_this_click() -> Self {
        Self::default()
    }

    /// What the desktop gave for the right to the focus.
    pub(super) fn activation(&self) -> Option<&str> {
        self.activation.as_deref()
    }

    /// For a process that is started for them. Only names that are known here: what another process sends
    /// must not set others.
    pub(super) fn env(&self) -> impl Iterator<Item = (&str, &str)> {
        let display = self.display.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let activation = ACTIVATION.into_iter().zip(self.activation()).chain(self.activation().map(|token| (ACTIVATION[1], token)));
        display.filter(|(name, _)| DISPLAY.contains(name)).chain(activation)
    }
}

fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_by_both_names_and_no_other_variable_is_set() {
        let display = [("DISPLAY", ":7"), ("LD_PRELOAD", "/tmp/evil.so")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let asker = Asker { display: display.to_vec(), activation: Some("token".to_owned()) };
        let env: Vec<_> = asker.env().collect();
        assert_eq!(env, [("DISPLAY", ":7"), ("XDG_ACTIVATION_TOKEN", "token"), ("DESKTOP_STARTUP_ID", "token")]);
        assert_eq!(Asker::default().env().count(), 0);
    }
}
