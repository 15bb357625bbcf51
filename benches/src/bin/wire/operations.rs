//! What is measured: the operations, one line each.

use vineyard_benches::Done;

use crate::client::Client;
use crate::stage::{KEPT_NAME, Stage};

pub(crate) const SMALL: usize = 64;
pub(crate) const MIB: usize = 1 << 20;
pub(crate) const LARGE: usize = 256 * MIB;

/// Which results belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// One request and its reply over the UNIX socket.
    Request,
    /// Several requests over the UNIX socket.
    Several,
    /// One request and its reply over TCP.
    TcpRequest,
    /// Payloads over TCP.
    Remote,
    /// Over the UNIX socket, with many objects in the server.
    Populated,
}

impl Family {
    pub(crate) fn is_tcp(self) -> bool {
        matches!(self, Self::TcpRequest | Self::Remote)
    }
}

/// What each run uses up, made outside of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Uses {
    /// Nothing: runs leave all as it was.
    Nothing,
    /// A blob that is not sealed.
    Unsealed,
    /// A blob that is sealed.
    Sealed,
    /// A tensor.
    Tensor,
}

/// One operation.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) family: Family,
    /// Bytes of the tensor that is there, and of what is put.
    pub(crate) bytes: usize,
    pub(crate) uses: Uses,
    /// How often it is timed with each server.
    pub(crate) times: usize,
    pub(crate) run: fn(&mut Client, &mut Stage) -> Done,
}

/// As often as most are timed.
const OFTEN: usize = 2000;

const fn request(name: &'static str, uses: Uses, run: fn(&mut Client, &mut Stage) -> Done) -> Operation {
    Operation { name, family: Family::Request, bytes: SMALL, uses, times: OFTEN, run }
}

const fn tcp(name: &'static str, uses: Uses, run: fn(&mut Client, &mut Stage) -> Done) -> Operation {
    Operation { family: Family::TcpRequest, ..request(name, uses, run) }
}

const fn remote(name: &'static str, bytes: usize, times: usize, run: fn(&mut Client, &mut Stage) -> Done) -> Operation {
    Operation { name, family: Family::Remote, bytes, uses: Uses::Nothing, times, run }
}

/// The operations, in the order of the table.
pub(crate) const OPERATIONS: &[Operation] = &[
    request("exists", Uses::Nothing, |client, stage| client.exists(stage.tensor)),
    request("get_data", Uses::Nothing, |client, stage| client.get_data(stage.tensor, false).map(drop)),
    request("get_data, sync_remote", Uses::Nothing, |client, stage| client.get_data(stage.tensor, true).map(drop)),
    request("get_buffers", Uses::Nothing, |client, stage| client.get_buffers(stage.blob).map(drop)),
    request("create_buffer 64 B", Uses::Nothing, |client, stage| {
        stage.made.push(client.create(SMALL)?.0);
        Ok(())
    }),
    request("seal", Uses::Unsealed, |client, stage| {
        let blob = stage.next()?;
        stage.made.push(blob);
        client.seal(blob)
    }),
    request("create_data", Uses::Sealed, |client, stage| {
        let blob = stage.next()?;
        stage.made.push(client.create_data(blob, SMALL)?);
        Ok(())
    }),
    request("del_data of a tensor", Uses::Tensor, |client, stage| client.delete(&[stage.next()?])),
    request("put_name", Uses::Nothing, |client, stage| client.put_name(stage.tensor, KEPT_NAME)),
    request("get_name", Uses::Nothing, |client, _| client.get_name(KEPT_NAME)),
    Operation {
        family: Family::Several,
        ..request("create and seal 64 B", Uses::Nothing, |client, stage| {
            let blob = client.create(SMALL)?.0;
            stage.made.push(blob);
            client.seal(blob)
        })
    },
    Operation {
        family: Family::Several,
        ..request("get a tensor", Uses::Nothing, |client, stage| client.get(stage.tensor).map(drop))
    },
    Operation { family: Family::Several, ..request("put a tensor of 64 B", Uses::Nothing, put) },
    Operation {
        family: Family::Several,
        bytes: MIB,
        times: 300,
        ..request("put a tensor of 1 MiB", Uses::Nothing, put)
    },
    tcp("exists", Uses::Nothing, |client, stage| client.exists(stage.tensor)),
    tcp("get_data", Uses::Nothing, |client, stage| client.get_data(stage.tensor, false).map(drop)),
    tcp("get_data, sync_remote", Uses::Nothing, |client, stage| client.get_data(stage.tensor, true).map(drop)),
    tcp("create_data", Uses::Sealed, |client, stage| {
        let blob = stage.next()?;
        stage.made.push(client.create_data(blob, SMALL)?);
        Ok(())
    }),
    tcp("del_data of a tensor", Uses::Tensor, |client, stage| client.delete(&[stage.next()?])),
    tcp("put_name", Uses::Nothing, |client, stage| client.put_name(stage.tensor, KEPT_NAME)),
    tcp("get_name", Uses::Nothing, |client, _| client.get_name(KEPT_NAME)),
    remote("put 64 B", SMALL, OFTEN, put_plain),
    remote("get 64 B", SMALL, OFTEN, get_plain),
    remote("put 64 B, compressed", SMALL, OFTEN, put_compressed),
    remote("get 64 B, compressed", SMALL, OFTEN, get_compressed),
    remote("put 1 MiB", MIB, 200, put_plain),
    remote("get 1 MiB", MIB, 200, get_plain),
    remote("put 1 MiB, compressed", MIB, 100, put_compressed),
    remote("get 1 MiB, compressed", MIB, 100, get_compressed),
    remote("put 256 MiB", LARGE, 6, put_plain),
    remote("get 256 MiB", LARGE, 6, get_plain),
    remote("put 256 MiB, compressed", LARGE, 3, put_compressed),
    remote("get 256 MiB, compressed", LARGE, 3, get_compressed),
    Operation { times: 300, ..populated("list_data, 100", |client, _| client.list(100)) },
    Operation { times: 300, ..populated("list_names, 100", |client, _| client.list_names(100)) },
    populated("get any tensor", |client, stage| client.get(stage.any()?).map(drop)),
    populated("put a tensor of 64 B", put),
];

const fn populated(name: &'static str, run: fn(&mut Client, &mut Stage) -> Done) -> Operation {
    Operation { family: Family::Populated, ..request(name, Uses::Nothing, run) }
}

fn put(client: &mut Client, stage: &mut Stage) -> Done {
    let id = client.put(&stage.payload)?;
    stage.made.push(id);
    Ok(())
}

fn put_plain(client: &mut Client, stage: &mut Stage) -> Done {
    let id = client.put_remote(stage.payload.len(), &stage.payload, false)?;
    stage.made.push(id);
    Ok(())
}

fn put_compressed(client: &mut Client, stage: &mut Stage) -> Done {
    let id = client.put_remote(stage.payload.len(), &stage.packed, true)?;
    stage.made.push(id);
    Ok(())
}

fn get_plain(client: &mut Client, stage: &mut Stage) -> Done {
    client.get_remote(stage.blob, false)
}

fn get_compressed(client: &mut Client, stage: &mut Stage) -> Done {
    client.get_remote(stage.blob, true)
}
