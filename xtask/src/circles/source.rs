//! What one file says about modules: which it declares, what it imports, and which paths it names. Code for
//! tests is left out: a test may look at anything.

use super::lexemes::{Kind, Lexeme, lexemes};

/// A path as it is written, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Mention {
    /// The modules inside the file that it is in, from the outside in.
    pub(super) within: Vec<String>,
    pub(super) path: Vec<String>,
    pub(super) line: usize,
}

/// One name that a `use` brings in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Import {
    pub(super) mention: Mention,
    /// What it is called here; none for `*` and `_`.
    pub(super) name: Option<String>,
    pub(super) kind: ImportKind,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ImportKind {
    /// For the file's own code.
    Own,
    /// `pub use`, of any visibility: a signpost for others.
    ReExport,
}

/// What is known of one file.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Source {
    /// `mod name;`
    pub(super) declared: Vec<String>,
    pub(super) imports: Vec<Import>,
    /// Paths outside of `use`.
    pub(super) mentions: Vec<Mention>,
}

impl Source {
    pub(super) fn read(text: &str) -> Self {
        let lexemes = without_tests(&lexemes(text));
        let mut reader = Reader { lexemes: &lexemes, at: 0, depth: 0, within: Vec::new(), source: Self::default() };
        reader.read();
        reader.source
    }
}

struct Reader<'a> {
    lexemes: &'a [Lexeme<'a>],
    at: usize,
    /// Braces that are open.
    depth: usize,
    /// Modules that are open, and the depth outside each.
    within: Vec<(String, usize)>,
    source: Source,
}

impl<'a> Reader<'a> {
    fn read(&mut self) {
        let mut is_public = false;
        while let Some(lexeme) = self.next() {
            match lexeme.kind {
                Kind::Word("mod") => self.module(),
                // Else it says what an `impl Trait` captures.
                Kind::Word("use") if self.peek() != Some(Kind::Sign('<')) => {
                    let kind = if is_public { ImportKind::ReExport } else { ImportKind::Own };
                    self.import(&[], kind);
                }
                Kind::Word("pub") => {
                    is_public = true;
                    // As in `pub(in crate::a)`, which is no import.
                    if self.peek() == Some(Kind::Sign('(')) {
                        while self.next().is_some_and(|lexeme| lexeme.kind != Kind::Sign(')')) {}
                    }
                    continue;
                }
                Kind::Word(word) if self.peek() == Some(Kind::Colons) => self.mention(word, lexeme.line),
                // Of another crate, as in `::std::io`.
                Kind::Colons => while matches!(self.peek(), Some(Kind::Word(_) | Kind::Colons)) && self.next().is_some() {},
                Kind::Sign('{') => self.depth += 1,
                Kind::Sign('}') => {
                    self.depth = self.depth.saturating_sub(1);
                    self.within.pop_if(|(_, outside)| *outside == self.depth);
                }
                Kind::Word(_) | Kind::Sign(_) => {}
            }
            is_public = false;
        }
    }

    fn module(&mut self) {
        let Some(Kind::Word(name)) = self.peek() else { return };
        self.at += 1;
        match self.peek() {
            Some(Kind::Sign(';')) => self.source.declared.push(name.to_owned()),
            Some(Kind::Sign('{')) => self.within.push((name.to_owned(), self.depth)),
            _ => {}
        }
    }

    /// A tree of a `use` below `start`, up to what ends it.
    fn import(&mut self, start: &[String], kind: ImportKind) {
        let mut path = start.to_vec();
        let mut name = None;
        let mut line = 0;
        while let Some(lexeme) = self.lexemes.get(self.at).copied() {
            match lexeme.kind {
                Kind::Sign(';' | ',' | '}') => break,
                Kind::Sign('{') => {
                    self.at += 1;
                    while self.peek().is_some_and(|kind| !matches!(kind, Kind::Sign('}' | ';'))) {
                        self.import(&path, kind);
                        self.at += usize::from(self.peek() == Some(Kind::Sign(',')));
                    }
                    self.at += usize::from(self.peek() == Some(Kind::Sign('}')));
                    return;
                }
                Kind::Word("as") => {
                    self.at += 1;
                    name = Some(self.peek());
                }
                Kind::Word("self") if !path.is_empty() => line = lexeme.line,
                Kind::Word(word) => {
                    path.push(word.to_owned());
                    line = lexeme.line;
                }
                Kind::Sign('*') => {
                    name = Some(None);
                    line = lexeme.line;
                }
                Kind::Colons | Kind::Sign(_) => {}
            }
            self.at += 1;
        }
        let name = match name {
            None => path.last().cloned(),
            Some(Some(Kind::Word(name))) if name != "_" => Some(name.to_owned()),
            Some(_) => None,
        };
        let mention = Mention { within: self.within(), path, line };
        self.source.imports.push(Import { mention, name, kind });
    }

    /// A path that begins with `first`.
    fn mention(&mut self, first: &str, line: usize) {
        let mut path = vec![first.to_owned()];
        while self.peek() == Some(Kind::Colons)
            && let Some(Lexeme { kind: Kind::Word(word), .. }) = self.lexemes.get(self.at + 1)
        {
            path.push((*word).to_owned());
            self.at += 2;
        }
        self.source.mentions.push(Mention { within: self.within(), path, line });
    }

    fn within(&self) -> Vec<String> {
        self.within.iter().map(|(name, _)| name.clone()).collect()
    }

    fn peek(&self) -> Option<Kind<'a>> {
        self.lexemes.get(self.at).map(|lexeme| lexeme.kind)
    }

    fn next(&mut self) -> Option<Lexeme<'a>> {
        let lexeme = self.lexemes.get(self.at).copied();
        self.at += 1;
        lexeme
    }
}

/// The lexemes without the items that are compiled for tests alone.
fn without_tests<'a>(lexemes: &[Lexeme<'a>]) -> Vec<Lexeme<'a>> {
    let mut kept = Vec::with_capacity(lexemes.len());
    let mut at = 0;
    while at < lexemes.len() {
        match attribute(&lexemes[at..]) {
            Some(size) if is_for_tests(&lexemes[at..at + size]) => at += size + item(&lexemes[at + size..]),
            Some(size) => {
                kept.extend_from_slice(&lexemes[at..at + size]);
                at += size;
            }
            None => {
                kept.push(lexemes[at]);
                at += 1;
            }
        }
    }
    kept
}

/// The size of `#[…]`, if that is what the lexemes begin with.
fn attribute(lexemes: &[Lexeme<'_>]) -> Option<usize> {
    if !matches!(lexemes, [Lexeme { kind: Kind::Sign('#'), .. }, Lexeme { kind: Kind::Sign('['), .. }, ..]) {
        return None;
    }
    let mut depth = 0_usize;
    for (at, lexeme) in lexemes.iter().enumerate() {
        match lexeme.kind {
            Kind::Sign('[') => depth += 1,
            Kind::Sign(']') if depth == 1 => return Some(at + 1),
            Kind::Sign(']') => depth -= 1,
            Kind::Word(_) | Kind::Colons | Kind::Sign(_) => {}
        }
    }
    None
}

/// `#[cfg(test)]`, or `#[cfg(all(…, test, …))]`.
fn is_for_tests(attribute: &[Lexeme<'_>]) -> bool {
    let words: Vec<&str> =
        attribute.iter().filter_map(|lexeme| if let Kind::Word(word) = lexeme.kind { Some(word) } else { None }).collect();
    match words[..] {
        ["cfg", "test"] => true,
        ["cfg", "all", ref conditions @ ..] => {
            conditions.contains(&"test") && !conditions.iter().any(|word| matches!(*word, "any" | "not"))
        }
        _ => false,
    }
}

/// The size of an item: up to its semicolon, or to the end of its braces.
fn item(lexemes: &[Lexeme<'_>]) -> usize {
    let mut depth = 0_usize;
    for (at, lexeme) in lexemes.iter().enumerate() {
        match lexeme.kind {
            Kind::Sign('{' | '(' | '[') => depth += 1,
            Kind::Sign(')' | ']') => depth = depth.saturating_sub(1),
            Kind::Sign('}') if depth <= 1 => return at + 1,
            Kind::Sign('}') => depth -= 1,
            Kind::Sign(';') if depth == 0 => return at + 1,
            Kind::Word(_) | Kind::Colons | Kind::Sign(_) => {}
        }
    }
    lexemes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imports(text: &str) -> Vec<(String, Option<String>, ImportKind)> {
        let said = |import: Import| (import.mention.path.join("::"), import.name, import.kind);
        Source::read(text).imports.into_iter().map(said).collect()
    }

    fn mentions(text: &str) -> Vec<(String, String)> {
        Source::read(text).mentions.into_iter().map(|mention| (mention.within.join("::"), mention.path.join("::"))).collect()
    }

    #[test]
    fn a_use_brings_in_each_name_of_its_tree() {
        use ImportKind::{Own, ReExport};
        for (text, expected) in [
            ("use crate::a;", &[("crate::a", Some("a"), Own)][..]),
            (
                "use crate::{a::{self, B as C}, d::*};",
                &[("crate::a", Some("a"), Own), ("crate::a::B", Some("C"), Own), ("crate::d", None, Own)],
            ),
            ("use super::a::B as _;", &[("super::a::B", None, Own)]),
            ("pub(crate) use self::a::B;\nuse c::D;", &[("self::a::B", Some("B"), ReExport), ("c::D", Some("D"), Own)]),
            ("pub(in crate::x) use a::{B, C,};", &[("a::B", Some("B"), ReExport), ("a::C", Some("C"), ReExport)]),
            ("pub fn f() { use crate::a::B; }", &[("crate::a::B", Some("B"), Own)]),
        ] {
            let expected: Vec<_> = expected.iter().map(|(path, name, kind)| ((*path).to_owned(), name.map(str::to_owned), *kind)).collect();
            assert_eq!(imports(text), expected, "{text}");
        }
    }

    #[test]
    fn a_path_in_the_code_is_a_mention_in_the_module_that_it_is_in() {
        let text = "fn f() -> crate::a::B<c::D> { x.parse::<u8>(); Self::new(::std::io::stdin()) }\nmod inner { mod deep { super::f::<T>() } }\ncrate::g()";
        let expected = [("", "crate::a::B"), ("", "c::D"), ("", "parse"), ("", "Self::new"), ("inner::deep", "super::f"), ("", "crate::g")];
        assert_eq!(mentions(text), expected.map(|(within, path)| (within.to_owned(), path.to_owned())));
    }

    #[test]
    fn modules_in_files_of_their_own_are_declared_and_those_for_tests_are_not() {
        let text =
            "mod a;\n#[cfg(windows)]\npub(crate) mod b;\n#[cfg(test)]\nmod tests;\nmod c { fn f() {} }\n#[cfg(any(windows, test))]\nmod d;";
        assert_eq!(Source::read(text).declared, ["a", "b", "d"]);
    }

    #[test]
    fn code_for_tests_is_left_out() {
        for text in [
            "#[cfg(test)]\nmod tests { use crate::a; fn f() { crate::b::c(&[0; 2]); } }",
            "#[cfg(all(test, unix))]\n#[path = \"x.rs\"]\nmod tests { use crate::a; }",
            "#[cfg(test)] use crate::a::{B};",
            "#[cfg(test)]\npub(crate) fn f(a: [u8; 2]) -> crate::a::B { crate::c::d() }",
        ] {
            assert_eq!((imports(text), mentions(text)), (Vec::new(), Vec::new()), "{text}");
        }
        assert_eq!(mentions("#[cfg(test)]\nfn f() {}\n#[cfg(not(test))]\nfn g() { crate::a::b() }").len(), 1);
    }
}
