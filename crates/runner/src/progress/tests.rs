//! Output of real tools, and where the reads may cut it.

use proptest::prelude::*;

use super::*;

fn after(output: &str) -> Progress {
    let mut parser = Parser::default();
    parser.feed(output.as_bytes());
    parser.progress()
}

fn counts(done: u64, total: u64, message: Option<&str>) -> Progress {
    Progress { done: Some(done), total: Some(total), message: message.map(str::to_owned), ..Progress::default() }
}

fn share(fraction: f64, message: Option<&str>) -> Progress {
    Progress { fraction: Some(fraction), message: message.map(str::to_owned), ..Progress::default() }
}

fn only(message: &str) -> Progress {
    Progress { message: Some(message.to_owned()), ..Progress::default() }
}

#[test]
fn the_latest_figure_and_the_latest_words_win() {
    for (output, progress) in [
        ("", Progress::default()),
        ("hello\n", only("hello")),
        ("1/20\n2/20\n3/20\n", counts(3, 20, None)),
        ("[3/8] Scanning tables\n", counts(3, 8, Some("Scanning tables"))),
        ("[3/8] Scanning tables\nwarning: slow\n\n", counts(3, 8, Some("warning: slow"))),
        ("9/9\n", Progress { fraction: Some(0.99), ..counts(9, 9, None) }),
        ("\u{1b}]9;4;1;100\u{7}", share(0.99, None)),
        ("Reading... 5%\rReading... 35%\r", share(0.35, Some("Reading..."))),
        ("cpu 35%\ncpu 5%\n", only("cpu 5%")),
        ("[3/8] a\ncpu 5%\ncpu 35%\n", counts(3, 8, Some("cpu 35%"))),
        ("[1/345] CC a.o\r[2/345] CC b.o\r", counts(2, 345, Some("CC b.o"))),
        ("\u{1b}[32m[7/9]\u{1b}[0m linking\r\n", counts(7, 9, Some("linking"))),
        ("phase one\n9/9\nphase two\n1/4\n", counts(1, 4, None)),
    ] {
        assert_eq!(after(output), progress, "{output:?}");
    }
}

#[test]
fn a_doubtful_figure_counts_once_it_has_risen() {
    assert_eq!(after("Copied 3/20 files\n"), only("Copied 3/20 files"));
    assert_eq!(after("Copied 3/20 files\nCopied 3/20 files\n"), only("Copied 3/20 files"));
    assert_eq!(
        after("Copied 3/20 files\nCopied 4/20 files\n"),
        Progress { unit: Some("files".to_owned()), ..counts(4, 20, Some("Copied")) }
    );
    assert_eq!(
        after("Copied 3/20 files\nCopied 4/20 files\nCopied 4/20 files\n"),
        Progress { unit: Some("files".to_owned()), ..counts(4, 20, Some("Copied")) }
    );
    assert_eq!(after("1/2 cup of sugar\n3/4 spoon of salt\n"), only("3/4 spoon of salt"));
}

#[test]
fn a_step_has_a_label_and_is_no_count() {
    let step = |index, label: &str| Step { index, count: 8, label: Some(label.to_owned()) };
    let progress = after("step 1/8: Opening\nstep 2/8: Scanning tables\n");
    assert_eq!(progress, Progress { step: Some(step(2, "Scanning tables")), ..Progress::default() });
    let progress = after("step 2/8: Scanning tables\n40 rows\n");
    assert_eq!(progress.step.map(|step| step.index), Some(2));
    assert_eq!(progress.message.as_deref(), Some("40 rows"));
}

#[test]
fn what_the_terminal_is_told_outranks_the_text_until_it_is_cleared() {
    for (output, progress) in [
        ("\u{1b}]9;4;1;45\u{7}[3/8] Scanning\n", share(0.45, Some("Scanning"))),
        ("[3/8] Scanning\n\u{1b}]9;4;1;50\u{1b}\\", share(0.5, Some("Scanning"))),
        ("\u{1b}]9;4;1;45\u{7}\u{1b}]9;4;2\u{7}", share(0.45, None)),
        ("\u{1b}]9;4;1;45\u{7}\u{1b}]9;4;4;46\u{7}", share(0.46, None)),
        ("\u{1b}]9;4;1;45\u{7}\u{1b}]9;4;3\u{7}[3/8] Scanning\n", only("Scanning")),
        ("\u{1b}]9;4;1;45\u{7}\u{1b}]9;4;0\u{7}[3/8] Scanning\n", counts(3, 8, Some("Scanning"))),
        ("\u{1b}]9;4 apples left\u{7}fruit\n", only("fruit")),
    ] {
        assert_eq!(after(output), progress, "{output:?}");
    }
}

#[test]
fn an_unfinished_line_counts_when_the_output_pauses() {
    let mut parser = Parser::default();
    parser.feed(b"\r[1/3");
    assert_eq!(parser.progress(), Progress::default());
    parser.feed(b"45]");
    assert!(parser.is_mid_line());
    parser.pause();
    assert!(!parser.is_mid_line());
    assert_eq!(parser.progress(), counts(1, 345, None));
}

#[test]
fn the_last_line_is_known_even_when_it_has_no_end() {
    let mut parser = Parser::default();
    parser.feed(b"Traceback\nAssertionError: 3 != 4");
    assert_eq!(parser.last_line().as_deref(), Some("AssertionError: 3 != 4"));
    parser.feed(b"\n\n");
    assert_eq!(parser.last_line().as_deref(), Some("AssertionError: 3 != 4"));
}

#[test]
fn a_line_of_a_megabyte_keeps_its_head_only() {
    let mut parser = Parser::default();
    parser.feed(b"[3/8] ");
    parser.feed(&vec![b'x'; 1 << 20]);
    parser.feed(b"\n");
    assert_eq!(parser.progress().done, Some(3));
    assert!(parser.lines.last.len() <= LINE_BYTES);
}

fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        &b"[3/8] Scanning"[..],
        b"\n",
        b"\r",
        b"4/20",
        b" text ",
        b"\x1b[31m",
        b"\x1b]9;4;1;45\x07",
        b"\x1b]9;4;0\x1b\\",
        b"\x1b[2K",
        b"\x08",
        b"\xff\xc3",
        b"step 2/8: x",
        b"\x1b]0;title",
        b"\x1b",
        b"Copied 5/9 files",
        b"Copied 6/9 files",
        b"[",
        b"]",
        b"|",
        b"12%",
        b":",
        b"/",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn it_does_not_matter_where_the_reads_cut(output in pieces(), cuts in prop::collection::vec(1..9usize, 0..80)) {
        let mut whole = Parser::default();
        whole.feed(&output);
        let mut cut = Parser::default();
        let mut rest = &output[..];
        for at in cuts {
            let (head, tail) = rest.split_at(at.min(rest.len()));
            cut.feed(head);
            rest = tail;
        }
        cut.feed(rest);
        prop_assert_eq!(whole.progress(), cut.progress());
        prop_assert_eq!(whole.last_line(), cut.last_line());
    }

    #[test]
    fn whatever_comes_the_hub_would_take_it(output in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut parser = Parser::default();
        parser.feed(&output);
        parser.pause();
        prop_assert!(parser.progress().check().is_ok());
    }
}
