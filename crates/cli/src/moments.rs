//! Moments as people write them.

use std::time::SystemTime;

use doorbell_protocol::Timestamp;
use jiff::{Zoned, civil};

use crate::duration;

/// What may be written, for messages.
const FORMS: &str = "write it like 22:00, 9pm, tomorrow 9:00, fri 18:00, 2026-11-21 22:00, 2026-11-21T22:00:00Z or, from now on, 10m";

/// Reads a moment that is still to come, by the clock of this machine.
pub(crate) fn parse(text: &str) -> Result<Timestamp, String> {
    parse_at(text, &Zoned::now())
}

fn parse_at(text: &str, now: &Zoned) -> Result<Timestamp, String> {
    let moment = moment(&text.trim().to_ascii_lowercase(), now).ok_or_else(|| FORMS.to_owned())?;
    if moment < now.timestamp() {
        return Err(format!("{} is over; {FORMS}", show_at(of(moment), now)));
    }
    Ok(of(moment))
}

/// `22:00` is the next time that a clock shows it, `fri` the next Friday; a duration counts from `now`. In small letters.
fn moment(text: &str, now: &Zoned) -> Option<jiff::Timestamp> {
    if let Ok(moment) = text.parse() {
        return Some(moment);
    }
    let at = |date: civil::Date, time| Some(date.to_datetime(time).to_zoned(now.time_zone().clone()).ok()?.timestamp());
    if let Some(time) = time(text) {
        let today = at(now.date(), time)?;
        return if today > now.timestamp() { Some(today) } else { at(now.date().tomorrow().ok()?, time) };
    }
    if let Ok(duration) = duration::parse(text.trim_start_matches('+')) {
        return now.timestamp().checked_add(duration).ok();
    }
    // A date may have ISO 8601's T between itself and its time.
    let (first, rest) = text.split_once(' ').or_else(|| text.get(..10).zip(text.get(10..)?.strip_prefix('t'))).unwrap_or((text, ""));
    let time = if rest.is_empty() { civil::Time::midnight() } else { time(rest.trim_start())? };
    match day(first, now)? {
        Day::One(date) => at(date, time),
        Day::OfWeek(weekday) if weekday == now.weekday() && at(now.date(), time)? > now.timestamp() => at(now.date(), time),
        Day::OfWeek(weekday) => at(now.date().nth_weekday(1, weekday).ok()?, time),
    }
}

enum Day {
    One(civil::Date),
    OfWeek(civil::Weekday),
}

fn day(text: &str, now: &Zoned) -> Option<Day> {
    use civil::Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
    let weekday = match text {
        "today" => return Some(Day::One(now.date())),
        "tomorrow" => return now.date().tomorrow().ok().map(Day::One),
        "mon" | "monday" => Monday,
        "tue" | "tuesday" => Tuesday,
        "wed" | "wednesday" => Wednesday,
        "thu" | "thursday" => Thursday,
        "fri" | "friday" => Friday,
        "sat" | "saturday" => Saturday,
        "sun" | "sunday" => Sunday,
        _ => return text.parse().ok().map(Day::One),
    };
    Some(Day::OfWeek(weekday))
}

/// `9:00`, `09:00:30`, `9pm`, `9:30 am`.
fn time(text: &str) -> Option<civil::Time> {
    let half = if text.ends_with("am") { Some(0) } else { text.ends_with("pm").then_some(12) };
    let figures = text.trim_end_matches(['a', 'p', 'm']).trim_end();
    let parts =
        figures.split(':').map(|part| part.parse().ok().filter(|_| part.len() <= 2 && part.is_ascii())).collect::<Option<Vec<i8>>>()?;
    let (hour, minute, second) = match (&parts[..], half) {
        ([hour], Some(_)) => (*hour, 0, 0),
        ([hour, minute], _) => (*hour, *minute, 0),
        ([hour, minute, second], _) => (*hour, *minute, *second),
        _ => return None,
    };
    let hour = match half {
        None => hour,
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
    };
    civil::Time::new(hour, minute, second, 0).ok()
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
            ("9:00", "2026-11-22T08:00:00.000Z"),
            ("9pm", "2026-11-21T20:00:00.000Z"),
            ("9:30 PM", "2026-11-21T20:30:00.000Z"),
            ("12am", "2026-11-21T23:00:00.000Z"),
            ("12pm", "2026-11-22T11:00:00.000Z"),
            ("tomorrow 9:00", "2026-11-22T08:00:00.000Z"),
            ("tomorrow", "2026-11-21T23:00:00.000Z"),
            ("Today 22:00", "2026-11-21T21:00:00.000Z"),
            ("saturday 22:00", "2026-11-21T21:00:00.000Z"),
            ("sat 9:00", "2026-11-28T08:00:00.000Z"),
            ("thu 9:00", "2026-11-26T08:00:00.000Z"),
            ("mon", "2026-11-22T23:00:00.000Z"),
            ("2026-12-24 18:00", "2026-12-24T17:00:00.000Z"),
            ("2026-12-24 6pm", "2026-12-24T17:00:00.000Z"),
            ("2026-12-24T18:00", "2026-12-24T17:00:00.000Z"),
            ("2026-12-24T18:00:00Z", "2026-12-24T18:00:00.000Z"),
            ("2026-12-24", "2026-12-23T23:00:00.000Z"),
            ("10m", "2026-11-21T19:40:00.000Z"),
            ("+2h", "2026-11-21T21:30:00.000Z"),
            ("+1h30m", "2026-11-21T21:00:00.000Z"),
            ("1d", "2026-11-22T19:30:00.000Z"),
        ] {
            assert_eq!(parse_at(text, &now()).map(|at| at.to_string()), Ok(moment.to_owned()), "{text}");
        }
        for text in ["", "soon", "25:00", "-10m", "7", "13pm", "0am", "9:5:1:2", "tomorrow 25:00", "someday 9:00", "pm"] {
            assert_eq!(parse_at(text, &now()), Err(FORMS.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_moment_that_is_over_is_refused() {
        for (text, said) in
            [("2020-01-01", "2020-01-01 00:00 is over"), ("today 9:00", "09:00 is over"), ("2026-11-21T19:29:59Z", "20:29 is over")]
        {
            let refusal = parse_at(text, &now()).unwrap_err();
            assert!(refusal.starts_with(said), "{text}: {refusal}");
        }
    }

    #[test]
    fn a_moment_of_today_needs_no_date() {
        assert_eq!(show_at("2026-11-21T21:00:00.000Z".parse().unwrap(), &now()), "22:00");
        assert_eq!(show_at("2026-11-22T21:00:00.000Z".parse().unwrap(), &now()), "2026-11-22 22:00");
    }
}
