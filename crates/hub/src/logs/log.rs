//! One log: bytes go to its end, and are read from anywhere.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use doorbell_private as private;
use doorbell_protocol::{
    limits::{LOG_HEAD_BYTES, LOG_PART_BYTES},
    log::{Base64, LogCut, LogEnd, LogMessage, LogPart},
};
use tokio::sync::watch;

use super::layout;

pub(crate) struct Log {
    folder: PathBuf,
    /// Held while somebody appends.
    turn: Mutex<()>,
    grown: watch::Sender<()>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum AppendError {
    /// The bytes between `expected` and the offset are missing.
    #[error("the log goes on at {expected}")]
    Gap { expected: u64 },
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Log {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, turn: Mutex::default(), grown: watch::Sender::new(()) }
    }

    /// Appends what of `bytes`, which begin at `offset`, is not there yet, and returns the log's end. Bytes that are there
    /// already stay as they are, so a chunk may be sent again.
    pub(crate) fn append(&self, offset: u64, bytes: &[u8]) -> Result<u64, AppendError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut end = self.end()?;
        let known = end.checked_sub(offset).ok_or(AppendError::Gap { expected: end })?;
        let mut new = usize::try_from(known).ok().and_then(|known| bytes.get(known..)).unwrap_or_default();
        if new.is_empty() {
            return Ok(end);
        }
        // A data folder that is gone is not made anew: nobody would find there what the hub keeps.
        for folder in self.folder.parent().into_iter().chain([self.folder.as_path()]) {
            private::folder::make_in_place(folder)?;
        }
        while !new.is_empty() {
            let segment = layout::segment(end);
            let room = usize::try_from(segment.end - end).unwrap_or(usize::MAX);
            let (fits, rest) = new.split_at(room.min(new.len()));
            self.create(segment.start)?.write_all(fits)?;
            end += fits.len() as u64;
            new = rest;
        }
        for start in self.segments()?.into_iter().filter(|start| layout::is_past(*start, end)) {
            fs::remove_file(self.path(start))?;
        }
        self.grown.send_replace(());
        Ok(end)
    }

    /// Refuses an offset that [`append`](Self::append) would refuse.
    pub(crate) fn check(&self, offset: u64) -> Result<(), AppendError> {
        let end = self.end()?;
        if offset > end { Err(AppendError::Gap { expected: end }) } else { Ok(()) }
    }

    /// Where the next chunk belongs.
    pub(crate) fn end(&self) -> io::Result<u64> {
        match self.segments()?.into_iter().max() {
            None => Ok(0),
            Some(start) => Ok(start + fs::metadata(self.path(start))?.len()),
        }
    }

    /// What comes at `offset`: bytes, a cut where they were not kept, or the log's end.
    pub(crate) fn read(&self, offset: u64) -> io::Result<LogMessage> {
        let end = self.end()?;
        if offset >= end {
            return Ok(LogMessage::End(LogEnd { end }));
        }
        let (segment, tail) = (layout::segment(offset), layout::tail_start(end));
        let is_kept = offset < LOG_HEAD_BYTES || offset >= tail;
        let bytes = if is_kept { self.bytes(segment.start, offset - segment.start)? } else { Vec::new() };
        if bytes.is_empty() {
            // Cut, or lost with the machine's power: what was never synced may be missing from a file.
            let resumes = if is_kept { segment.end } else { tail }.min(end);
            return Ok(LogMessage::Cut(LogCut { offset, length: resumes - offset }));
        }
        Ok(LogMessage::Part(LogPart { offset, bytes: Base64(bytes) }))
    }

    /// Sees every growth from now on.
    pub(super) fn growth(&self) -> watch::Receiver<()> {
        self.grown.subscribe()
    }

    /// At most [`LOG_PART_BYTES`] from a segment; none when they are not there.
    fn bytes(&self, segment: u64, skip: u64) -> io::Result<Vec<u8>> {
        let mut file = match private::file::open(&self.path(segment)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            file => file?,
        };
        file.seek(SeekFrom::Start(skip))?;
        let mut bytes = Vec::new();
        file.take(LOG_PART_BYTES as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The offsets at which the files begin.
    fn segments(&self) -> io::Result<Vec<u64>> {
        match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            entries => {
                let names = entries?.map(|entry| entry.map(|entry| entry.file_name())).collect::<io::Result<Vec<_>>>()?;
                Ok(names.iter().filter_map(|name| name.to_str()?.parse().ok()).collect())
            }
        }
    }

    fn create(&self, segment: u64) -> io::Result<File> {
        private::file::append(&self.path(segment))
    }

    fn path(&self, segment: u64) -> PathBuf {
        self.folder.join(segment.to_string())
    }
}

#[cfg(test)]
mod tests {
    use doorbell_protocol::limits::LOG_TAIL_BYTES;

    use super::*;

    fn log() -> (tempfile::TempDir, Log) {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::new(folder.path().join("logs/1"));
        (folder, log)
    }

    /// Bytes of a log that differ from their neighbours, so that a mistake of offset shows.
    fn printed(range: std::ops::Range<u64>) -> Vec<u8> {
        range.map(|n| u8::try_from(n * 7 % 251).unwrap()).collect()
    }

    fn fill(log: &Log, end: u64, chunk: usize) {
        let all = printed(0..end);
        let mut offset = 0;
        for chunk in all.chunks(chunk) {
            offset = log.append(offset, chunk).unwrap();
        }
        assert_eq!(offset, end);
    }

    /// The offset of some bytes, and the bytes.
    type Stretch = (u64, Vec<u8>);

    /// All that is kept from `offset` on, what is cut, and the end.
    fn read(log: &Log, mut offset: u64) -> (Vec<Stretch>, Vec<LogCut>, u64) {
        let (mut parts, mut cuts) = (Vec::<Stretch>::new(), Vec::new());
        loop {
            let message = log.read(offset).unwrap();
            offset = message.end();
            match message {
                LogMessage::Part(part) => match parts.last_mut() {
                    Some((start, bytes)) if *start + bytes.len() as u64 == part.offset => bytes.extend(part.bytes.0),
                    _ => parts.push((part.offset, part.bytes.0)),
                },
                LogMessage::Cut(cut) => cuts.push(cut),
                LogMessage::End(LogEnd { end }) => return (parts, cuts, end),
            }
        }
    }

    #[test]
    fn what_is_appended_is_read() {
        let (_folder, log) = log();
        assert_eq!(read(&log, 0), (vec![], vec![], 0));
        fill(&log, 200_000, 1_000);
        assert_eq!(read(&log, 0), (vec![(0, printed(0..200_000))], vec![], 200_000));
        assert_eq!(read(&log, 70_000).0, [(70_000, printed(70_000..200_000))]);
        assert_eq!(read(&log, 300_000), (vec![], vec![], 200_000));
    }

    #[test]
    fn a_chunk_that_comes_again_is_taken_once_and_a_gap_is_refused() {
        let (_folder, log) = log();
        assert_eq!(log.append(0, b"abcd").unwrap(), 4);
        assert_eq!(log.append(0, b"abcd").unwrap(), 4);
        assert_eq!(log.append(1, b"b").unwrap(), 4);
        assert_eq!(log.append(2, b"cdef").unwrap(), 6);
        assert!(matches!(log.append(7, b"h"), Err(AppendError::Gap { expected: 6 })));
        assert!(matches!(log.append(u64::MAX, b""), Err(AppendError::Gap { expected: 6 })));
        assert_eq!(log.append(6, b"").unwrap(), 6);
        assert_eq!(read(&log, 0).0, [(0, b"abcdef".to_vec())]);
    }

    #[test]
    fn the_middle_of_a_long_log_is_cut_and_said_to_be() {
        let (folder, log) = log();
        let end = 5_000_000;
        fill(&log, end, 100_000);
        let tail = end - LOG_TAIL_BYTES;
        let cut = LogCut { offset: LOG_HEAD_BYTES, length: tail - LOG_HEAD_BYTES };
        let kept = vec![(0, printed(0..LOG_HEAD_BYTES)), (tail, printed(tail..end))];
        assert_eq!(read(&log, 0), (kept, vec![cut], end));
        assert_eq!(read(&log, 1_000_000).1, [LogCut { offset: 1_000_000, length: tail - 1_000_000 }]);
        let files = fs::read_dir(folder.path().join("logs/1")).unwrap();
        let on_disk: u64 = files.map(|file| file.unwrap().metadata().unwrap().len()).sum();
        assert!(on_disk <= LOG_HEAD_BYTES + LOG_TAIL_BYTES + 256 * 1024, "{on_disk}");
    }

    #[test]
    fn what_a_power_cut_took_from_a_file_is_said_to_be_cut() {
        let (folder, log) = log();
        fill(&log, 400_000, 50_000);
        let path = |segment: u64| folder.path().join(format!("logs/1/{segment}"));
        File::options().write(true).open(path(LOG_HEAD_BYTES)).unwrap().set_len(1_000).unwrap();
        fs::remove_file(path(0)).unwrap();
        let resumes = LOG_HEAD_BYTES + 256 * 1024;
        let (parts, cuts, end) = read(&log, 0);
        let first = (LOG_HEAD_BYTES, printed(LOG_HEAD_BYTES..LOG_HEAD_BYTES + 1_000));
        assert_eq!((parts, end), (vec![first, (resumes, printed(resumes..400_000))], 400_000));
        let lost = LogCut { offset: LOG_HEAD_BYTES + 1_000, length: 256 * 1024 - 1_000 };
        assert_eq!(cuts, [LogCut { offset: 0, length: LOG_HEAD_BYTES }, lost]);
        assert_eq!(log.append(400_000, b"x").unwrap(), 400_001);
    }

    #[test]
    fn many_who_append_the_same_append_it_once() {
        let (_folder, log) = log();
        let all = printed(0..300_000);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for (n, chunk) in all.chunks(10_000).enumerate() {
                        log.append(n as u64 * 10_000, chunk).unwrap();
                    }
                });
            }
        });
        assert_eq!(read(&log, 0), (vec![(0, all)], vec![], 300_000));
    }
}
