//! Draws the icon: the bell, and the count over its lower right corner.

use doorbell_desk::{Badge, Trust};
use tiny_skia::{BlendMode, Color, FillRule, Paint, Path, PathBuilder, Pixmap, PixmapPaint, Rect, Transform};

use crate::digits;

#[cfg(target_os = "macos")]
const BELL: &[u8] = include_bytes!("../../../icons/tray-template.png");
#[cfg(not(target_os = "macos"))]
const BELL: &[u8] = include_bytes!("../../../icons/tray.png");

/// Share of the icon's height.
const HEIGHT: f32 = 0.58;
const DIGITS: f32 = 0.36;
/// Clear ring between the bell and the count, as a share of the icon's height.
const RING: f32 = 0.06;
const LIVE: (u8, u8, u8) = (0x25, 0x63, 0xeb);
const STALE: (u8, u8, u8) = (0x6b, 0x72, 0x80);
/// How much of the bell is left when it cannot be trusted.
const FADED: f32 = 0.55;

/// Straight RGBA, row by row.
pub(crate) struct Image {
    pub(crate) rgba: Vec<u8>,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// The icon for `badge`. On macOS the count stands beside the icon instead.
pub(crate) fn draw(badge: Badge) -> Image {
    #[expect(clippy::expect_used, reason = "the file is part of the program, and a test decodes it")]
    let bell = Pixmap::decode_png(BELL).expect("the bell is a PNG");
    #[expect(clippy::expect_used, reason = "the bell has a size")]
    let mut icon = Pixmap::new(bell.width(), bell.height()).expect("the bell has a size");
    let opacity = if badge.trust == Trust::Live { 1.0 } else { FADED };
    icon.draw_pixmap(0, 0, bell.as_ref(), &PixmapPaint { opacity, ..PixmapPaint::default() }, Transform::identity(), None);
    if cfg!(not(target_os = "macos"))
        && let Some(text) = badge.text()
    {
        draw_count(&mut icon, &text, if badge.trust == Trust::Live { LIVE } else { STALE });
    }
    Image { width: icon.width(), height: icon.height(), rgba: straight(&icon) }
}

fn draw_count(icon: &mut Pixmap, text: &str, (red, green, blue): (u8, u8, u8)) {
    #[expect(clippy::cast_precision_loss, reason = "icons are small")]
    let (width, height) = (icon.width() as f32, icon.height() as f32);
    let line = digits::line(text);
    let pill = height * HEIGHT;
    // Three characters are as wide as the icon: there they get smaller.
    let scale = (height * DIGITS / digits::HEIGHT).min(width * 0.8 / line.width);
    let pill_width = (line.width * scale + pill * 0.45).clamp(pill, width);
    let (left, top) = (width - pill_width, height - pill);
    let ring = height * RING;
    fill(icon, rounded(left - ring, top - ring, pill_width + 2.0 * ring, pill + 2.0 * ring), Color::BLACK, BlendMode::Clear);
    fill(icon, rounded(left, top, pill_width, pill), Color::from_rgba8(red, green, blue, 0xff), BlendMode::SourceOver);
    let place = Transform::from_scale(scale, scale)
        .post_translate(left + (pill_width - line.width * scale) / 2.0, top + (pill - digits::HEIGHT * scale) / 2.0);
    let mut white = Paint { anti_alias: true, ..Paint::default() };
    white.set_color(Color::WHITE);
    icon.stroke_path(&line.path, &white, &digits::stroke(), place, None);
}

fn fill(icon: &mut Pixmap, path: Option<Path>, color: Color, blend_mode: BlendMode) {
    let mut paint = Paint { anti_alias: true, blend_mode, ..Paint::default() };
    paint.set_color(color);
    if let Some(path) = path {
        icon.fill_path(&path, &paint, FillRule::Winding, Transform::identity(), None);
    }
}

/// A rectangle whose short sides are half circles.
fn rounded(x: f32, y: f32, width: f32, height: f32) -> Option<Path> {
    let radius = height / 2.0;
    let body = Rect::from_xywh(x + radius, y, (width - height).max(0.01), height)?;
    let mut path = PathBuilder::from_rect(body);
    for center in [x + radius, x + width - radius] {
        let mut both = PathBuilder::new();
        both.push_path(&path);
        both.push_circle(center, y + radius, radius);
        path = both.finish()?;
    }
    Some(path)
}

/// The pixels as straight RGBA, row by row.
pub(crate) fn straight(icon: &Pixmap) -> Vec<u8> {
    icon.pixels()
        .iter()
        .flat_map(|pixel| {
            let color = pixel.demultiply();
            [color.red(), color.green(), color.blue(), color.alpha()]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(running: u32, trust: Trust) -> Vec<u8> {
        draw(Badge { running, trust }).rgba
    }

    #[test]
    fn every_count_and_every_doubt_can_be_seen() {
        let counts = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 42, 99, 100];
        let mut icons: Vec<_> = counts.iter().flat_map(|count| [drawn(*count, Trust::Live), drawn(*count, Trust::Stale)]).collect();
        icons.sort();
        icons.dedup();
        assert_eq!(icons.len(), if cfg!(target_os = "macos") { 2 } else { 2 * counts.len() });
    }

    #[test]
    fn more_than_can_be_shown_looks_the_same() {
        assert_eq!(drawn(100, Trust::Live), drawn(5_000, Trust::Live));
    }

    #[test]
    fn an_icon_has_four_bytes_a_pixel() {
        let icon = draw(Badge { running: 3, trust: Trust::Live });
        assert_eq!(icon.rgba.len(), (icon.width * icon.height * 4) as usize);
    }
}
