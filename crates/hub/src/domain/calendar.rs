//! When a schedule fires: a cron expression, read by the clock of a time zone. Pure.
//!
//! When clocks are put forward, a fixed time that does not exist fires at the first moment after the gap. When they are put
//! back, a fixed time that exists twice fires the first time only. What fires every so many minutes or hours goes on doing so.

use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};
use doorbell_protocol::{Invalid, Timestamp, schedule::NewSchedule};
use jiff::{Zoned, tz::TimeZone};

pub(crate) struct Calendar {
    cron: Cron,
    zone: TimeZone,
}

impl Calendar {
    /// Reads the expression and the time zone of `spec`.
    ///
    /// # Errors
    /// One of the two means nothing. The error names which.
    pub(crate) fn of(spec: &NewSchedule) -> Result<Self, Invalid> {
        let expression = if spec.cron.trim().eq_ignore_ascii_case("@midnight") { "@daily" } else { &spec.cron };
        let parser =
            CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).dom_and_dow(is_day_of_both(expression)).build();
        let cron = parser.parse(expression).map_err(|error| {
            Invalid::new("cron", format!("write minute, hour, day of month, month and day of week, as in `30 2 * * MON-FRI`: {error}"))
        })?;
        let zone = TimeZone::get(&spec.timezone)
            .map_err(|_| Invalid::new("timezone", "use a name of the IANA time zone database, such as Europe/Berlin or UTC"))?;
        Ok(Self { cron, zone })
    }

    /// Checks that it will ever fire.
    ///
    /// # Errors
    /// It never does.
    pub(crate) fn check(&self, now: Timestamp) -> Result<(), Invalid> {
        self.next(now).map(|_| ()).ok_or_else(|| Invalid::new("cron", "there is no such day in any year: it never fires"))
    }

    /// The first fire time after `after`.
    pub(crate) fn next(&self, after: Timestamp) -> Option<Timestamp> {
        self.cron.find_next_occurrence(&self.local(after)?, false).ok().map(|time| utc(&time))
    }

    /// The last fire time up to and with `until`.
    pub(crate) fn last(&self, until: Timestamp) -> Option<Timestamp> {
        self.cron.find_previous_occurrence(&self.local(until)?, true).ok().map(|time| utc(&time))
    }

    fn local(&self, time: Timestamp) -> Option<Zoned> {
        let time = jiff::Timestamp::from_millisecond(time.as_millis()).ok()?;
        Some(time.to_zoned(self.zone.clone()))
    }
}

/// Whether a day must fit day of month and day of week both, and not one of them. As in vixie-cron, both count where one begins with `*`:
/// `*/2` beside `MON` is every Monday on an odd day.
fn is_day_of_both(cron: &str) -> bool {
    let mut days = cron.split_whitespace().enumerate().filter(|(field, _)| matches!(field, 2 | 4));
    days.any(|(_, days)| days.starts_with(['*', '?']))
}

fn utc(time: &Zoned) -> Timestamp {
    Timestamp::from_millis(time.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn calendar(cron: &str, timezone: &str) -> Calendar {
        let spec = NewSchedule { cron: cron.to_owned(), timezone: timezone.to_owned(), ..NewSchedule::default() };
        Calendar::of(&spec).unwrap()
    }

    fn fires(cron: &str, from: &str, until: &str) -> Vec<String> {
        let calendar = calendar(cron, "Europe/Berlin");
        let (mut at, until): (Timestamp, Timestamp) = (from.parse().unwrap(), until.parse().unwrap());
        let mut fires = Vec::new();
        while let Some(next) = calendar.next(at).filter(|next| *next <= until) {
            fires.push(next.to_string().replace(":00.000Z", ""));
            at = next;
        }
        fires
    }

    #[test]
    fn a_fixed_time_follows_the_clock_of_its_zone() {
        assert_eq!(fires("30 2 * * *", "2026-03-27T12:00:00Z", "2026-03-28T12:00:00Z"), ["2026-03-28T01:30"]);
        assert_eq!(fires("30 2 * * *", "2026-06-01T12:00:00Z", "2026-06-02T12:00:00Z"), ["2026-06-02T00:30"]);
    }

    #[test]
    fn days_of_month_and_week_go_together_as_in_vixie_cron() {
        // The 2nd and the 7th of November 2026 are a Monday and a Saturday.
        let days = |cron: &str| {
            fires(cron, "2026-11-01T00:00:00Z", "2026-11-16T00:00:00Z").iter().map(|at| at[8..10].to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(days("0 12 */2 * MON"), ["09"]);
        assert_eq!(days("0 12 * * MON"), ["02", "09"]);
        assert_eq!(days("0 12 7 * */2"), ["07"]);
        assert_eq!(days("0 12 7 * *"), ["07"]);
        assert_eq!(days("0 12 7 * MON"), ["02", "07", "09"]);
        assert_eq!(days("0 12 1-31/2 * MON"), ["01", "02", "03", "05", "07", "09", "11", "13", "15"]);
    }

    #[test]
    fn midnight_has_a_name() {
        assert_eq!(fires("@midnight", "2026-06-01T12:00:00Z", "2026-06-02T12:00:00Z"), ["2026-06-01T22:00"]);
    }

    #[test]
    fn a_time_that_does_not_exist_fires_once_after_the_gap() {
        // 02:00 becomes 03:00 in Berlin on 29 March 2026, at 01:00 UTC.
        assert_eq!(fires("30 2 * * *", "2026-03-28T02:00:00Z", "2026-03-30T12:00:00Z"), ["2026-03-29T01:00", "2026-03-30T00:30"]);
    }

    #[test]
    fn a_time_that_exists_twice_fires_once() {
        // 03:00 becomes 02:00 in Berlin on 25 October 2026, at 01:00 UTC.
        assert_eq!(fires("30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z"), ["2026-10-25T00:30", "2026-10-26T01:30"]);
    }

    #[test]
    fn what_fires_every_half_hour_goes_on_when_clocks_change() {
        assert_eq!(
            fires("*/30 * * * *", "2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z"),
            ["2026-10-25T00:30", "2026-10-25T01:00", "2026-10-25T01:30", "2026-10-25T02:00"]
        );
        assert_eq!(
            fires("*/30 * * * *", "2026-03-29T00:00:00Z", "2026-03-29T01:30:00Z"),
            ["2026-03-29T00:30", "2026-03-29T01:00", "2026-03-29T01:30"]
        );
    }

    #[test]
    fn what_means_nothing_is_refused_by_name() {
        let spec =
            |cron: &str, timezone: &str| NewSchedule { cron: cron.to_owned(), timezone: timezone.to_owned(), ..NewSchedule::default() };
        for (field, cron, timezone) in [
            ("cron", "often", "UTC"),
            ("cron", "61 * * * *", "UTC"),
            ("cron", "* * * * * *", "UTC"),
            ("cron", "@reboot", "UTC"),
            ("timezone", "@daily", "Mars/Olympus"),
            ("timezone", "@daily", "+02:00"),
        ] {
            assert_eq!(Calendar::of(&spec(cron, timezone)).err().map(|invalid| invalid.field), Some(field), "{cron} {timezone}");
        }
        assert_eq!(calendar("0 0 30 2 *", "UTC").check(Timestamp::EPOCH).unwrap_err().field, "cron");
    }

    proptest! {
        /// Looking back and looking forward agree, around changes of the clock and elsewhere.
        #[test]
        fn the_last_fire_time_is_one_that_was_next(minutes in 0_i64..2_000_000, cron in prop::sample::select(CRONS), zone in prop::sample::select(ZONES)) {
            let calendar = calendar(cron, zone);
            let until = Timestamp::from_millis(1_767_225_600_000 + minutes * 60_000);
            let last = calendar.last(until).unwrap();
            prop_assert!(last <= until);
            prop_assert!(calendar.next(last).unwrap() > until, "{last} {until}");
            prop_assert_eq!(calendar.next(Timestamp::from_millis(last.as_millis() - 1)), Some(last));
        }
    }

    const CRONS: &[&str] = &["30 2 * * *", "*/7 * * * *", "0 */3 * * *", "15 1-3 * * SUN", "0 0 1 * *", "5 2 L * *"];
    const ZONES: &[&str] = &["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"];
}
