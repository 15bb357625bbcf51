//! Who writes to an arena, and to whom it may be given. Pure.

use super::super::lease::ConnectionId;

/// Who writes the bytes of an allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Writer {
    /// The server itself: bytes that come through a connection, or that it moves.
    Server,
    /// A connection, through a mapping of its own.
    Client {
        /// The connection.
        connection: ConnectionId,
        /// The user at its other end.
        uid: u32,
    },
}

/// Whose arena it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// Prepared for the first who needs one: no descriptor of it has left the server.
    Nobody,
    /// Who writes to it. Of an arena of the server, nobody was ever given a writable descriptor.
    Writer(Writer),
    /// A connection of this user that has ended. Its processes may still have the arena mapped, writable.
    Gone {
        /// The user.
        uid: u32,
    },
}

impl Owner {
    /// Whether an arena that holds no allocation may be given to `writer`: nobody but the user who can write to it
    /// already ever writes to it.
    pub(super) fn may_become(self, writer: Writer) -> bool {
        match (self, writer) {
            (Self::Nobody, _) => true,
            (Self::Gone { uid: before }, Writer::Client { uid, .. }) => before == uid,
            (Self::Gone { .. } | Self::Writer(_), _) => false,
        }
    }

    /// Whether its writer has ended.
    pub(super) fn is_gone(self) -> bool {
        matches!(self, Self::Gone { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arena_is_given_on_within_a_user_only() {
        let client = |number, uid| Writer::Client { connection: ConnectionId(number), uid };
        assert!(Owner::Gone { uid: 7 }.may_become(client(2, 7)));
        assert!(!Owner::Gone { uid: 7 }.may_become(client(2, 8)));
        assert!(!Owner::Gone { uid: 0 }.may_become(Writer::Server), "its former writer could change what lies there");
        for writer in [client(2, 7), client(1, 7), Writer::Server] {
            assert!(!Owner::Writer(client(1, 7)).may_become(writer), "its writer is there");
            assert!(!Owner::Writer(Writer::Server).may_become(writer));
            assert!(Owner::Nobody.may_become(writer), "nobody has seen it");
        }
    }
}
