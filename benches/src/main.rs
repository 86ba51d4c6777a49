//! What Doorbell costs: memory, time and processor, of the programs as they are shipped, seen from the outside.
//!
//! Figures of one run belong together: everything, nginx with nchan among it, shares the machine with the same load
//! client. Nothing here is asserted; `docs/performance.md` says what was seen and what is aimed at.
//!
//! # Layout
//! - one file a measure: [`empty`], [`audience`] (many who listen), [`progress`], [`starts`], [`history`], [`commands`] (what is
//!   waited for at a prompt), [`idle`],
//!   [`wrapper`] (what `doorbell run` costs a command), [`desktop`] (the app while nobody looks, and its panel)
//! - who is measured: [`doorbell`], [`nchan`] · [`process`]: what the kernel says about them · [`mapped`]: when a window is there
//! - the load client: [`crowd`] (sockets that listen), [`callers`] (sockets that ask), [`call`] (one request, one answer)
//! - [`report`]: the table and the file

#[cfg(target_os = "linux")]
mod audience;
#[cfg(target_os = "linux")]
mod call;
#[cfg(target_os = "linux")]
mod callers;
#[cfg(target_os = "linux")]
mod commands;
#[cfg(target_os = "linux")]
mod crowd;
#[cfg(target_os = "linux")]
mod desktop;
#[cfg(target_os = "linux")]
mod doorbell;
#[cfg(target_os = "linux")]
mod empty;
#[cfg(target_os = "linux")]
mod history;
#[cfg(target_os = "linux")]
mod idle;
#[cfg(target_os = "linux")]
mod mapped;
#[cfg(target_os = "linux")]
mod nchan;
#[cfg(target_os = "linux")]
mod process;
#[cfg(target_os = "linux")]
mod progress;
#[cfg(target_os = "linux")]
mod report;
#[cfg(target_os = "linux")]
mod starts;
#[cfg(target_os = "linux")]
mod wrapper;

#[cfg(target_os = "linux")]
fn main() -> anyhow::Result<()> {
    use anyhow::{Context, bail};

    let mut args = std::env::args_os().skip(1);
    let (Some(program), Some(folder)) = (args.next(), args.next()) else {
        bail!("usage: doorbell-bench <doorbell program> <folder for the results> [measure…]; or: cargo xtask bench")
    };
    let chosen: Vec<String> = args.map(|name| name.to_string_lossy().into_owned()).collect();
    let folder = std::path::PathBuf::from(folder);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    process::raise_open_files(audience::LISTENERS + 1_000)?;

    let place = doorbell::Place { program: program.into(), folder: folder.clone() };
    let mut report = report::Report::default();
    let measures: [(&str, Measure); 9] = [
        ("empty", empty::measure),
        ("audience", audience::measure),
        ("progress", progress::measure),
        ("starts", starts::measure),
        ("history", history::measure),
        ("commands", commands::measure),
        ("idle", idle::measure),
        ("wrapper", wrapper::measure),
        ("desktop", desktop::measure),
    ];
    for (name, measure) in measures {
        if chosen.is_empty() || chosen.iter().any(|chosen| chosen == name) {
            eprintln!("measuring: {name}");
            measure(&place, &mut report).with_context(|| format!("the measure \"{name}\" failed"))?;
        }
    }
    print!("{report}");
    report.write(&folder.join("report.json"))
}

#[cfg(target_os = "linux")]
type Measure = fn(&doorbell::Place, &mut report::Report) -> anyhow::Result<()>;

#[cfg(not(target_os = "linux"))]
fn main() -> anyhow::Result<()> {
    anyhow::bail!("the measures read /proc, which only Linux has")
}
