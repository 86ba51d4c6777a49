//! Which command lines are a person's own time: editors, pagers, monitors, shells elsewhere. Pure.
//!
//! A line is a list of pipelines. It is a person's time when one of its commands is, as the line takes as long as all of them.

/// Whose time is a person's, whatever their arguments.
const PROGRAMS: &[&str] = &[
    "vi", "vim", "nvim", "view", "vimdiff", "emacs", "nano", "micro", "hx", "helix", "kak", "joe", "less", "more", "most", "man", "info",
    "bat", "top", "htop", "btop", "atop", "iotop", "nvtop", "watch", "mosh", "telnet", "tmux", "screen", "zellij", "su", "fg", "bg",
    "wait", "tig", "lazygit", "gitui", "ranger", "nnn", "mc", "lf", "yazi", "fzf", "gdb", "lldb", "dialog", "whiptail", "read", "visudo",
    "vipw", "sudoedit", "passwd", // Tells of its jobs itself.
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
/// What stands before the command that counts, and which of its short options have a value behind them.
const PREFIXES: &[(&str, &str)] = &[
    ("sudo", "CDghpRrTtUu"),
    ("doas", "Cu"),
    ("env", "CSu"),
    ("command", ""),
    ("builtin", ""),
    ("exec", "a"),
    ("time", "fo"),
    ("nohup", ""),
    ("nice", "n"),
    ("ionice", "cnp"),
    ("setsid", ""),
    ("stdbuf", "eio"),
    ("noglob", ""),
];
/// Runs the command that follows its first argument.
const TIMEOUT: (&str, &str) = ("timeout", "ks");
/// Short options of ssh with a value behind them.
const OF_SSH: &str = "BbcDEeFIiJLlmOopQRSWw";
/// Containers and clusters, where `-it` gives a person a terminal.
const CONTAINERS: &[&str] = &["docker", "podman", "nerdctl", "kubectl", "oc", "lxc"];
/// What of git shows a pager or opens an editor. A pager is not shown when something else reads.
const GIT_PAGED: &[&str] = &["log", "diff", "show", "reflog", "blame", "grep", "help", "branch", "tag", "stash", "config"];
const GIT_EDITED: &[&str] = &["commit", "rebase", "add", "difftool", "mergetool", "gui", "citool", "send-email"];

/// Whether somebody sat in front of this command line, going by the programs in it. `more` are names that somebody added.
pub(crate) fn is_interactive(line: &str, more: &[String]) -> bool {
    pipelines(&without_quoted(line)).iter().any(|pipeline| {
        let last = pipeline.len().saturating_sub(1);
        pipeline.iter().enumerate().any(|(at, command)| Place { reads_pipe: at > 0, is_read: at < last }.is_a_persons(command, more))
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

/// The commands of a line, as pipelines. The `&` of a redirection, as in `2>&1` and `&>file`, parts nothing.
fn pipelines(line: &str) -> Vec<Vec<String>> {
    let mut pipelines = vec![vec![String::new()]];
    let mut chars = line.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        match c {
            '|' if next == Some('|') => {
                chars.next();
                pipelines.push(vec![String::new()]);
            }
            '|' => {
                // Standard error goes along.
                chars.next_if_eq(&'&');
                if let Some(pipeline) = pipelines.last_mut() {
                    pipeline.push(String::new());
                }
            }
            '&' if before != '>' && before != '<' && next != Some('>') => pipelines.push(vec![String::new()]),
            ';' | '\n' => pipelines.push(vec![String::new()]),
            c => {
                if let Some(command) = pipelines.last_mut().and_then(|pipeline| pipeline.last_mut()) {
                    command.push(c);
                }
            }
        }
        before = c;
    }
    pipelines
}

/// Where in its pipeline a command stands.
#[derive(Clone, Copy)]
struct Place {
    /// Its input is another command's output, not the keyboard.
    reads_pipe: bool,
    /// Its output is not on the terminal.
    is_read: bool,
}

impl Place {
    fn is_a_persons(self, command: &str, more: &[String]) -> bool {
        let words = the_command(command);
        let Some((program, arguments)) = words.split_first() else { return false };
        let program = program.rsplit('/').next().unwrap_or(program);
        let has = |option: &str| arguments.contains(&option);
        let verb = arguments.iter().copied().find(|word| !word.starts_with('-'));
        match program {
            _ if PROGRAMS.contains(&program) || more.iter().any(|name| name == program) => true,
            _ if CONSOLES.contains(&program) => arguments.is_empty() && !self.reads_pipe,
            _ if CONTAINERS.contains(&program) => {
                verb == Some("attach")
                    || verb == Some("edit")
                    || (matches!(verb, Some("run" | "exec" | "debug")) && gives_a_terminal(arguments))
            }
            "git" => match verb {
                Some(verb) if GIT_PAGED.contains(&verb) => !self.is_read,
                Some("commit") => {
                    !["-m", "-am", "-F", "--no-edit"].into_iter().any(has) && !arguments.iter().any(|word| word.starts_with("--message"))
                }
                Some("rebase") => has("-i") || has("--interactive"),
                Some("add") => ["-p", "-i", "-e", "--patch", "--interactive"].into_iter().any(has),
                Some(verb) => GIT_EDITED.contains(&verb),
                None => false,
            },
            // With a command it is that command that takes the time.
            "ssh" => after_options(arguments, OF_SSH).len() < 2,
            "tail" | "journalctl" => {
                let follows = arguments.iter().any(|word| *word == "--follow" || *word == "-F" || is_cluster_with(word, 'f'));
                follows || (program == "journalctl" && !self.is_read && !has("--no-pager"))
            }
            "crontab" => has("-e"),
            "systemctl" => verb == Some("edit"),
            _ => false,
        }
    }
}

/// The words from the program that counts on.
fn the_command(command: &str) -> Vec<&str> {
    let mut words: Vec<&str> = command.split_whitespace().collect();
    loop {
        let Some(first) = words.first().copied() else { return words };
        let name = first.rsplit('/').next().unwrap_or(first);
        words = if is_assignment(first) || matches!(first, "(" | "{" | "!") {
            words.split_off(1)
        } else if let Some((_, valued)) = PREFIXES.iter().find(|(prefix, _)| *prefix == name) {
            after_options(&words[1..], valued).to_vec()
        } else if name == TIMEOUT.0 {
            after_options(&words[1..], TIMEOUT.1).get(1..).unwrap_or_default().to_vec()
        } else {
            return words;
        };
    }
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
}

/// What follows the options; `valued` are the short ones whose value may be the next word.
fn after_options<'a, 'b>(words: &'b [&'a str], valued: &str) -> &'b [&'a str] {
    let mut at = 0;
    while let Some(word) = words.get(at).filter(|word| word.starts_with('-') && word.len() > 1) {
        at += 1;
        if *word == "--" {
            break;
        }
        // The last letter of a cluster takes the next word.
        let takes_next = !word.starts_with("--") && word.chars().last().is_some_and(|letter| valued.contains(letter));
        if takes_next && word.len() == 2 {
            at += 1;
        }
    }
    words.get(at..).unwrap_or_default()
}

/// `-it`, or `-i` and `-t`, in whatever order.
fn gives_a_terminal(arguments: &[&str]) -> bool {
    let has = |letter, long: [&str; 2]| arguments.iter().any(|word| long.contains(word) || is_cluster_with(word, letter));
    has('i', ["--interactive", "--stdin"]) && has('t', ["--tty", "--tty=true"])
}

fn is_cluster_with(word: &str, letter: char) -> bool {
    word.strip_prefix('-').is_some_and(|letters| !letters.starts_with('-') && letters.contains(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_persons_own_time_is_known_by_the_program() {
        for line in [
            "vim notes.txt",
            "sudo -E vim /etc/hosts",
            "sudo -u ada vim x",
            "EDITOR=vi /usr/bin/vim x",
            "git log",
            "git commit",
            "git rebase -i main",
            "git add -p && make",
            "dmesg | less",
            "make 2>&1 | less",
            "make; man make",
            "python3",
            "ssh build-7",
            "ssh -p 2222 -i key ada@build-7",
            "doorbell run -- make",
            "cd x && tmux",
            "myeditor file",
            "docker run --rm -it debian",
            "docker exec -t -i x sh",
            "kubectl edit deployment x",
            "crontab -e",
            "tail -f log",
            "tail -n 5 -F log",
            "journalctl -u x",
            "nice -n 5 htop",
            "timeout 10 top",
        ] {
            assert!(is_interactive(line, &["myeditor".to_owned()]), "{line}");
        }
        for line in [
            "make -j8",
            "cargo test",
            "make 2>&1 | tail",
            "make |& tail -n 20",
            "make &> log",
            "git checkout main && make",
            "make || exit",
            "git log | wc -l",
            "git commit -m x",
            "git clone x",
            "curl x | sh",
            "ssh build-7 make",
            "ssh -p 2222 build-7 make -j8",
            "docker build -t x .",
            "docker run -i debian sh",
            "docker run --rm debian make",
            "kubectl apply -f x",
            "crontab -l",
            "journalctl -u x | grep y",
            "python3 train.py",
            "sh -c 'sleep 20; exit 3'",
            "sh -c \"vim; \\\"x\"",
            "echo a\\;vim",
            "sudo apt-get upgrade",
            "sudo -u vim make",
            "timeout 10m make",
            "sleep 20",
            "",
            "less-is-more",
        ] {
            assert!(!is_interactive(line, &[]), "{line}");
        }
    }
}
