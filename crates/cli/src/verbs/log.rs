//! `doorbell log JOB…`

use std::io::{self, IsTerminal, Write};

use doorbell_client::{Client, rest::LogFollower};
use doorbell_protocol::{
    JobId, JobState,
    log::{Log, LogMessage},
    text,
};
use futures_util::{StreamExt, stream};

use crate::{
    complete,
    context::{Context, Run},
    job_lookup,
    output::print_json,
    safe_log::SafeLog,
};

/// Show what jobs printed
///
/// The first 64 KiB and the last 1 MiB are kept, as the command wrote them. A terminal gets text and colours only: whatever else a log
/// has in it could change its title, its clipboard or what stands on it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(value_name = "JOB", required = true, help = job_lookup::HELP, add = complete::jobs())]
    jobs: Vec<String>,

    /// Go on with what the jobs print, until they are over
    #[arg(short, long)]
    follow: bool,

    /// Only the last lines
    #[arg(short = 'n', long, value_name = "N")]
    lines: Option<usize>,

    /// Print it as the command wrote it, also on a terminal
    #[arg(long)]
    raw: bool,

    /// Print the hub's answer, a line for each job: {"parts": [{"offset", "bytes"}…], "cuts"?: [{"offset", "length"}…], "end"}, with bytes in Base64
    #[arg(long, conflicts_with_all = ["follow", "lines", "raw"])]
    json: bool,
}

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        context.call(async |client| {
            let jobs = job_lookup::each_of(&self.jobs, async |asked| job_lookup::id(client, asked).await).await?;
            let mut names = Vec::new();
            if jobs.len() > 1 && !self.json {
                for (_, job) in &jobs {
                    names.push(client.job(*job).await?.name);
                }
            }
            let mut screen = Screen::new(self.raw, names);
            let followed: Vec<JobId> = jobs.iter().map(|(_, job)| *job).filter(|_| self.follow).collect();
            let mut followers = Vec::new();
            for (n, (_, job)) in jobs.into_iter().enumerate() {
                let log = client.log(job, None).await?;
                if self.json {
                    print_json(&log)?;
                    continue;
                }
                followers.push(client.follow_log(job, log.end));
                screen.turn_to(n)?;
                show(in_order(log), self.lines, &mut screen)?;
            }
            if self.follow {
                follow(followers, &mut screen).await?;
            }
            screen.end()?;
            for job in followed {
                say_who_stopped(client, job).await;
            }
            Ok(0)
        })
    }
}

/// Where logs are shown.
struct Screen {
    is_raw: bool,
    /// On a terminal.
    safe: Option<SafeLog>,
    /// What each log is headed by, when there are several.
    names: Vec<String>,
    /// Whose log was shown last, and whether its line has ended.
    shown: Option<usize>,
    is_line_ended: bool,
}

impl Screen {
    /// For the logs of jobs with these names.
    fn new(is_raw: bool, names: Vec<String>) -> Self {
        let mut screen = Self { is_raw, safe: None, names, shown: None, is_line_ended: true };
        screen.safe = screen.new_safe();
        screen
    }

    fn new_safe(&self) -> Option<SafeLog> {
        (!self.is_raw && io::stdout().is_terminal()).then(SafeLog::new)
    }

    /// Goes on with the log of the `n`th job, under its name as `tail` has it.
    fn turn_to(&mut self, n: usize) -> io::Result<()> {
        if self.names.len() < 2 || self.shown == Some(n) {
            return Ok(());
        }
        self.end()?;
        let ended = if self.is_line_ended { "" } else { "\n" };
        let gap = if self.shown.is_none() { "" } else { "\n" };
        let name = self.names.get(n).map_or("", String::as_str);
        writeln!(io::stdout(), "{ended}{gap}==> {name} <==")?;
        self.safe = self.new_safe();
        self.shown = Some(n);
        self.is_line_ended = true;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(last) = bytes.last() {
            self.is_line_ended = *last == b'\n';
        }
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

/// Follows the logs to the end of their jobs. A hub that is away is waited for.
async fn follow(followers: Vec<LogFollower>, screen: &mut Screen) -> anyhow::Result<()> {
    let streams = followers.into_iter().enumerate().map(|(n, follower)| {
        Box::pin(stream::unfold(Some(follower), move |follower| async move {
            let mut follower: LogFollower = follower?;
            let message = follower.next().await;
            let is_over = message.as_ref().map_or_else(|e| !e.is_transient(), |message| matches!(message, LogMessage::End(_)));
            Some(((n, message), (!is_over).then_some(follower)))
        }))
    });
    let mut messages = stream::select_all(streams);
    let mut told = false;
    while let Some((n, message)) = messages.next().await {
        match message {
            Ok(LogMessage::End(_)) => {}
            Ok(message) => {
                told = false;
                screen.turn_to(n)?;
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
    Ok(())
}

/// What is printed stays the command's own, so who stopped it is told beside it.
async fn say_who_stopped(client: &Client, job: JobId) {
    if let Ok(job) = client.job(job).await
        && let Some(by) = &job.cancelled_by
    {
        let what = if job.state == JobState::Cancelled { "was cancelled" } else { "was asked to stop" };
        eprintln!("doorbell: {} {what} by {}", text::clean(&job.name), text::clean(by));
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
