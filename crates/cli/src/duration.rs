//! Durations as people write and read them.

use std::time::Duration;

/// What may be written, for messages.
pub(crate) const FORMS: &str = "write it like 30s, 500ms, 1m 30s or 2d 3h";

/// Reads `30s`, `500ms`, `1m30s`, `2d 3h`, and whatever [`show`] writes. A day has 24 hours.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let span: jiff::Span = text.parse().map_err(|_| FORMS.to_owned())?;
    let duration = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).map_err(|_| FORMS.to_owned())?;
    Duration::try_from(duration).map_err(|_| "it must not be negative".to_owned())
}

/// Reads a duration that is not zero.
pub(crate) fn parse_positive(text: &str) -> Result<Duration, String> {
    parse(text).and_then(|duration| if duration.is_zero() { Err("it must not be zero".to_owned()) } else { Ok(duration) })
}

/// `0.4s`, `12s`, `3m 04s`, `1h 02m`, `2d 03h`: two figures at most.
pub(crate) fn show(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{}.{}s", seconds, duration.subsec_millis() / 100),
        10..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h {:02}m", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{}d {:02}h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

/// `just now`, `12s ago`, `3m ago`, `2h ago`, `5d ago`: one figure, as nobody plans by it.
pub(crate) fn ago(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..5 => "just now".to_owned(),
        5..60 => format!("{seconds}s ago"),
        60..3_600 => format!("{}m ago", seconds / 60),
        3_600..86_400 => format!("{}h ago", seconds / 3_600),
        _ => format!("{}d ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them() {
        for (text, millis) in [
            ("30s", 30_000),
            ("500ms", 500),
            ("1m30s", 90_000),
            ("1m 30s", 90_000),
            ("1h", 3_600_000),
            ("0s", 0),
            ("1d", 86_400_000),
            ("2d 3h", 183_600_000),
            ("1w", 604_800_000),
            ("90 minutes", 5_400_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "30", "-3s", "soon", "3 parsecs", "1mo", "1y"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse_positive("0s").is_err());
    }

    #[test]
    fn the_past_is_told_in_one_figure() {
        for (seconds, text) in [(2, "just now"), (59, "59s ago"), (184, "3m ago"), (7_300, "2h ago"), (183_600, "2d ago")] {
            assert_eq!(ago(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn durations_show_two_figures_at_most() {
        for (millis, text) in
            [(420, "0.4s"), (9_990, "9.9s"), (12_345, "12s"), (184_000, "3m 04s"), (3_725_000, "1h 02m"), (183_600_000, "2d 03h")]
        {
            assert_eq!(show(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn what_is_shown_can_be_typed() {
        for seconds in [0, 9, 12, 184, 3_725, 183_600] {
            let shown = show(Duration::from_secs(seconds));
            let read = parse(&shown).unwrap();
            assert_eq!(show(read), shown);
        }
    }
}
