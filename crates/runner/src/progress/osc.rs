//! The progress report that programs send to terminals: `OSC 9 ; 4 ; state [; percent]`.

/// One report.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Report {
    /// State 0: there is no progress any more.
    Clear,
    /// States 1, 2 and 4 (normal, error, paused): the share that is done, 0 to 1. Error and pause without a
    /// figure keep the last one.
    Share(Option<f64>),
    /// State 3: something goes on, nobody knows how far.
    Indeterminate,
}

impl Report {
    /// Reads the content of an operating system command. `None` for everything else, above all for `OSC 9 ;
    /// text`, which is a notification whose text may well begin with a 4.
    pub(super) fn parse(osc: &[u8]) -> Option<Self> {
        let rest = std::str::from_utf8(osc).ok()?.strip_prefix("9;4;")?;
        let mut parts = rest.split(';');
        let state = parts.next()?;
        let percent = match parts.next() {
            None | Some("") => None,
            Some(figure) => Some(figure.parse::<u16>().ok()?.min(100)),
        };
        if parts.next().is_some() {
            return None;
        }
        let share = percent.map(|percent| f64::from(percent) / 100.0);
        match state {
            "0" => Some(Self::Clear),
            "1" => Some(Self::Share(Some(share.unwrap_or(0.0)))),
            "2" | "4" => Some(Self::Share(share)),
            "3" => Some(Self::Indeterminate),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_is_read() {
        for (osc, report) in [
            ("9;4;0", Some(Report::Clear)),
            ("9;4;0;100", Some(Report::Clear)),
            ("9;4;1;45", Some(Report::Share(Some(0.45)))),
            ("9;4;1;", Some(Report::Share(Some(0.0)))),
            ("9;4;1;250", Some(Report::Share(Some(1.0)))),
            ("9;4;2", Some(Report::Share(None))),
            ("9;4;2;80", Some(Report::Share(Some(0.8)))),
            ("9;4;3", Some(Report::Indeterminate)),
            ("9;4;4;10", Some(Report::Share(Some(0.1)))),
            ("9;4;5;10", None),
            ("9;4", None),
            ("9;4;", None),
            ("9;4;1;many", None),
            ("9;4;1;-5", None),
            ("9;4;1;5;6", None),
            ("9;4 tests failed", None),
            ("9;Build done", None),
            ("0;9;4;1;45", None),
        ] {
            assert_eq!(Report::parse(osc.as_bytes()), report, "{osc}");
        }
    }
}
