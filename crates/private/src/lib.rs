//! Files and folders of one user, on a machine with others: the database, the token, locks, announcements, and what waits in the spool.
//!
//! # Layout
//! - [`file`]: files that their user alone can read · [`folder`]: folders that nobody else can write to
//!
//! # Invariants
//! - What is no file (a link, a pipe, a socket, a device, a folder) is told in the place of one, and nothing waits for it.
//! - What is made is closed to others from its first moment on. What an older version left open is closed when it is used.
//! - The errors say what is wrong and what to do, but not where: who calls names the path.
//!
//! On Windows a user's profile is closed to others, and only the kind of a file is looked at.

pub mod file;
pub mod folder;
#[cfg(unix)]
mod owner;
