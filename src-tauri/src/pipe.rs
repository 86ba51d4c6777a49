//! The pipe to the resident: this process's standard input and output, kept from everything else in it.

use std::{fs::File, io};

/// Both directions of the pipe.
pub(crate) struct Pipe {
    pub(crate) from_resident: File,
    pub(crate) to_resident: File,
}

/// Takes the pipe. Once, and before anything else runs.
///
/// What libraries print to standard output, and what web processes inherit, would get in between: from here
/// on standard input is empty, and standard output goes where standard error goes.
#[cfg(unix)]
pub(crate) fn take() -> io::Result<Pipe> {
    use std::os::fd::AsFd;

    let copy = |fd: std::os::fd::BorrowedFd<'_>| Ok::<_, io::Error>(File::from(fd.try_clone_to_owned()?));
    let pipe = Pipe { from_resident: copy(io::stdin().as_fd())?, to_resident: copy(io::stdout().as_fd())? };
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    rustix::stdio::dup2_stdout(io::stderr())?;
    Ok(pipe)
}

/// Takes the pipe. Web processes do not inherit it here.
#[cfg(windows)]
pub(crate) fn take() -> io::Result<Pipe> {
    use std::os::windows::io::{AsHandle, BorrowedHandle};

    let copy = |handle: BorrowedHandle<'_>| Ok::<_, io::Error>(File::from(handle.try_clone_to_owned()?));
    Ok(Pipe { from_resident: copy(io::stdin().as_handle())?, to_resident: copy(io::stdout().as_handle())? })
}
