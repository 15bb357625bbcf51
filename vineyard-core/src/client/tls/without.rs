//! Builds without TLS have no connection of this kind.

use std::io;
use std::net::TcpStream;

/// There is none.
#[derive(Debug, Clone)]
pub(in crate::client) enum Connector {}

/// There is none.
#[derive(Debug)]
pub(in crate::client) enum TlsStream {}

impl Connector {
    pub(in crate::client) fn connect(&self, _: TcpStream, _: &str) -> io::Result<TlsStream> {
        match *self {}
    }
}

impl TlsStream {
    pub(in crate::client) fn tcp(&self) -> &TcpStream {
        match *self {}
    }

    pub(in crate::client) fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        match *self {}
    }

    pub(in crate::client) fn receive(&mut self) -> io::Result<&[u8]> {
        match *self {}
    }

    pub(in crate::client) fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        match *self {}
    }

    pub(in crate::client) fn write_some(&mut self, _: &[u8]) -> usize {
        match *self {}
    }
}
