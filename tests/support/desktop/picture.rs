//! Pictures of the screen.

use std::path::Path;

use anyhow::{Context, Result};

use super::{VirtualDesktop, wait, windows::Region};

/// A page or a bubble with text has more colours than this; one that is not painted yet has a few.
const COLOURS: u32 = 24;

impl VirtualDesktop {
    /// Writes the whole screen as PNG.
    ///
    /// # Errors
    /// The display is gone, or the file cannot be written.
    pub fn picture(&self, path: &Path) -> Result<()> {
        self.session().run("import", &["-silent", "-window", "root", &png(path)]).map(drop)
    }

    /// Writes a part of the screen as PNG, each pixel as a square of `zoom` pixels.
    ///
    /// # Errors
    /// As [`VirtualDesktop::picture`].
    pub fn picture_of(&self, region: Region, zoom: u32, path: &Path) -> Result<()> {
        let crop = format!("{}x{}+{}+{}", region.width, region.height, region.x.max(0), region.y.max(0));
        let scale = format!("{}%", zoom * 100);
        let args = ["-silent", "-window", "root", "-crop", &crop, "+repage", "-filter", "point", "-resize", &scale, &png(path)];
        self.session().run("import", &args).map(drop)
    }
}

impl VirtualDesktop {
    /// Waits until a part of the screen has something to see and does not change any more.
    ///
    /// # Errors
    /// It did not come to rest in time.
    pub async fn until_still(&self, region: Region) -> Result<()> {
        let mut before = String::new();
        wait::until("the screen comes to rest", wait::SOON, async || {
            let (signature, colours) = self.look(region)?;
            Ok(std::mem::replace(&mut before, signature.clone()) == signature && colours > COLOURS)
        })
        .await
    }

    /// Waits until a part of the screen has something to see, moving or not.
    ///
    /// # Errors
    /// It stayed empty.
    pub async fn until_painted(&self, region: Region) -> Result<()> {
        wait::until("the screen is painted", wait::SOON, async || Ok(self.look(region)?.1 > COLOURS)).await
    }

    /// What makes a part of the screen equal to another, and the number of its colours.
    fn look(&self, region: Region) -> Result<(String, u32)> {
        let path = self.session().path("look.png");
        self.picture_of(region, 1, &path)?;
        let answer = self.session().run("identify", &["-format", "%# %k", &png(&path)])?;
        let (signature, colours) = answer.trim().split_once(' ').context("a picture has a signature and colours")?;
        Ok((signature.to_owned(), colours.parse()?))
    }
}

/// Named with its format, so that a path never decides what is written.
fn png(path: &Path) -> String {
    format!("png:{}", path.display())
}
