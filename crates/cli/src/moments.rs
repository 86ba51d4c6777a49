//! Moments as people write them.

use std::time::SystemTime;

use doorbell_protocol::Timestamp;
use jiff::{Zoned, civil};

/// What may be written, for messages.
const FORMS: &str = "write it like 22:00, 2026-11-21 22:00, 2026-11-21T22:00:00Z or, from now on, 10m";

/// Reads a moment by the clock of this machine.
pub(crate) fn parse(text: &str) -> Result<Timestamp, String> {
    parse_at(text, &Zoned::now())
}

/// `22:00` is the next time that a clock shows it; a duration counts from `now`.
fn parse_at(text: &str, now: &Zoned) -> Result<Timestamp, String> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Ok(of(moment));
    }
    let zone = now.time_zone();
    let is_time = text.contains(':') && !text.contains('-');
    let zoned = match text.parse::<civil::Time>() {
        Ok(time) if is_time => match now.date().to_datetime(time).to_zoned(zone.clone()) {
            Ok(today) if today > *now => Ok(today),
            _ => now.date().tomorrow().and_then(|date| date.to_datetime(time).to_zoned(zone.clone())),
        },
        _ => match (text.parse::<civil::DateTime>(), text.trim_start_matches('+').parse::<jiff::SignedDuration>()) {
            (Ok(datetime), _) => datetime.to_zoned(zone.clone()),
            (_, Ok(duration)) if duration.is_negative() => return Err("it must not be in the past".to_owned()),
            (_, Ok(duration)) => now.checked_add(duration),
            (Err(_), Err(_)) => return Err(FORMS.to_owned()),
        },
    };
    zoned.map(|zoned| of(zoned.timestamp())).map_err(|_| FORMS.to_owned())
}

/// As a clock on this machine shows it: the time, and the date when it is another day than today.
pub(crate) fn show(moment: Timestamp) -> String {
    show_at(moment, &Zoned::now())
}

/// The time of day to the second, as a clock on this machine shows it.
pub(crate) fn clock(moment: Timestamp) -> String {
    let local = jiff::Timestamp::from_millisecond(moment.as_millis()).map(|timestamp| timestamp.to_zoned(jiff::tz::TimeZone::system()));
    local.map_or_else(|_| moment.to_string(), |local| local.strftime("%H:%M:%S").to_string())
}

fn show_at(moment: Timestamp, now: &Zoned) -> String {
    let Ok(timestamp) = jiff::Timestamp::from_millisecond(moment.as_millis()) else { return moment.to_string() };
    let local = timestamp.to_zoned(now.time_zone().clone());
    let pattern = if local.date() == now.date() { "%H:%M" } else { "%Y-%m-%d %H:%M" };
    local.strftime(pattern).to_string()
}

/// The clock of this machine.
pub(crate) fn now() -> Timestamp {
    SystemTime::now().into()
}

fn of(moment: jiff::Timestamp) -> Timestamp {
    Timestamp::from_millis(moment.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Zoned {
        "2026-11-21T20:30:00+01:00[+01:00]".parse().unwrap()
    }

    #[test]
    fn moments_read_as_people_write_them() {
        for (text, moment) in [
            ("22:00", "2026-11-21T21:00:00.000Z"),
            ("20:30", "2026-11-22T19:30:00.000Z"),
            ("06:15:30", "2026-11-22T05:15:30.000Z"),
            ("2026-12-24 18:00", "2026-12-24T17:00:00.000Z"),
            ("2026-12-24T18:00:00Z", "2026-12-24T18:00:00.000Z"),
            ("2026-12-24", "2026-12-23T23:00:00.000Z"),
            ("10m", "2026-11-21T19:40:00.000Z"),
            ("+1h30m", "2026-11-21T21:00:00.000Z"),
        ] {
            assert_eq!(parse_at(text, &now()).map(|at| at.to_string()), Ok(moment.to_owned()), "{text}");
        }
        for text in ["", "soon", "25:00", "-10m", "7"] {
            assert!(parse_at(text, &now()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_moment_of_today_needs_no_date() {
        assert_eq!(show_at("2026-11-21T21:00:00.000Z".parse().unwrap(), &now()), "22:00");
        assert_eq!(show_at("2026-11-22T21:00:00.000Z".parse().unwrap(), &now()), "2026-11-22 22:00");
    }
}
