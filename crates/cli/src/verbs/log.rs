//! `doorbell log JOB`

use std::io::{self, Write};

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
};

/// Show what a job printed
///
/// The first 64 KiB and the last 1 MiB are kept, as the command wrote them.
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

    /// Print the hub's answer: {"parts": [{"offset", "bytes"}…], "cuts"?: [{"offset", "length"}…], "end"}, with bytes in Base64
    #[arg(long, conflicts_with_all = ["follow", "lines"])]
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
            show(in_order(log), self.lines)?;
            if self.follow {
                follow(client, job, end).await?;
            }
            Ok(0)
        })
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
fn show(messages: Vec<LogMessage>, lines: Option<usize>) -> anyhow::Result<()> {
    let Some(lines) = lines else {
        return messages.into_iter().try_for_each(tell);
    };
    // Behind the last cut nothing is missing.
    let whole = messages.iter().rposition(|message| matches!(message, LogMessage::Cut(_))).map_or(0, |cut| cut + 1);
    let mut bytes = Vec::new();
    for message in &messages[whole..] {
        if let LogMessage::Part(part) = message {
            bytes.extend_from_slice(&part.bytes.0);
        }
    }
    let mut out = io::stdout().lock();
    out.write_all(last_lines(&bytes, lines))?;
    Ok(out.flush()?)
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
async fn follow(client: &Client, job: JobId, from: u64) -> anyhow::Result<()> {
    let mut follower = client.follow_log(job, from);
    let mut told = false;
    loop {
        match follower.next().await {
            Ok(LogMessage::End(_)) => return Ok(()),
            Ok(message) => {
                told = false;
                tell(message)?;
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

fn tell(message: LogMessage) -> anyhow::Result<()> {
    match message {
        LogMessage::Part(part) => {
            let mut out = io::stdout().lock();
            out.write_all(&part.bytes.0)?;
            out.flush()?;
        }
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
