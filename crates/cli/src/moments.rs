//! Moments as people write them.

use std::time::SystemTime;

use doorbell_protocol::Timestamp;
use jiff::{ToSpan, Zoned, civil};

use crate::duration;

/// What may be written, for messages.
const FORMS: &str = "write it like 22:00, 9pm, tomorrow 9:00, fri 18:00, 2026-11-21 22:00, 2026-11-21T22:00:00Z or, from now on, 10m";
/// The same of a moment that is over.
const PAST_FORMS: &str =
    "write it like 9:00, 9pm, yesterday 22:00, fri 18:00, 2026-11-21 22:00, 2026-11-21T22:00:00Z or, back from now, 2h";

/// On which side of now a clock time, a day of the week or a duration lies.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Side {
    Ahead,
    Past,
}

/// Reads a moment that is still to come, by the clock of this machine. `22:00` is the next time that the clock shows it.
pub(crate) fn parse(text: &str) -> Result<Timestamp, String> {
    parse_at(text, &Zoned::now())
}

/// Reads a moment that is over, by the clock of this machine. `22:00` is the last time that the clock showed it, `2h` is two hours ago.
pub(crate) fn parse_past(text: &str) -> Result<Timestamp, String> {
    parse_past_at(text, &Zoned::now())
}

fn parse_at(text: &str, now: &Zoned) -> Result<Timestamp, String> {
    let moment = moment(text, now, Side::Ahead).ok_or(FORMS)?;
    if moment < now.timestamp() {
        return Err(format!("{} is over; {FORMS}", show_at(of(moment), now)));
    }
    Ok(of(moment))
}

fn parse_past_at(text: &str, now: &Zoned) -> Result<Timestamp, String> {
    let moment = moment(text, now, Side::Past).ok_or(PAST_FORMS)?;
    if moment > now.timestamp() {
        return Err(format!("{} is still to come; {PAST_FORMS}", show_at(of(moment), now)));
    }
    Ok(of(moment))
}

fn moment(text: &str, now: &Zoned, side: Side) -> Option<jiff::Timestamp> {
    let text = &*text.trim().to_ascii_lowercase();
    if let Ok(moment) = text.parse() {
        return Some(moment);
    }
    let at = |date: civil::Date, time| Some(date.to_datetime(time).to_zoned(now.time_zone().clone()).ok()?.timestamp());
    // The first or the last of the moments which repeat every so many days that lies on the right side of now.
    let beside_now = |date: civil::Date, days: i64, time| {
        let moment = at(date, time)?;
        match side {
            Side::Ahead if moment <= now.timestamp() => at(date.checked_add(days.days()).ok()?, time),
            Side::Past if moment > now.timestamp() => at(date.checked_sub(days.days()).ok()?, time),
            Side::Ahead | Side::Past => Some(moment),
        }
    };
    if let Some(time) = time(text) {
        return beside_now(now.date(), 1, time);
    }
    // `+2h` lies ahead, whatever was asked for.
    if side == Side::Past && text.starts_with('+') {
        return None;
    }
    if let Ok(duration) = duration::parse(text.trim_start_matches('+')) {
        return match side {
            Side::Ahead => now.timestamp().checked_add(duration).ok(),
            Side::Past => now.timestamp().checked_sub(duration).ok(),
        };
    }
    // A date may have ISO 8601's T between itself and its time.
    let (first, rest) = text.split_once(' ').or_else(|| text.get(..10).zip(text.get(10..)?.strip_prefix('t'))).unwrap_or((text, ""));
    let time = if rest.is_empty() { civil::Time::midnight() } else { time(rest.trim_start())? };
    match day(first, now)? {
        Day::One(date) => at(date, time),
        Day::OfWeek(weekday) if weekday == now.weekday() => beside_now(now.date(), 7, time),
        Day::OfWeek(weekday) => at(now.date().nth_weekday(if side == Side::Ahead { 1 } else { -1 }, weekday).ok()?, time),
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
        "yesterday" => return now.date().yesterday().ok().map(Day::One),
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
    fn moments_of_the_past_read_as_people_write_them() {
        for (text, moment) in [
            ("9:00", "2026-11-21T08:00:00.000Z"),
            ("22:00", "2026-11-20T21:00:00.000Z"),
            ("2h", "2026-11-21T17:30:00.000Z"),
            ("7d", "2026-11-14T19:30:00.000Z"),
            ("today", "2026-11-20T23:00:00.000Z"),
            ("yesterday 9pm", "2026-11-20T20:00:00.000Z"),
            ("sat", "2026-11-20T23:00:00.000Z"),
            ("sat 22:00", "2026-11-14T21:00:00.000Z"),
            ("fri 18:00", "2026-11-20T17:00:00.000Z"),
            ("sunday", "2026-11-14T23:00:00.000Z"),
            ("2026-11-01", "2026-10-31T23:00:00.000Z"),
        ] {
            assert_eq!(parse_past_at(text, &now()).map(|at| at.to_string()), Ok(moment.to_owned()), "{text}");
        }
        for text in ["", "soon", "+2h", "-2h"] {
            assert_eq!(parse_past_at(text, &now()), Err(PAST_FORMS.to_owned()), "{text}");
        }
        assert!(parse_past_at("tomorrow", &now()).unwrap_err().starts_with("2026-11-22 00:00 is still to come; "));
    }

    #[test]
    fn a_moment_of_today_needs_no_date() {
        assert_eq!(show_at("2026-11-21T21:00:00.000Z".parse().unwrap(), &now()), "22:00");
        assert_eq!(show_at("2026-11-22T21:00:00.000Z".parse().unwrap(), &now()), "2026-11-22 22:00");
    }
}
