//! What the whole-system tests stand on: real processes, and a real desktop of their own.

#[cfg(target_os = "linux")]
pub mod desktop;
#[cfg(unix)]
pub mod doorbell;
pub mod eventually;
#[cfg(target_os = "linux")]
pub mod faults;
pub mod home;
pub mod http;
pub mod hub;
#[cfg(unix)]
pub mod terminal;
pub mod wire;

#[cfg(unix)]
pub use doorbell::{Running, shell_code};
pub use eventually::eventually;
pub use home::Home;
pub use hub::Hub;
