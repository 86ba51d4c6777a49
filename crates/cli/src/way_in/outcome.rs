//! How an attempt to let a browser in ended.

/// What became of an address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    /// A browser of this user has it, or where it stands.
    Opened,
    /// There is no browser that could be started.
    NoBrowser,
    /// A browser was started, and none of this user came for it while it was good.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "nobody is waited for"))]
    NobodyCame,
}
