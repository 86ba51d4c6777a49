//! The picture that an item shows in the tray, as it goes over the bus.

use std::{fs::File, io::BufWriter, path::Path};

use anyhow::{Context, Result};

/// An icon: equal exactly when every pixel is.
#[derive(Clone, Eq, PartialEq)]
pub struct IconPixmap {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Alpha, red, green, blue; row by row.
    argb: Vec<u8>,
}

impl IconPixmap {
    /// From the fields of `IconPixmap` on the bus.
    ///
    /// # Errors
    /// The size does not fit the data.
    pub fn new(width: i32, height: i32, argb: Vec<u8>) -> Result<Self> {
        let (width, height) = (u32::try_from(width)?, u32::try_from(height)?);
        anyhow::ensure!(argb.len() == (width * height * 4) as usize, "an icon of {width}×{height} has {} bytes", argb.len());
        Ok(Self { width, height, argb })
    }

    /// Writes it as PNG.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        let mut encoder = png::Encoder::new(BufWriter::new(file), self.width, self.height);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        let rgba: Vec<u8> = self.argb.chunks_exact(4).flat_map(|pixel| [pixel[1], pixel[2], pixel[3], pixel[0]]).collect();
        encoder.write_header()?.write_image_data(&rgba)?;
        Ok(())
    }
}

impl std::fmt::Debug for IconPixmap {
    /// Not the pixels: a failed comparison would print ten thousand figures.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let visible = self.argb.chunks_exact(4).filter(|pixel| pixel[0] != 0).count();
        write!(f, "IconPixmap({}×{}, {visible} visible pixels)", self.width, self.height)
    }
}
