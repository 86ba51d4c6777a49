//! Whose a connection from this machine is, by the kernel's tables of connections.

use std::{
    fs, io,
    net::{IpAddr, Ipv6Addr, SocketAddr},
};

/// Its columns are described in the kernel's `Documentation/networking/proc_net_tcp.rst`.
const TABLES: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];
/// The other end is open. One that is closing has no owner any more, and the table says 0 for it.
const ESTABLISHED: &str = "01";

/// The user whose connection goes from `theirs` to `ours`; `None` when there is no such connection (any more).
///
/// # Errors
/// The tables cannot be read.
pub(super) fn owner(theirs: SocketAddr, ours: SocketAddr) -> io::Result<Option<u32>> {
    for table in TABLES {
        match fs::read_to_string(table) {
            Ok(table) => {
                if let Some(owner) = table.lines().find_map(|line| owner_in(line, theirs, ours)) {
                    return Ok(Some(owner));
                }
            }
            // A machine without IPv6.
            Err(error) if error.kind() == io::ErrorKind::NotFound && table.ends_with('6') => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// The owner of the connection in this line, if it is the one.
fn owner_in(line: &str, theirs: SocketAddr, ours: SocketAddr) -> Option<u32> {
    let columns: Vec<&str> = line.split_whitespace().collect();
    let [_, local, remote, state, _, _, _, uid, ..] = columns[..] else { return None };
    let is_it = state == ESTABLISHED && address(local)? == theirs && address(remote)? == ours;
    is_it.then(|| uid.parse().ok())?
}

/// An address as the tables write it: 32 bits at a time, in this machine's order of bytes. One of IPv4 on a socket of IPv6 is the same.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let words: Option<Vec<[u8; 4]>> =
        ip.as_bytes().chunks(8).map(|word| Some(u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()?.to_ne_bytes())).collect();
    let ip = match words?.concat().as_slice() {
        [a, b, c, d] => IpAddr::from([*a, *b, *c, *d]),
        bytes => Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).to_canonical(),
    };
    Some(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use socket2::{Domain, Socket, Type};

    use super::*;

    #[test]
    fn a_connection_is_known_by_both_its_ends_while_it_is_open() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let here = listener.local_addr().unwrap();
        let stream = TcpStream::connect(here).unwrap();
        let (_accepted, theirs) = listener.accept().unwrap();
        let me = rustix::process::geteuid().as_raw();
        assert_eq!(owner(theirs, here).unwrap(), Some(me));
        assert_eq!(owner(here, theirs).unwrap(), Some(me));
        assert_eq!(owner(theirs, SocketAddr::new(here.ip(), 1)).unwrap(), None);
        drop(stream);
        assert_eq!(owner(theirs, here).unwrap(), None);
    }

    #[test]
    fn a_caller_by_an_ipv6_socket_is_known() {
        let Ok(socket) = Socket::new(Domain::IPV6, Type::STREAM, None) else { return eprintln!("not run: there is no IPv6") };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let here = listener.local_addr().unwrap();
        let mapped: SocketAddr = format!("[::ffff:127.0.0.1]:{}", here.port()).parse().unwrap();
        socket.set_only_v6(false).unwrap();
        socket.connect(&mapped.into()).unwrap();
        let (_accepted, theirs) = listener.accept().unwrap();
        assert_eq!(owner(theirs, here).unwrap(), Some(rustix::process::geteuid().as_raw()));
    }

    #[test]
    fn lines_that_say_nothing_are_passed_over() {
        let (theirs, ours) = ("127.0.0.1:1".parse().unwrap(), "127.0.0.1:2".parse().unwrap());
        let local = u32::from_ne_bytes([127, 0, 0, 1]);
        let line =
            |state, uid| format!("   3: {local:08X}:0001 {local:08X}:0002 {state} 00000000:00000000 00:00000000 00000000 {uid} 0 1 1");
        assert_eq!(owner_in(&line("01", "1000"), theirs, ours), Some(1000));
        assert_eq!(owner_in(&line("06", "0"), theirs, ours), None);
        assert_eq!(owner_in(&line("01", "-1"), theirs, ours), None);
        for line in [
            "",
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid",
            "1: 7F:1 7F:2 01 0 0 0 0",
            "1: x:y é:z 01 0 0 0 0",
        ] {
            assert_eq!(owner_in(line, theirs, ours), None, "{line}");
        }
    }
}
