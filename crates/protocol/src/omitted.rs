//! Fields that JSON leaves out while they say nothing.

/// Whether a field has the value that a reader takes when it is missing: `false`, 0, nothing.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
