//! Which call a method and a path make.

use super::{
    route::{ID, Spec},
    table::ALL,
};

/// The call that `method` makes at `path`, a path as it stands in a request: without a host and without a query.
///
/// Strict, because what passes calls on relies on it: a path matches a route as it is written, with something that can be an id in the
/// place of `{id}`. No dot segment, no empty one, no escape.
#[must_use]
pub fn find(method: &str, path: &str) -> Option<&'static Spec> {
    ALL.iter().find(|spec| spec.method.as_str() == method && matches(spec.path, path))
}

fn matches(route: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (route.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(ID), Some(id)) if is_id(id) => {}
            (Some(wanted), Some(given)) if wanted == given && wanted != ID => {}
            _ => return false,
        }
    }
}

/// Ids are UUIDs, written as the hub writes them.
fn is_id(text: &str) -> bool {
    uuid::Uuid::try_parse(text).is_ok_and(|id| id.to_string() == text)
}
