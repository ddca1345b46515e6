//! Ways by sockets: a process has the one to its hub, and gets no other.

use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};
use std::path::Path;

use super::attempts::{Attempt, open, privileged, raw};

pub(super) const WAYS: &[Attempt] = &[
    open("connect by TCP", |to| TcpStream::connect(("127.0.0.1", to.port)).map(drop)),
    open("listen by TCP", |_| TcpListener::bind("127.0.0.1:0").map(drop)),
    open("send by UDP", |to| {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.send_to(b"out", ("127.0.0.1", to.port)).map(drop)
    }),
    open("connect to main's socket", |to| {
        UnixStream::connect(Path::new(&to.folder).join("hub")).map(drop)
    }),
    open("connect to an abstract socket", |to| {
        let name = SocketAddr::from_abstract_name(&to.name)?;
        UnixStream::connect_addr(&name).map(drop)
    }),
    open("listen on a path", |to| {
        UnixListener::bind(Path::new(&to.folder).join("listening")).map(drop)
    }),
    open("send datagrams", |_| UnixDatagram::unbound().map(drop)),
    open("talk to the kernel by netlink", |_| {
        raw(libc::SYS_socket, [libc::AF_NETLINK.into(), libc::SOCK_RAW.into(), 0]).map(drop)
    }),
    privileged("send raw packets", |_| {
        let kind = libc::SOCK_RAW.into();
        raw(libc::SYS_socket, [libc::AF_INET.into(), kind, libc::IPPROTO_ICMP.into()]).map(drop)
    }),
    open("filter what its socket receives", |_| {
        let option = [0, libc::SOL_SOCKET.into(), libc::SO_ATTACH_FILTER.into(), 0, 0];
        raw(libc::SYS_setsockopt, option).map(drop)
    }),
];
