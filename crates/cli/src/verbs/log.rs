//! `doorbell log JOB`

use std::io::{self, IsTerminal, Write};

use doorbell_client::Client;
use doorbell_protocol::{
    JobId,
    log::{Log, LogMessage},
};

use crate::{
    complete,
    context::{Context, Run},
    job_lookup,
    output::print_json,
    safe_log::SafeLog,
};

/// Show what a job printed
///
/// The first 64 KiB and the last 1 MiB are kept, as the command wrote them. A terminal gets text and colours only: whatever else a log
/// has in it could change its title, its clipboard or what stands on it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(value_name = "JOB", help = job_lookup::HELP, add = complete::jobs())]
    job: String,

    /// Go on with what the job prints, until it is over
    #[arg(short, long)]
    follow: bool,

    /// Only the last lines
    #[arg(short = 'n', long, value_name = "N")]
    lines: Option<usize>,

    /// Print it as the command wrote it, also on a terminal
    #[arg(long)]
    raw: bool,

    /// Print the hub's answer: {"parts": [{"offset", "bytes"}…], "cuts"?: [{"offset", "length"}…], "end"}, with bytes in Base64
    #[arg(long, conflicts_with_all = ["follow", "lines", "raw"])]
    json: bool,
}

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        context.call(async |client| {
            let job = job_lookup::id(client, &self.job).await?;
            let log = client.log(job, None).await?;
            if self.json {
                print_json(&log)?;
                return Ok(0);
            }
            let end = log.end;
            let mut screen = Screen::new(self.raw);
            show(in_order(log), self.lines, &mut screen)?;
            if self.follow {
                follow(client, job, end, &mut screen).await?;
            }
            screen.end()?;
            Ok(0)
        })
    }
}

/// Where the log is shown.
struct Screen {
    /// On a terminal.
    safe: Option<SafeLog>,
}

impl Screen {
    fn new(raw: bool) -> Self {
        Self { safe: (!raw && io::stdout().is_terminal()).then(SafeLog::new) }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        match &mut self.safe {
            Some(safe) => safe.write(bytes, &mut out)?,
            None => out.write_all(bytes)?,
        }
        out.flush()
    }

    fn end(&mut self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        self.safe.as_mut().map_or(Ok(()), |safe| safe.end(&mut out))?;
        out.flush()
    }
}

/// Parts and cuts in the order in which the stream would send them.
fn in_order(log: Log) -> Vec<LogMessage> {
    let mut messages: Vec<LogMessage> = log.parts.into_iter().map(LogMessage::Part).collect();
    messages.extend(log.cuts.into_iter().map(LogMessage::Cut));
    messages.sort_by_key(LogMessage::end);
    messages
}

/// Shows what was kept, or its last `lines`. A line that lacks its beginning is not one of them.
fn show(messages: Vec<LogMessage>, lines: Option<usize>, screen: &mut Screen) -> anyhow::Result<()> {
    let Some(lines) = lines else {
        return messages.into_iter().try_for_each(|message| tell(message, screen));
    };
    // Behind the last cut nothing is missing.
    let whole = messages.iter().rposition(|message| matches!(message, LogMessage::Cut(_))).map_or(0, |cut| cut + 1);
    let mut bytes = Vec::new();
    for message in &messages[whole..] {
        if let LogMessage::Part(part) = message {
            bytes.extend_from_slice(&part.bytes.0);
        }
    }
    Ok(screen.write(last_lines(&bytes, lines))?)
}

fn last_lines(bytes: &[u8], lines: usize) -> &[u8] {
    if lines == 0 {
        return &[];
    }
    let unfinished = usize::from(!bytes.ends_with(b"\n"));
    let mut breaks = bytes.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at);
    let start = breaks.nth(lines - unfinished).map_or(0, |at| at + 1);
    &bytes[start..]
}

/// Follows the log to the end of its job. A hub that is away is waited for.
async fn follow(client: &Client, job: JobId, from: u64, screen: &mut Screen) -> anyhow::Result<()> {
    let mut follower = client.follow_log(job, from);
    let mut told = false;
    loop {
        match follower.next().await {
            Ok(LogMessage::End(_)) => return Ok(()),
            Ok(message) => {
                told = false;
                tell(message, screen)?;
            }
            Err(e) if e.is_transient() => {
                if !std::mem::replace(&mut told, true) {
                    eprintln!("doorbell: {e} Waiting for it.");
                }
            }
            Err(e) => return Err(e.into()),
        }
    }
}

fn tell(message: LogMessage, screen: &mut Screen) -> anyhow::Result<()> {
    match message {
        LogMessage::Part(part) => screen.write(&part.bytes.0)?,
        LogMessage::Cut(cut) => eprintln!("doorbell: {} bytes of the log were not kept", cut.length),
        LogMessage::End(_) => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_whole_lines_and_what_has_been_begun() {
        for (text, lines, last) in [
            ("a\nb\nc\n", 2, "b\nc\n"),
            ("a\nb\nc", 2, "b\nc"),
            ("a\nb\nc\n", 9, "a\nb\nc\n"),
            ("a\nb\nc", 1, "c"),
            ("a\n", 0, ""),
            ("", 3, ""),
        ] {
            assert_eq!(last_lines(text.as_bytes(), lines), last.as_bytes(), "{text:?} {lines}");
        }
    }
}
