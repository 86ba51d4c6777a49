//! The modules of one program or library, and which of them use which.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use super::source::{ImportKind, Mention, Source};

/// The name of a module, from the root of its crate, which is empty.
pub(super) type Name = Vec<String>;

/// Names that lead to names, at most: more of them would be a circle of their own.
const LONGEST_TRAIL: usize = 16;

/// A crate as its files.
#[derive(Debug, Default)]
pub(super) struct Package {
    modules: BTreeMap<Name, Source>,
}

/// One module's use of another.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Use {
    pub(super) from: Name,
    pub(super) to: Name,
    /// Where, in the file of `from`.
    pub(super) line: usize,
}

impl Package {
    /// Reads the file of the crate's root and of every module below it, as the compiler finds them.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut package = Self::default();
        let folder = root.parent().context("a file is in a folder")?;
        package.read_module(Name::new(), root, folder)?;
        Ok(package)
    }

    /// `below` is the folder of the modules that this one declares.
    fn read_module(&mut self, name: Name, file: &Path, below: &Path) -> Result<()> {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let source = Source::read(&text);
        for declared in &source.declared {
            let child = [name.clone(), vec![declared.clone()]].concat();
            let folder = below.join(declared);
            let places: [PathBuf; 2] = [folder.with_extension("rs"), folder.join("mod.rs")];
            let Some(file) = places.iter().find(|file| file.exists()) else {
                bail!("{} declares the module {declared}, whose file is not found", file.display());
            };
            self.read_module(child, file, &folder)?;
        }
        self.modules.insert(name, source);
        Ok(())
    }

    /// Who uses what of whom. What is only passed on, by a `pub use`, is no use: whoever takes it there uses
    /// the module that defines it.
    pub(super) fn uses(&self) -> Vec<Use> {
        let mut uses = Vec::new();
        for (from, source) in &self.modules {
            let imports = source.imports.iter().filter(|import| import.kind == ImportKind::Own);
            // A module that is imported by its name is used where something of it is mentioned.
            let items = imports.filter(|import| import.name.is_none() || !self.is_module(from, &import.mention));
            for mention in items.map(|import| &import.mention).chain(&source.mentions) {
                if let Some(to) = self.definer(from, mention).filter(|to| to != from) {
                    uses.push(Use { from: from.clone(), to, line: mention.line });
                }
            }
        }
        uses
    }

    fn is_module(&self, module: &Name, mention: &Mention) -> bool {
        self.absolute(module, mention, LONGEST_TRAIL).is_some_and(|name| self.modules.contains_key(&name))
    }

    /// The module that defines what is mentioned in `module`; none when that is of another crate.
    fn definer(&self, module: &Name, mention: &Mention) -> Option<Name> {
        let mut absolute = self.absolute(module, mention, LONGEST_TRAIL)?;
        for _ in 0..LONGEST_TRAIL {
            let (owner, item) = self.owner(&absolute)?;
            let Some(import) = item.first().and_then(|item| self.import(&owner, &[], item)) else { return Some(owner) };
            absolute = [self.absolute(&owner, import, LONGEST_TRAIL)?, item[1..].to_vec()].concat();
        }
        None
    }

    /// What is mentioned in `module`, as a path from the root; none when it is of another crate, or of a
    /// trail longer than `trail`.
    fn absolute(&self, module: &Name, mention: &Mention, trail: usize) -> Option<Name> {
        let first = mention.path.first()?;
        let mut scope = [module.as_slice(), &mention.within].concat();
        let rest = match first.as_str() {
            "crate" => return Some(mention.path[1..].to_vec()),
            "self" => &mention.path[1..],
            "super" => {
                let up = mention.path.iter().take_while(|part| *part == "super").count();
                scope.truncate(scope.len().checked_sub(up)?);
                &mention.path[up..]
            }
            child if self.modules[module].declared.iter().any(|declared| declared == child) => {
                scope = module.clone();
                &mention.path
            }
            name => {
                let import = self.import(module, &mention.within, name).filter(|_| trail > 0)?;
                scope = self.absolute(module, import, trail - 1)?;
                &mention.path[1..]
            }
        };
        Some([scope.as_slice(), rest].concat())
    }

    /// What is imported as `name` in the file of `module`, in the module `within` it.
    fn import(&self, module: &Name, within: &[String], name: &str) -> Option<&Mention> {
        let mut imports = self.modules.get(module)?.imports.iter();
        imports.find(|import| import.mention.within == within && import.name.as_deref() == Some(name)).map(|import| &import.mention)
    }

    /// The module in whose file `absolute` is, and the rest of its name.
    fn owner(&self, absolute: &[String]) -> Option<(Name, Name)> {
        let size = (0..=absolute.len()).rev().find(|size| self.modules.contains_key(&absolute[..*size]))?;
        Some((absolute[..size].to_vec(), absolute[size..].to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A crate of these files, by the names of their modules.
    fn package(files: &[(&str, &str)]) -> Package {
        Package { modules: files.iter().map(|(name, text)| (self::name(name), Source::read(text))).collect() }
    }

    fn name(name: &str) -> Name {
        name.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }

    fn uses(files: &[(&str, &str)]) -> Vec<(String, String, usize)> {
        let mut uses: Vec<_> =
            package(files).uses().into_iter().map(|found| (found.from.join("::"), found.to.join("::"), found.line)).collect();
        uses.dedup();
        uses
    }

    #[test]
    fn the_files_of_a_crate_are_found_as_the_compiler_finds_them() {
        let package = Package::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/main.rs")).unwrap();
        for module in ["", "main", "circles", "circles::package", "circles::package::tests"] {
            assert_eq!(package.modules.contains_key(&name(module)), !["main", "circles::package::tests"].contains(&module), "{module}");
        }
    }

    #[test]
    fn a_use_leads_to_the_module_that_defines_the_item() {
        let files = [
            ("", "mod a;\nmod b;\npub use b::B;"),
            ("a", "use crate::b::{B, Other as O};\nuse std::io;\nfn f() { O::new(); io::stdin() }"),
            ("b", "mod c;\nmod d;\npub(crate) use self::c::B;\npub(crate) use d::Other;"),
            ("b::c", "use super::Other;\npub(crate) struct B;"),
            ("b::d", "pub(crate) struct Other; mod inner { use super::Other; }"),
        ];
        let expected = [("a", "b::c", 1), ("a", "b::d", 1), ("a", "b::d", 3), ("b::c", "b::d", 1)];
        assert_eq!(uses(&files), expected.map(|(from, to, line)| (from.to_owned(), to.to_owned(), line)));
    }

    #[test]
    fn a_path_in_the_code_counts_as_an_import_does() {
        let files = [
            ("", "mod a;\nmod b;\nfn main() { a::f() }"),
            ("a", "use crate::b;\n\nfn f() { b::c::g(); crate::h(); super::k(); b::nothing::of_the_kind() }"),
            ("b", "mod c;"),
            ("b::c", "fn g() { self::h(); std::c::d() }"),
        ];
        let expected = [("", "a", 3), ("a", "b::c", 3), ("a", "", 3), ("a", "b", 3)];
        assert_eq!(uses(&files), expected.map(|(from, to, line)| (from.to_owned(), to.to_owned(), line)));
    }

    #[test]
    fn everything_of_a_module_is_used_by_a_star_and_what_leads_nowhere_by_nobody() {
        let files = [
            ("", "mod a;\nmod b;"),
            ("a", "use super::b::*;\nuse a::a;\nuse super::super::super::x;\nfn f() { a::b(); c::d() }"),
            ("b", "pub use crate::b::B;"),
        ];
        assert_eq!(uses(&files), [("a".to_owned(), "b".to_owned(), 1)]);
    }
}
