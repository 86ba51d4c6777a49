//! Windows, mouse and keyboard of the desktop.

use anyhow::{Context, Result};

use super::{VirtualDesktop, display, wait};

/// A window that can be seen.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Window {
    id: String,
    /// Where it is on the screen.
    pub region: Region,
}

/// A rectangle on the screen, in pixels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Region {
    /// Left edge.
    pub x: i32,
    /// Top edge.
    pub y: i32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

impl VirtualDesktop {
    /// Every visible window with exactly this title.
    ///
    /// # Errors
    /// The display is gone.
    pub fn windows_titled(&self, title: &str) -> Result<Vec<Window>> {
        self.windows_by("--name", title)
    }

    /// Every visible window of exactly this class.
    ///
    /// # Errors
    /// The display is gone.
    pub fn windows_of_class(&self, class: &str) -> Result<Vec<Window>> {
        self.windows_by("--class", class)
    }

    /// Waits until there is a visible window with this title.
    ///
    /// # Errors
    /// There was none in time.
    pub async fn window(&self, title: &str) -> Result<Window> {
        let look = async || Ok(self.windows_titled(title)?.pop());
        wait::until_some(&format!("a window {title:?} can be seen"), wait::SOON, look).await
    }

    /// Waits until no window with this title can be seen.
    ///
    /// # Errors
    /// One still was at the deadline.
    pub async fn until_no_window(&self, title: &str) -> Result<()> {
        wait::until(&format!("no window {title:?} can be seen"), wait::SOON, async || Ok(self.windows_titled(title)?.is_empty())).await
    }

    /// Waits until the keyboard belongs to a window.
    ///
    /// # Errors
    /// It did not in time.
    pub async fn until_focused(&self, window: &Window) -> Result<()> {
        let focused = async || Ok(self.session().run("xdotool", &["getactivewindow"]).is_ok_and(|id| id.trim() == window.id));
        wait::until("the window has the focus", wait::SOON, focused).await
    }

    /// Gives the keyboard to a window.
    ///
    /// # Errors
    /// The window is gone.
    pub fn focus(&self, window: &Window) -> Result<()> {
        self.session().run("xdotool", &["windowactivate", "--sync", &window.id]).map(drop)
    }

    /// Moves the mouse and clicks with the left button.
    ///
    /// # Errors
    /// The display is gone.
    pub fn click_at(&self, x: i32, y: i32) -> Result<()> {
        self.session().run("xdotool", &["mousemove", "--sync", &x.to_string(), &y.to_string(), "click", "1"]).map(drop)
    }

    /// Moves the mouse to where it is in nobody's way.
    ///
    /// # Errors
    /// The display is gone.
    pub fn park_mouse(&self) -> Result<()> {
        let (x, y) = (display::SIZE.0 - 1, display::SIZE.1 - 1);
        self.session().run("xdotool", &["mousemove", &x.to_string(), &y.to_string()]).map(drop)
    }

    /// Presses a key, as in `Escape`, in the window that has the focus.
    ///
    /// # Errors
    /// The display is gone.
    pub fn press(&self, key: &str) -> Result<()> {
        self.session().run("xdotool", &["key", key]).map(drop)
    }

    /// Waits until the tray host draws exactly one icon, and says where.
    ///
    /// # Errors
    /// It did not in time.
    pub async fn tray_icon_region(&self) -> Result<Region> {
        // The tray is a window of its own inside the host's, as high as the bar and as wide as its icons.
        let one_icon = |region: &Region| region.width >= region.height && region.width < 2 * region.height;
        let look = async || {
            let trays = self.windows_of_class("Wrapper-2.0")?;
            Ok(trays.iter().map(|window| window.region).find(one_icon))
        };
        wait::until_some("the tray host draws one icon", wait::SOON, look).await
    }

    fn windows_by(&self, property: &str, value: &str) -> Result<Vec<Window>> {
        // Nothing found is an exit code of 1 without a word; it is not told from a display that is gone.
        let ids = self.session().run("xdotool", &["search", "--onlyvisible", property, &format!("^{value}$")]).unwrap_or_default();
        // A window may go between the two looks: then it is not there.
        Ok(ids.lines().filter_map(|id| Some(Window { id: id.to_owned(), region: self.region(id).ok()? })).collect())
    }

    fn region(&self, id: &str) -> Result<Region> {
        // Not xdotool: it counts the frame of a decorated window twice.
        let answer = self.session().run("xwininfo", &["-id", id])?;
        let figure = |name: &str| {
            let line = answer.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(':'));
            line.and_then(|figure| figure.trim().parse::<i32>().ok()).with_context(|| format!("no {name} in {answer:?}"))
        };
        Ok(Region {
            x: figure("Absolute upper-left X")?,
            y: figure("Absolute upper-left Y")?,
            width: figure("Width")?.cast_unsigned(),
            height: figure("Height")?.cast_unsigned(),
        })
    }
}

impl Region {
    /// The middle.
    #[must_use]
    pub fn centre(&self) -> (i32, i32) {
        (self.x + self.width.cast_signed() / 2, self.y + self.height.cast_signed() / 2)
    }
}
