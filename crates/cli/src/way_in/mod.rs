//! How a browser of this user gets an address that lets whoever has it in. A program's arguments are for everybody on a machine to read,
//! so the address is never one of them: the browser is told where to get it.
//!
//! # Layout
//! - `doorway`: on Linux, a listener that hands the address to one caller of this user · `peer`: whose a connection is
//! - `leaf`: elsewhere, a file of this user's that leads to the address · `outcome`: what became of it

#[cfg(target_os = "linux")]
mod doorway;
#[cfg(any(not(target_os = "linux"), test))]
mod leaf;
mod outcome;
#[cfg(target_os = "linux")]
mod peer;

pub(crate) use self::outcome::Outcome;

/// Opens `address` in the browser of this user.
///
/// # Errors
/// This machine does not let us listen, write or look who calls.
pub(crate) async fn open_in_browser(address: &str) -> anyhow::Result<Outcome> {
    #[cfg(target_os = "linux")]
    return doorway::open(address, start_browser).await;
    #[cfg(not(target_os = "linux"))]
    return leaf::open(address, start_browser).await;
}

/// Starts the browser and does not wait for its end. `target` is for everybody to read.
fn start_browser(target: &std::ffi::OsStr) -> bool {
    open::that_detached(target).is_ok()
}
