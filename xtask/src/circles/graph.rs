//! Circles among modules. Pure.
//!
//! They are looked for in each folder by itself: each module in it counts as one with all that is below it,
//! and so does the file that declares them. So two folders must not use each other either, even where no two
//! of their files do.

use std::collections::{BTreeMap, BTreeSet};

use super::package::{Name, Use};

/// Modules that use each other.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Circle {
    /// By their names, in order; the file that declares the others by the name of its module.
    pub(super) members: Vec<Name>,
    /// One use for each pair of them that has any.
    pub(super) uses: Vec<Use>,
}

/// All circles, from the root down.
pub(super) fn circles(uses: &[Use]) -> Vec<Circle> {
    let mut folders: BTreeMap<Name, BTreeMap<(Name, Name), Use>> = BTreeMap::new();
    for found in uses {
        let folder = common(&found.from, &found.to);
        let pair = (member(&found.from, folder), member(&found.to, folder));
        folders.entry(folder.to_vec()).or_default().entry(pair).or_insert_with(|| found.clone());
    }
    folders.values().flat_map(circles_of).collect()
}

fn circles_of(uses: &BTreeMap<(Name, Name), Use>) -> Vec<Circle> {
    let reached: BTreeMap<&Name, BTreeSet<&Name>> = uses.keys().map(|(from, _)| (from, reached_from(from, uses))).collect();
    let reaches = |from: &Name, to: &Name| reached.get(from).is_some_and(|reached| reached.contains(to));
    let mut members: BTreeSet<Vec<Name>> = BTreeSet::new();
    for (module, reached_from_it) in reached.iter().filter(|(module, reached)| reached.contains(*module)) {
        members.insert(reached_from_it.iter().filter(|other| reaches(other, module)).map(|other| (*other).clone()).collect());
    }
    let inside = |members: &[Name], (from, to): &(Name, Name)| members.contains(from) && members.contains(to);
    members
        .into_iter()
        .map(|members| {
            let uses = uses.iter().filter(|(pair, _)| inside(&members, pair)).map(|(_, found)| found.clone()).collect();
            Circle { members, uses }
        })
        .collect()
}

fn reached_from<'a>(start: &'a Name, uses: &'a BTreeMap<(Name, Name), Use>) -> BTreeSet<&'a Name> {
    let (mut reached, mut next) = (BTreeSet::new(), vec![start]);
    while let Some(module) = next.pop() {
        let used = uses.keys().filter(|(from, _)| from == module).map(|(_, to)| to);
        next.extend(used.filter(|to| reached.insert(*to)));
    }
    reached
}

/// The folder that both are in, or that one of them declares.
fn common<'a>(a: &'a [String], b: &[String]) -> &'a [String] {
    let size = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    &a[..size]
}

/// The part of `folder` that a module is, or is below.
fn member(module: &[String], folder: &[String]) -> Name {
    module[..module.len().min(folder.len() + 1)].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(uses: &[(&str, &str)]) -> Vec<String> {
        let name = |name: &str| name.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let uses: Vec<Use> = uses.iter().map(|(from, to)| Use { from: name(from), to: name(to), line: 1 }).collect();
        circles(&uses).iter().map(|circle| circle.members.iter().map(|member| member.join("::")).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn modules_that_use_each_other_are_a_circle_however_long() {
        assert!(found(&[("a", "b"), ("b", "c"), ("a", "c"), ("", "a")]).is_empty());
        assert_eq!(found(&[("a", "b"), ("b", "a"), ("b", "c"), ("d", "a")]), ["a b"]);
        assert_eq!(found(&[("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e"), ("e", "d")]), ["a b c", "d e"]);
    }

    #[test]
    fn folders_that_use_each_other_are_a_circle_even_when_no_two_files_are() {
        assert_eq!(found(&[("a::x", "b::x"), ("b::y", "a::y")]), ["a b"]);
        assert_eq!(found(&[("a::x", "a::y::z"), ("a::y", "a::x"), ("a::x", "b")]), ["a::x a::y"]);
    }

    #[test]
    fn a_file_and_the_modules_that_it_declares_can_be_a_circle() {
        assert_eq!(found(&[("a", "a::b"), ("a::b::c", "a"), ("", "a")]), ["a a::b"]);
        assert!(found(&[("a", "a::b"), ("a::c", "a"), ("a::c", "a::b")]).is_empty());
    }
}
