//! Which opening of the panel is meant.

/// One opening of the panel, by its number. What is said of an earlier one comes too late: it closes no later one.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Opening(u64);

impl Opening {
    pub(crate) fn next(self) -> Self {
        Self(self.0 + 1)
    }
}
