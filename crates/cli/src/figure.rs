//! Progress as people and scripts write it: `25/60`, `40%`, `25`.

use doorbell_protocol::{Progress, Step, limits};

/// Reads how far something is.
pub(crate) fn parse(text: &str) -> Result<Progress, String> {
    const FORMS: &str = "write it like 25/60, 40% or 25";
    let text = text.trim();
    if let Some(percent) = text.strip_suffix('%') {
        let percent: f64 = percent.trim_end().parse().map_err(|_| FORMS.to_owned())?;
        return match percent {
            0.0..=100.0 => Ok(Progress { fraction: Some(percent / 100.0), ..Progress::default() }),
            _ => Err("a percentage is between 0% and 100%".to_owned()),
        };
    }
    let number = |text: &str| text.trim().parse::<u64>().ok().filter(|n| *n <= limits::COUNT);
    match text.split_once('/') {
        None => Ok(Progress { done: Some(number(text).ok_or(FORMS)?), ..Progress::default() }),
        Some((done, total)) => match (number(done), number(total)) {
            (Some(done), Some(total)) if done <= total => Ok(Progress { done: Some(done), total: Some(total), ..Progress::default() }),
            (Some(_), Some(_)) => Err("more is done than there is".to_owned()),
            _ => Err(FORMS.to_owned()),
        },
    }
}

/// Reads which step it is, as in `3/8`.
pub(crate) fn parse_step(text: &str) -> Result<Step, String> {
    let number = |text: &str| text.trim().parse::<u32>().ok();
    let figures = text.split_once('/').and_then(|(index, count)| Some((number(index)?, number(count)?)));
    match figures {
        Some((index, count)) if (1..=count).contains(&index) => Ok(Step { index, count, label: None }),
        Some(_) => Err("steps count from 1 to the last one".to_owned()),
        None => Err("write it like 3/8".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_people_write_them() {
        for (text, fraction, done, total) in [
            ("25/60", None, Some(25), Some(60)),
            ("40%", Some(0.4), None, None),
            ("12.5 %", Some(0.125), None, None),
            ("7", None, Some(7), None),
        ] {
            let progress = parse(text).unwrap();
            assert_eq!((progress.fraction, progress.done, progress.total), (fraction, done, total), "{text}");
        }
        for text in ["", "61/60", "101%", "-1%", "NaN%", "a/b", "-3", "1/", "99999999999999999999"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(parse_step("3/8"), Ok(Step { index: 3, count: 8, label: None }));
        for text in ["0/8", "9/8", "3", "x/8"] {
            assert!(parse_step(text).is_err(), "{text}");
        }
    }
}
