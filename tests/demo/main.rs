//! The main job on a virtual desktop, in pictures. `cargo xtask demo` builds what it shows and starts it.

#[cfg(target_os = "linux")]
mod album;
#[cfg(target_os = "linux")]
mod scenes;

use anyhow::Result;

#[cfg(target_os = "linux")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let folder = std::env::args_os().nth(1).map_or_else(|| "target/demo".into(), std::path::PathBuf::from);
    let mut album = album::Album::create(&folder)?;
    scenes::light(&mut album).await?;
    scenes::dark(&mut album).await?;
    album.print();
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() -> Result<()> {
    anyhow::bail!("the virtual desktop needs Linux")
}
