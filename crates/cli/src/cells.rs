//! Text in the cells of a terminal: a character takes one, two (as most of East Asia and pictures do) or none.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How many cells it takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The widest of several.
pub(crate) fn widest<'a>(texts: impl IntoIterator<Item = &'a str>) -> usize {
    texts.into_iter().map(width).max().unwrap_or(0)
}

/// Filled up with spaces to so many cells.
pub(crate) fn filled(text: &str, cells: usize) -> String {
    format!("{text}{}", " ".repeat(cells.saturating_sub(width(text))))
}

/// What fits into so many cells; a cut is marked by `…`, which counts.
pub(crate) fn cut(text: &str, cells: usize) -> String {
    if width(text) <= cells {
        return text.to_owned();
    }
    let mut room = cells.saturating_sub(1);
    let fits = text.chars().take_while(|c| {
        let needed = c.width().unwrap_or(0);
        let fits = needed <= room;
        room = room.saturating_sub(needed);
        fits
    });
    fits.chain((cells > 0).then_some('…')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_character_takes_two_cells() {
        assert_eq!(["", "make", "夜間取込", "a🔔b", "e\u{301}"].map(width), [0, 4, 8, 4, 1]);
        assert_eq!(widest(["make", "夜間"]), 4);
        assert_eq!(
            (filled("夜間", 6), filled("make", 6), filled("longer", 2)),
            ("夜間  ".to_owned(), "make  ".to_owned(), "longer".to_owned())
        );
    }

    #[test]
    fn what_is_cut_fits() {
        for (text, cells, left) in [
            ("make all", 8, "make all"),
            ("make all", 5, "make…"),
            ("夜間取込", 8, "夜間取込"),
            ("夜間取込", 6, "夜間…"),
            ("夜間取込", 5, "夜間…"),
            ("夜間", 1, "…"),
            ("ab", 0, ""),
        ] {
            assert_eq!(cut(text, cells), left, "{text} {cells}");
            assert!(width(&cut(text, cells)) <= cells);
        }
    }
}
