//! Where the panel goes: beside the tray icon, and whole on its screen.

use doorbell_panel_link::Point;

/// Free space between the panel and the edges of the screen's work area, in physical pixels.
const MARGIN: i32 = 8;

/// A part of the screen, in physical pixels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Area {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) width: i32,
    pub(crate) height: i32,
}

/// The upper left corner of a panel of `size` beside `point`. `work` is the screen without its bars.
pub(crate) fn beside(point: Point, size: (i32, i32), work: Area) -> (i32, i32) {
    let x = point.x - size.0 / 2;
    let y = if point.y < work.y + work.height / 2 { point.y + MARGIN } else { point.y - size.1 - MARGIN };
    (within(x, size.0, work.x, work.width), within(y, size.1, work.y, work.height))
}

/// The nearest whole pixel.
#[expect(clippy::cast_possible_truncation, reason = "screens have fewer pixels than an i32")]
pub(crate) fn pixel(position: f64) -> i32 {
    position.round() as i32
}

fn within(position: i32, size: i32, start: i32, length: i32) -> i32 {
    let last = start + length - size - MARGIN;
    position.min(last).max(start + MARGIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORK: Area = Area { x: 0, y: 30, width: 1280, height: 770 };
    const SIZE: (i32, i32) = (380, 600);

    #[test]
    fn under_a_bar_at_the_top_and_over_a_bar_at_the_bottom() {
        assert_eq!(beside(Point { x: 640, y: 15 }, SIZE, WORK), (450, 38));
        let bottom = Area { y: 0, height: 770, ..WORK };
        assert_eq!(beside(Point { x: 640, y: 785 }, SIZE, bottom), (450, 162));
    }

    #[test]
    fn never_over_an_edge() {
        assert_eq!(beside(Point { x: 1270, y: 15 }, SIZE, WORK), (892, 38));
        assert_eq!(beside(Point { x: 2, y: 15 }, SIZE, WORK), (8, 38));
        let second = Area { x: -1920, y: 0, width: 1920, height: 1080 };
        assert_eq!(beside(Point { x: -5, y: 5 }, SIZE, second), (-388, 13));
    }

    #[test]
    fn a_screen_that_is_too_small_shows_the_top() {
        assert_eq!(beside(Point { x: 100, y: 90 }, SIZE, Area { x: 0, y: 0, width: 200, height: 200 }), (8, 8));
    }
}
