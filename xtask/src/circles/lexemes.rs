//! Rust source as a row of lexemes, as far as paths need it: words, `::` and single signs. Comments and
//! literals are left out.

/// A piece of source, with its line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Lexeme<'a> {
    pub(super) kind: Kind<'a>,
    pub(super) line: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind<'a> {
    /// A name, a keyword or a number.
    Word(&'a str),
    /// `::`
    Colons,
    /// Any other character.
    Sign(char),
}

/// The lexemes of `source`.
pub(super) fn lexemes(source: &str) -> Vec<Lexeme<'_>> {
    let mut lexemes = Vec::new();
    let (mut rest, mut line) = (source, 1);
    while let Some(first) = rest.chars().next() {
        let (kind, size) = if let Some(size) = left_out(rest) {
            (None, size)
        } else if is_word(first) {
            let size = rest.find(|character| !is_word(character)).unwrap_or(rest.len());
            (Some(Kind::Word(&rest[..size])), size)
        } else if rest.starts_with("::") {
            (Some(Kind::Colons), 2)
        } else {
            (Some(Kind::Sign(first)), first.len_utf8())
        };
        lexemes.extend(kind.map(|kind| Lexeme { kind, line }));
        line += rest[..size].matches('\n').count();
        rest = &rest[size..];
    }
    lexemes
}

/// The size of the space, comment, literal or lifetime that `rest` begins with.
fn left_out(rest: &str) -> Option<usize> {
    let space = rest.len() - rest.trim_start().len();
    if space > 0 {
        return Some(space);
    }
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment(rest));
    }
    if let Some(after) = rest.strip_prefix('\'') {
        return Some(1 + character_or_lifetime(after));
    }
    string(rest)
}

/// Block comments may hold others.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    loop {
        let after = &rest[at..];
        if after.starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if after.starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
        } else {
            at += after.chars().next().map_or(0, char::len_utf8);
        }
        if depth == 0 || at == rest.len() {
            return at;
        }
    }
}

/// What follows a single quote.
fn character_or_lifetime(after: &str) -> usize {
    if after.starts_with('\\') {
        // The character after the backslash may be a quote itself.
        return after.char_indices().skip(2).find(|(_, character)| *character == '\'').map_or(after.len(), |(at, _)| at + 1);
    }
    let mut characters = after.char_indices().skip(1);
    match characters.next() {
        Some((at, '\'')) => at + 1,
        Some(_) | None => after.find(|character| !is_word(character)).unwrap_or(after.len()),
    }
}

/// A string of any kind: `"…"`, `b"…"`, `c"…"`, `r"…"`, `r#"…"#`, `br"…"`, `cr"…"`.
fn string(rest: &str) -> Option<usize> {
    let prefix = ["br", "cr", "r", "b", "c", ""].into_iter().find(|prefix| rest.starts_with(prefix))?;
    let after = &rest[prefix.len()..];
    let hashes = if prefix.ends_with('r') { after.len() - after.trim_start_matches('#').len() } else { 0 };
    let content = after[hashes..].strip_prefix('"')?;
    let start = rest.len() - content.len();
    if prefix.ends_with('r') {
        let end = format!("\"{}", "#".repeat(hashes));
        return Some(content.find(&end).map_or(rest.len(), |at| start + at + end.len()));
    }
    let mut is_escaped = false;
    for (at, character) in content.char_indices() {
        match character {
            '"' if !is_escaped => return Some(start + at + 1),
            '\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    Some(rest.len())
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<&str> {
        lexemes(source).into_iter().filter_map(|lexeme| if let Kind::Word(word) = lexeme.kind { Some(word) } else { None }).collect()
    }

    #[test]
    fn comments_and_literals_are_left_out() {
        for (source, expected) in [
            ("a // crate::b\nc", &["a", "c"][..]),
            ("a /* b /* c */ d */ e", &["a", "e"]),
            (r#"a "crate::b \" c" d"#, &["a", "d"]),
            (r###"a r#"b " c"# d br"\" e"###, &["a", "d", "e"]),
            (r"a '\'' b 'c' d '\u{1f514}' e '→' f", &["a", "b", "d", "e", "f"]),
            ("fn a<'b>(c: &'b str) {}", &["fn", "a", "c", "str"]),
            ("r#\"x", &[]),
            ("/* x", &[]),
            ("'", &[]),
        ] {
            assert_eq!(words(source), expected, "{source}");
        }
    }

    #[test]
    fn each_token_knows_its_line() {
        let seen: Vec<_> = lexemes("use a\n  ::b;").into_iter().map(|lexeme| (lexeme.kind, lexeme.line)).collect();
        assert_eq!(seen, [(Kind::Word("use"), 1), (Kind::Word("a"), 1), (Kind::Colons, 2), (Kind::Word("b"), 2), (Kind::Sign(';'), 2)]);
    }
}
