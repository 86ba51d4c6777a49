//! Which signals were ignored when this process was started. There is no safe call in std that asks for that,
//! but Linux has it in a file.

/// A set of signals.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Ignored(u64);

impl Ignored {
    pub(super) fn contains(self, signal: i32) -> bool {
        u32::try_from(signal - 1).ok().and_then(|bit| self.0.checked_shr(bit)).is_some_and(|mask| mask & 1 == 1)
    }
}

/// The signals that are ignored now. No signals where the system does not tell.
pub(super) fn at_start() -> Ignored {
    std::fs::read_to_string("/proc/self/status").ok().and_then(|status| parse(&status)).unwrap_or_default()
}

fn parse(status: &str) -> Option<Ignored> {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok().map(Ignored)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_has_one_bit_a_signal_from_one_on() {
        let ignored = parse("Name:\tx\nSigIgn:\t0000000000001001\nSigCgt:\t0\n").unwrap();
        assert!(ignored.contains(1) && ignored.contains(13));
        assert!(!ignored.contains(2) && !ignored.contains(0) && !ignored.contains(200));
        assert_eq!(parse("Name:\tx\n"), None);
    }
}
