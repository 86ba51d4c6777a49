//! Which command lines are a person's own time: editors, pagers, monitors, shells elsewhere. Pure.

/// Whose time is a person's, whatever their arguments.
const PROGRAMS: &[&str] = &[
    "vi",
    "vim",
    "nvim",
    "view",
    "vimdiff",
    "emacs",
    "nano",
    "micro",
    "hx",
    "helix",
    "kak",
    "joe",
    "less",
    "more",
    "most",
    "man",
    "info",
    "bat",
    "top",
    "htop",
    "btop",
    "atop",
    "iotop",
    "nvtop",
    "watch",
    "ssh",
    "mosh",
    "telnet",
    "tmux",
    "screen",
    "zellij",
    "su",
    "fg",
    "bg",
    "wait",
    "tig",
    "lazygit",
    "gitui",
    "ranger",
    "nnn",
    "mc",
    "lf",
    "yazi",
    "fzf",
    "gdb",
    "lldb",
    "journalctl",
    "tail",
    "dialog",
    "whiptail",
    "read",
    "exit",
    "logout",
    // Tells of its jobs itself.
    "doorbell",
];
/// Interpreters and consoles: a person's time only when nothing tells them what to do.
const CONSOLES: &[&str] = &[
    "sh",
    "bash",
    "zsh",
    "fish",
    "dash",
    "ksh",
    "python",
    "python3",
    "ipython",
    "node",
    "deno",
    "irb",
    "ghci",
    "ocaml",
    "julia",
    "R",
    "psql",
    "mysql",
    "sqlite3",
    "redis-cli",
    "bc",
    "ftp",
    "sftp",
];
/// What stands before the command that counts.
const PREFIXES: &[&str] = &["sudo", "doas", "env", "command", "builtin", "exec", "time", "nohup", "nice", "ionice", "noglob"];
/// What of git takes its time without a pager or an editor.
const GIT: &[&str] = &["clone", "fetch", "pull", "push", "gc", "fsck", "lfs", "submodule"];

/// Whether somebody sat in front of this command line, going by the programs in it. `more` are names that somebody added.
pub(crate) fn is_interactive(line: &str, more: &[String]) -> bool {
    without_quoted(line).split(['|', ';', '&', '\n']).any(|part| {
        let mut words = part.split_whitespace().skip_while(|word| is_before_the_program(word));
        let Some(program) = words.next() else { return false };
        let program = program.rsplit('/').next().unwrap_or(program);
        let arguments = words.next();
        PROGRAMS.contains(&program)
            || more.iter().any(|name| name == program)
            || (CONSOLES.contains(&program) && arguments.is_none())
            || (program == "git" && !arguments.is_some_and(|verb| GIT.contains(&verb)))
    })
}

/// What is quoted is for the program that it is given to: a letter stands for it.
fn without_quoted(line: &str) -> String {
    let mut quote = None;
    let mut escaped = false;
    let mut plain = String::with_capacity(line.len());
    for c in line.chars() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (None | Some('"'), '\\') => escaped = true,
            (None, '\'' | '"') => {
                quote = Some(c);
                plain.push('q');
            }
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, c) => plain.push(c),
        }
    }
    plain
}

fn is_before_the_program(word: &str) -> bool {
    let is_assignment = word.split_once('=').is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
    is_assignment || word.starts_with('-') || word.starts_with(['(', '{', '!']) && word.len() == 1 || PREFIXES.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_persons_own_time_is_known_by_the_program() {
        for line in [
            "vim notes.txt",
            "sudo -E vim /etc/hosts",
            "EDITOR=vi /usr/bin/vim x",
            "git log",
            "git commit",
            "dmesg | less",
            "make; man make",
            "python3",
            "ssh build-7 make",
            "doorbell run -- make",
            "cd x && tmux",
            "myeditor file",
        ] {
            assert!(is_interactive(line, &["myeditor".to_owned()]), "{line}");
        }
        for line in [
            "make -j8",
            "cargo test",
            "python3 train.py",
            "sh -c 'sleep 20; exit 3'",
            "sh -c \"vim; \\\"x\"",
            "echo a\\;vim",
            "git clone x",
            "sudo apt-get upgrade",
            "sleep 20",
            "",
            "less-is-more",
        ] {
            assert!(!is_interactive(line, &[]), "{line}");
        }
    }
}
