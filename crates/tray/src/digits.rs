//! Digits as strokes, made for a dozen pixels: round, open and wide.

use tiny_skia::{LineCap, LineJoin, Path, PathBuilder, Stroke, Transform};

/// Of every character, in its own units.
pub(crate) const HEIGHT: f32 = 10.0;
const WIDTH: f32 = 6.0;
const GAP: f32 = 2.6;
const WEIGHT: f32 = 2.0;

/// A line of characters.
pub(crate) struct Line {
    pub(crate) path: Path,
    pub(crate) width: f32,
}

/// `text` as strokes. Only digits and `+` are drawn.
pub(crate) fn line(text: &str) -> Line {
    let mut path = PathBuilder::new();
    let mut x = 0.0;
    for character in text.chars() {
        let (glyph, width) = glyph(character);
        if let Some(glyph) = glyph.finish().and_then(|glyph| glyph.transform(Transform::from_translate(x, 0.0))) {
            path.push_path(&glyph);
            x += width + GAP;
        }
    }
    #[expect(clippy::expect_used, reason = "a line without a character is one dot")]
    let path = path.finish().or_else(|| PathBuilder::from_circle(0.0, 0.0, 0.1)).expect("a dot is a path");
    Line { path, width: (x - GAP).max(0.1) }
}

pub(crate) fn stroke() -> Stroke {
    Stroke { width: WEIGHT, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() }
}

fn glyph(character: char) -> (PathBuilder, f32) {
    let mut p = PathBuilder::new();
    match character {
        '0' => {
            p.move_to(3.0, 0.0);
            p.cubic_to(7.0, 0.0, 7.0, 10.0, 3.0, 10.0);
            p.cubic_to(-1.0, 10.0, -1.0, 0.0, 3.0, 0.0);
            p.close();
        }
        '1' => {
            p.move_to(0.2, 2.2);
            p.line_to(2.8, 0.0);
            p.line_to(2.8, 10.0);
            return (p, 3.6);
        }
        '2' => {
            p.move_to(0.2, 2.7);
            p.cubic_to(0.4, -0.9, 5.9, -0.9, 5.8, 2.8);
            p.cubic_to(5.7, 5.2, 1.8, 7.4, 0.1, 10.0);
            p.line_to(6.0, 10.0);
        }
        '3' => {
            p.move_to(0.4, 1.4);
            p.cubic_to(1.6, -0.6, 5.6, -0.4, 5.5, 2.4);
            p.cubic_to(5.4, 4.4, 3.8, 4.8, 2.3, 4.8);
            p.cubic_to(4.2, 4.8, 6.0, 5.3, 5.9, 7.4);
            p.cubic_to(5.8, 10.6, 1.3, 10.8, 0.1, 8.4);
        }
        '4' => {
            p.move_to(4.6, 10.0);
            p.line_to(4.6, 0.0);
            p.line_to(0.0, 6.9);
            p.line_to(6.2, 6.9);
        }
        '5' => {
            p.move_to(5.3, 0.0);
            p.line_to(1.0, 0.0);
            p.line_to(0.5, 4.7);
            p.cubic_to(1.9, 3.3, 6.0, 3.2, 5.9, 6.7);
            p.cubic_to(5.8, 10.4, 1.5, 10.9, 0.1, 8.6);
        }
        '6' => {
            p.move_to(4.9, 0.1);
            p.cubic_to(2.0, 1.5, 0.1, 4.0, 0.1, 7.0);
            p.push_circle(3.05, 7.0, 2.95);
        }
        '7' => {
            p.move_to(0.0, 0.0);
            p.line_to(5.9, 0.0);
            p.line_to(2.0, 10.0);
        }
        '8' => {
            p.push_circle(3.0, 2.35, 2.35);
            p.push_circle(3.0, 7.3, 2.7);
        }
        '9' => {
            p.move_to(1.1, 9.9);
            p.cubic_to(4.0, 8.5, 5.9, 6.0, 5.9, 3.0);
            p.push_circle(2.95, 3.0, 2.95);
        }
        '+' => {
            p.move_to(0.3, 5.2);
            p.line_to(5.3, 5.2);
            p.move_to(2.8, 2.7);
            p.line_to(2.8, 7.7);
            return (p, 5.6);
        }
        _ => {}
    }
    (p, WIDTH)
}
