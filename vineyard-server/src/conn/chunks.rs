//! Compressed bytes, or the news that this build has no compression.

#[cfg(feature = "zstd")]
pub(super) use vineyard_core::protocol::chunk::{Packer, Unpacker};

#[cfg(not(feature = "zstd"))]
mod without {
    use std::convert::Infallible;
    use std::io;

    /// Requests for compression are refused before one is needed.
    #[derive(Debug)]
    pub(crate) struct Packer(Infallible);

    impl Packer {
        pub(crate) fn new() -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(crate) fn pack(&mut self, _: &[u8], _: bool, _: &mut Vec<u8>) -> io::Result<()> {
            match self.0 {}
        }
    }

    #[derive(Debug)]
    pub(crate) struct Unpacker(Infallible);

    impl Unpacker {
        pub(crate) fn new() -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(crate) fn unpack_piece(&mut self, _: &mut &[u8]) -> io::Result<(&[u8], bool)> {
            match self.0 {}
        }
    }
}

#[cfg(not(feature = "zstd"))]
pub(super) use without::{Packer, Unpacker};
