//! The process that is killed.

use std::error::Error;
use std::path::Path;

use vineyard_core::protocol::{DelDataRequest, GetBuffersRequest, IdList, SliceBuffersRequest};
use vineyard_core::{Client, ObjectId, StreamWriter};

use crate::checked::Checked;
use crate::console::{say, wait};
use crate::random::Random;
use crate::raw::StockClient;

type Done<T = ()> = Result<T, Box<dyn Error>>;

/// Something a client does, and dies.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// What it is.
    pub name: &'static str,
    /// Says a line when the time has come, and goes on or waits.
    run: fn(&mut Victim<'_>) -> Done,
}

/// All steps but those with a disk.
pub const STEPS: &[Step] = &[
    Step { name: "put: allocated", run: allocated },
    Step { name: "put: half written", run: half_written },
    Step { name: "put: sealed", run: sealed },
    Step { name: "put: before create", run: before_create },
    Step { name: "put: sliced", run: sliced },
    Step { name: "put: after create", run: created },
    Step { name: "put: at any moment", run: |victim| victim.put_for_ever(8) },
    Step { name: "get: viewing", run: viewing },
    Step { name: "get: viewing what is deleted", run: viewing_deleted },
    Step { name: "get: at any moment", run: get_for_ever },
    Step { name: "delete: sent", run: delete_sent },
    Step { name: "delete: at any moment", run: delete_for_ever },
    Step { name: "stream: chunk handed out", run: chunk_handed_out },
    Step { name: "stream: chunk half written", run: chunk_half_written },
    Step { name: "stream: chunks pushed", run: chunks_pushed },
    Step { name: "stream: chunk being read", run: chunk_read },
    Step { name: "stream: at any moment", run: stream_for_ever },
    Step { name: "stock: allocated", run: stock_allocated },
    Step { name: "stock: sealed", run: stock_sealed },
    Step { name: "stock: viewing", run: stock_viewing },
];

/// Steps for a server with less memory than the objects need, and a disk.
pub const SPILL_STEPS: &[Step] = &[
    Step { name: "disk: put at any moment", run: |victim| victim.put_for_ever(48) },
    Step { name: "disk: get at any moment", run: disk_get_for_ever },
    Step { name: "disk: viewing", run: disk_viewing },
];

struct Victim<'a> {
    socket: &'a Path,
    client: Client,
    random: Random,
}

/// Does what the named step does. It ends when nobody kills this process and standard input ends.
///
/// # Errors
///
/// Whatever goes wrong, and if there is no such step.
pub fn suffer(name: &str, socket: &Path, seed: u64) -> Done {
    let step = STEPS.iter().chain(SPILL_STEPS).find(|step| step.name == name);
    let step = step.ok_or_else(|| format!("there is no step `{name}`"))?;
    let mut victim = Victim { socket, client: Client::connect(socket)?, random: Random::new(seed) };
    (step.run)(&mut victim)
}

/// This is the moment.
fn now() -> Done {
    say("now")?;
    wait()
}

impl Victim<'_> {
    fn object(&mut self) -> Checked {
        let len = 1 << self.random.below(14);
        Checked::new(self.random.number(), 1 + len + self.random.below(len))
    }

    fn put(&mut self) -> Done<ObjectId> {
        let object = self.object();
        Ok(self.client.put(&object)?)
    }

    fn put_large(&mut self) -> Done<ObjectId> {
        let object = Checked::new(self.random.number(), 10_000 + self.random.below(10_000));
        Ok(self.client.put(&object)?)
    }

    fn size(&mut self) -> usize {
        1 + self.random.below(100_000)
    }

    fn stock(&self) -> Done<StockClient> {
        Ok(StockClient::connect(self.socket)?)
    }

    /// A stream that goes by the id of an object.
    fn stream(&mut self) -> Done<StreamWriter> {
        let id = self.put()?;
        self.client.create_stream(id)?;
        Ok(self.client.write_stream(id)?)
    }

    /// Puts objects of which as many as `count` are there at a time.
    fn put_for_ever(&mut self, count: usize) -> Done {
        let large = count > 8;
        let mut ids = Vec::new();
        loop {
            ids.push(if large { self.put_large()? } else { self.put()? });
            if ids.len() == count {
                self.client.delete(ids.remove(0))?;
            } else if ids.len() == count / 2 {
                say("now")?;
            }
        }
    }
}

fn allocated(victim: &mut Victim<'_>) -> Done {
    let size = victim.size();
    let _writer = victim.client.create_blob(size)?;
    now()
}

fn half_written(victim: &mut Victim<'_>) -> Done {
    let size = victim.size();
    let mut writer = victim.client.create_blob(size)?;
    writer.as_mut_slice().iter_mut().take(size / 2).for_each(|byte| *byte = 0xAB);
    now()
}

fn sealed(victim: &mut Victim<'_>) -> Done {
    let size = victim.size();
    let _array = victim.client.put_array(&vec![1u8; size])?;
    now()
}

fn before_create(victim: &mut Victim<'_>) -> Done {
    let mut object = victim.object();
    object.head = victim.client.put_array(&object.head)?;
    object.tail.words = victim.client.put_array(&object.tail.words)?;
    now()?;
    victim.client.put(&object)?;
    Ok(())
}

/// The slices are all that is left of the blobs.
fn sliced(victim: &mut Victim<'_>) -> Done {
    let id = victim.put()?;
    let whole = victim.client.get::<Checked>(id)?;
    let (blob, bytes) = (whole.tail.words.blob().id().ok_or("not stored")?, whole.tail.words.nbytes() as u64);
    let request = SliceBuffersRequest { ids: vec![blob; 2], offsets: vec![0, 8], sizes: vec![bytes, 1] };
    let mut native = StockClient::connect_native(victim.socket)?;
    native.call(&request)?;
    drop(whole);
    victim.client.delete(id)?;
    now()
}

fn created(victim: &mut Victim<'_>) -> Done {
    victim.put()?;
    now()
}

fn viewing(victim: &mut Victim<'_>) -> Done {
    let id = victim.put()?;
    let _view = victim.client.get::<Checked>(id)?;
    now()
}

fn viewing_deleted(victim: &mut Victim<'_>) -> Done {
    let id = victim.put()?;
    let _view = victim.client.get::<Checked>(id)?;
    victim.client.delete(id)?;
    now()
}

fn get_for_ever(victim: &mut Victim<'_>) -> Done {
    let id = victim.put()?;
    say("now")?;
    loop {
        victim.client.get::<Checked>(id)?;
    }
}

fn delete_sent(victim: &mut Victim<'_>) -> Done {
    let ids = vec![victim.put()?];
    let request = DelDataRequest { ids, force: false, deep: true, memory_trim: false, fastpath: false };
    let mut stock = victim.stock()?;
    stock.send(&request)?;
    now()
}

fn delete_for_ever(victim: &mut Victim<'_>) -> Done {
    say("now")?;
    loop {
        let id = victim.put()?;
        victim.client.delete(id)?;
    }
}

fn chunk_handed_out(victim: &mut Victim<'_>) -> Done {
    let size = victim.size();
    let mut writer = victim.stream()?;
    writer.next_chunk(size)?;
    now()
}

fn chunk_half_written(victim: &mut Victim<'_>) -> Done {
    let size = victim.size();
    let mut writer = victim.stream()?;
    writer.next_chunk(size)?.iter_mut().take(size / 2).for_each(|byte| *byte = 1);
    now()
}

fn chunks_pushed(victim: &mut Victim<'_>) -> Done {
    let mut writer = victim.stream()?;
    for _ in 0..3 {
        writer.next_chunk(victim.size())?.fill(1);
        let object = victim.put()?;
        writer.push(object)?;
    }
    now()
}

fn chunk_read(victim: &mut Victim<'_>) -> Done {
    let mut writer = victim.stream()?;
    for _ in 0..3 {
        writer.next_chunk(victim.size())?.fill(1);
    }
    let mut reader = victim.client.read_stream(writer.id())?;
    let _chunk = reader.next().ok_or("no chunk")??;
    now()
}

fn stream_for_ever(victim: &mut Victim<'_>) -> Done {
    let mut writer = victim.stream()?;
    let mut reader = victim.client.read_stream(writer.id())?;
    writer.next_chunk(victim.size())?.fill(1);
    say("now")?;
    loop {
        writer.next_chunk(victim.size())?.fill(1);
        reader.next().ok_or("no chunk")??;
    }
}

fn stock_allocated(victim: &mut Victim<'_>) -> Done {
    let size = victim.size();
    victim.stock()?.create(size as u64)?;
    let mut stock = victim.stock()?;
    stock.create(size as u64)?;
    now()
}

/// Says which blob stays.
fn stock_sealed(victim: &mut Victim<'_>) -> Done {
    let size = victim.size();
    let mut stock = victim.stock()?;
    let id = stock.create(size as u64)?;
    stock.seal(id)?;
    say(format_args!("{id} {size}"))?;
    wait()
}

fn stock_viewing(victim: &mut Victim<'_>) -> Done {
    let id = victim.put()?;
    let view = victim.client.get::<Checked>(id)?;
    let ids: Vec<ObjectId> = [view.head.blob(), view.tail.words.blob()].iter().filter_map(|blob| blob.id()).collect();
    let mut stock = victim.stock()?;
    stock.send(&GetBuffersRequest { ids: IdList::Listed(ids), unsealed: false })?;
    victim.client.delete(id)?;
    now()
}

fn put_many(victim: &mut Victim<'_>) -> Done<Vec<ObjectId>> {
    (0..48).map(|_| victim.put_large()).collect()
}

fn disk_get_for_ever(victim: &mut Victim<'_>) -> Done {
    let ids = put_many(victim)?;
    say("now")?;
    loop {
        if let Some(id) = ids.get(victim.random.below(ids.len())) {
            victim.client.get::<Checked>(*id)?;
        }
    }
}

fn disk_viewing(victim: &mut Victim<'_>) -> Done {
    let ids = put_many(victim)?;
    let views = ids.iter().take(4).map(|id| victim.client.get::<Checked>(*id)).collect::<Result<Vec<_>, _>>()?;
    for id in ids.iter().take(2) {
        victim.client.delete(*id)?;
    }
    now()?;
    drop(views);
    Ok(())
}
