//! The fast way for much output at once, from pipe to pipe: the kernel gives the same pages to our reader,
//! and we copy them only to read them ourselves. Only Linux has such a call.

#[cfg(target_os = "linux")]
pub(super) use linux::Bulk;

/// Nothing can go this way where there is no such call.
#[cfg(not(target_os = "linux"))]
#[derive(Debug, Default)]
pub(super) enum Bulk {
    #[default]
    Impossible,
}

#[cfg(not(target_os = "linux"))]
impl Bulk {
    pub(super) fn write(&mut self, _: &std::fs::File, _: &std::fs::File, _: usize) -> Option<usize> {
        None
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::File;

    use rustix::{
        io::{Errno, ioctl_fionread},
        pipe::{SpliceFlags, fcntl_getpipe_size, fcntl_setpipe_size, tee},
    };

    /// Less than this is read and written in the usual way. A pipe counts its pages, however little of each
    /// is used, so in small pieces our reader's pipe would hold less than if the command wrote to it
    /// directly.
    const MUCH: u64 = 32 * 1024;
    /// Size of a pipe that has carried much, so that the three programs wait less for each other. A user may
    /// have 64 MiB in pipes, so it is not the most that is allowed.
    const WIDE: usize = 256 * 1024;

    /// Whether a stream can go this way.
    #[derive(Debug, Default, Eq, PartialEq)]
    pub(in super::super) enum Bulk {
        /// Nothing has been tried.
        #[default]
        Unknown,
        /// It has worked.
        Possible,
        /// One of the two is no pipe, or must not be waited for.
        Impossible,
    }

    impl Bulk {
        /// When much is in `from`, writes at most `most` bytes of it to `to`; they stay in `from`, to be read
        /// there. `None` when nothing was written: then the bytes have to be read and written in the usual
        /// way.
        pub(in super::super) fn write(&mut self, from: &File, to: &File, most: usize) -> Option<usize> {
            if *self == Self::Impossible || ioctl_fionread(from).ok()? < MUCH {
                return None;
            }
            match tee(from, to, most, SpliceFlags::empty()) {
                Ok(0) | Err(Errno::INTR) => None,
                Ok(size) => {
                    if *self == Self::Unknown {
                        *self = Self::Possible;
                        widen(from);
                        widen(to);
                    }
                    Some(size)
                }
                Err(_) => {
                    *self = Self::Impossible;
                    None
                }
            }
        }
    }

    /// Makes a pipe larger. One that cannot be, because its owner has too much in pipes already, stays as it
    /// is.
    fn widen(pipe: &File) {
        if fcntl_getpipe_size(pipe).is_ok_and(|size| size < WIDE) {
            let _ = fcntl_setpipe_size(pipe, WIDE);
        }
    }

    #[cfg(test)]
    mod tests {
        use std::{
            io::{self, Read, Write},
            os::fd::OwnedFd,
        };

        use rustix::fs::{OFlags, fcntl_setfl};

        use super::*;

        fn pipe() -> (File, File) {
            let (reader, writer) = io::pipe().unwrap();
            (OwnedFd::from(reader).into(), OwnedFd::from(writer).into())
        }

        fn numbers() -> Vec<u8> {
            (0..60_000_u32).map(|i| u8::try_from(i % 251).unwrap()).collect()
        }

        #[test]
        fn much_is_written_and_stays_to_be_looked_at() {
            let ((mut from, mut command), (mut reader, to)) = (pipe(), pipe());
            command.write_all(&numbers()).unwrap();
            let mut bulk = Bulk::default();
            assert_eq!(bulk.write(&from, &to, 50_000), Some(50_000));
            drop((command, to));
            let (mut read, mut seen) = (Vec::new(), Vec::new());
            reader.read_to_end(&mut read).unwrap();
            from.read_to_end(&mut seen).unwrap();
            assert!(read == numbers()[..50_000] && seen == numbers());
        }

        #[test]
        fn little_is_left_to_be_read_and_written() {
            let ((from, mut command), (_reader, to)) = (pipe(), pipe());
            command.write_all(b"a line\n").unwrap();
            let mut bulk = Bulk::default();
            assert_eq!((bulk.write(&from, &to, 64 * 1024), bulk), (None, Bulk::Unknown));
        }

        #[test]
        fn what_is_no_pipe_or_takes_no_more_gets_nothing() {
            let ((from, mut command), (_reader, mut full)) = (pipe(), pipe());
            command.write_all(&numbers()).unwrap();
            fcntl_setfl(&full, OFlags::NONBLOCK).unwrap();
            while full.write(&[0; 4096]).is_ok() {}
            let mut file = tempfile::tempfile().unwrap();
            for to in [&full, &file] {
                let mut bulk = Bulk::default();
                assert_eq!((bulk.write(&from, to, 64 * 1024), bulk), (None, Bulk::Impossible));
            }
            assert_eq!(file.read_to_end(&mut Vec::new()).unwrap(), 0);
            assert_eq!(ioctl_fionread(&from).unwrap(), 60_000);
        }
    }
}
