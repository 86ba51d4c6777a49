//! How figures and names read in menus and notifications.

use std::time::Duration;

use crate::waiting::Waiting;

/// Said in the panel when its program and this one are of two releases.
pub const UPDATED: &str = "Doorbell was updated while it ran. Quit it from its menu, and start it again.";

/// `48 s`, `7 min 02 s`, `3 h 20 min`.
#[must_use]
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0) => "under 1 s".to_owned(),
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds:02} s"),
        (hours, minutes, _) => format!("{hours} h {minutes:02} min"),
    }
}

/// `No jobs running`, `1 job running`, `3 jobs running`.
#[must_use]
pub fn jobs_running(count: u32) -> String {
    match count {
        0 => "No jobs running".to_owned(),
        1 => "1 job running".to_owned(),
        count => format!("{count} jobs running"),
    }
}

/// `1 job waits for your answer`, `3 jobs wait for your answer`; nothing when none does.
#[must_use]
pub fn waiting(waiting: Waiting) -> Option<String> {
    let (count, what) = match waiting {
        Waiting::Jobs(count) => (count, "job"),
        Waiting::Questions(count) => (count, "question"),
    };
    match count {
        0 => None,
        1 => Some(format!("1 {what} waits for your answer")),
        count => Some(format!("{count} {what}s wait for your answer")),
    }
}

/// `text`, cut to `chars` characters with `…` at the end.
#[must_use]
pub fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        None => text.to_owned(),
        Some(_) => text.chars().take(chars.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_say_them() {
        for (millis, said) in [
            (0, "under 1 s"),
            (999, "under 1 s"),
            (1_000, "1 s"),
            (59_999, "59 s"),
            (60_000, "1 min 00 s"),
            (422_000, "7 min 02 s"),
            (12_000_000, "3 h 20 min"),
            (360_000_000, "100 h 00 min"),
        ] {
            assert_eq!(duration(Duration::from_millis(millis)), said);
        }
    }

    #[test]
    fn counts_have_their_plural() {
        assert_eq!([0, 1, 2].map(jobs_running), ["No jobs running", "1 job running", "2 jobs running"]);
    }

    #[test]
    fn what_waits_is_counted_in_jobs_where_they_are_known() {
        let said = |count: fn(u32) -> Waiting| [0, 1, 3].map(|n| waiting(count(n)).unwrap_or_default());
        assert_eq!(said(Waiting::Jobs), ["", "1 job waits for your answer", "3 jobs wait for your answer"]);
        assert_eq!(said(Waiting::Questions), ["", "1 question waits for your answer", "3 questions wait for your answer"]);
    }
}
