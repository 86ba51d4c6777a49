//! Reads what real tools have written to a terminal of 80 columns. The recordings are in
//! `tests/fixtures/recordings/`.

use std::{fs, path::Path};

use super::*;

/// Every progress that a recording leads to, in its order, as a person would see it. The recording is read in
/// pieces of 31 bytes.
fn told(name: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/recordings").join(name).with_extension("rec");
    let mut parser = Parser::default();
    let mut told: Vec<String> = Vec::new();
    for read in fs::read(path).unwrap().chunks(31) {
        parser.feed(read);
        let progress = parser.progress();
        let figure = match (progress.done, progress.total, progress.fraction, &progress.step) {
            (Some(done), Some(total), _, _) => format!("{done}/{total}"),
            (_, _, Some(share), _) => format!("{:.0}%", share * 100.0),
            (_, _, _, Some(step)) => format!("step {}/{}", step.index, step.count),
            _ => continue,
        };
        if told.last() != Some(&figure) {
            told.push(figure);
        }
    }
    told
}

#[test]
fn tools_that_count_are_understood() {
    for (name, first, last, at_least) in [
        ("cargo", "0/6", "5/6", 5),
        ("cargo-osc", "0%", "5/6", 4),
        ("ninja", "0/41", "41/41", 35),
        ("make", "2%", "99%", 30),
        ("rsync", "2/61", "61/61", 30),
        ("rsync-files", "2/61", "61/61", 30),
        ("wget", "0%", "30000000/30000000", 8),
        ("curl", "0%", "99%", 2),
        ("curl-bar", "31%", "99%", 2),
        ("tqdm", "0/200", "50/50", 10),
        ("apt", "35%", "94%", 8),
        ("pytest", "32%", "99%", 4),
    ] {
        let told = told(name);
        assert_eq!((told.first().map(String::as_str), told.last().map(String::as_str)), (Some(first), Some(last)), "{name}: {told:?}");
        assert!(told.len() >= at_least, "{name}: {told:?}");
    }
}

#[test]
fn a_new_phase_begins_anew() {
    let told = told("tqdm");
    let second = told.iter().position(|figure| figure == "0/50").unwrap();
    assert!(told[..second].iter().all(|figure| figure.ends_with("/200")));
    assert!(told[second..].iter().all(|figure| figure.ends_with("/50")));
}

#[test]
fn where_no_tool_says_how_far_it_is_nothing_is_guessed() {
    for name in ["cmake", "docker-style", "ffmpeg", "npm", "pip"] {
        assert_eq!(told(name), [""; 0], "{name}");
    }
}
