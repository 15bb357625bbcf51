//! A server under which clients are killed.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use vineyard_core::{Client, ObjectId};

use super::victim::Step;
use crate::checked::Checked;
use crate::peer::Peer;
use crate::random::Random;

type Done<T = ()> = Result<T, Box<dyn Error>>;

/// Bounds what never happens.
const WATCHDOG: Duration = Duration::from_secs(60);

/// How often to look whether memory is given back, where it need not be.
const LOOKS: usize = 100;

/// What the killed clients of one kind have left behind.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Aftermath {
    /// Clients that were killed.
    pub rounds: u64,
    /// Bytes that stayed in use after everything had been deleted that is known to be there.
    pub left: u64,
    /// Objects with members, blobs or bytes missing, and members without their object.
    pub broken: u64,
}

/// A server, somebody who looks at it, and what was in use before.
#[derive(Debug)]
pub struct Ground {
    program: &'static str,
    socket: PathBuf,
    client: Client,
    baseline: u64,
    /// Whether everything is to be given back; if not, it is only counted.
    strict: bool,
    /// Whether all objects are in memory.
    in_memory: bool,
}

impl Ground {
    /// Kills clients of the server at `socket`; `program` is the path of the `peer` binary. If it is `strict`, what is
    /// not given back is an error.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached.
    pub fn new(program: &'static str, socket: &Path, strict: bool, in_memory: bool) -> Done<Self> {
        let client = Client::connect(socket)?;
        let baseline = client.instance_status()?.memory_usage;
        Ok(Self { program, socket: socket.to_owned(), client, baseline, strict, in_memory })
    }

    /// One round of a step, added to what others have left.
    ///
    /// # Errors
    ///
    /// If the server does not get over it, as far as that is asked for.
    pub fn round(&mut self, step: Step, seed: u64, aftermath: &mut Aftermath) -> Done {
        let connections = self.client.instance_status()?.ipc_connections;
        let mut peer = Peer::start(self.program, "suffer", &self.socket, &[step.name, &seed.to_string()]);
        let said = peer.line();
        spin(seed);
        peer.kill();
        self.wait_for("its connections to end", |client| Ok(client.instance_status()?.ipc_connections == connections))?;
        aftermath.rounds += 1;
        aftermath.broken += self.clean(&said)?;
        if self.strict {
            let baseline = self.baseline;
            self.wait_for("its memory to be given back", |client| {
                Ok(client.instance_status()?.memory_usage == baseline)
            })?;
        }
        let mut used = self.client.instance_status()?.memory_usage;
        for _ in 0..LOOKS {
            if used == self.baseline {
                break;
            }
            used = self.client.instance_status()?.memory_usage;
        }
        aftermath.left += used.saturating_sub(self.baseline);
        self.baseline = used;
        Ok(())
    }

    /// Looks at what is there and deletes it. Gives how many objects are not whole.
    fn clean(&self, said: &str) -> Done<u64> {
        let mut broken = 0;
        for meta in self.client.list("test::Checked", usize::MAX)? {
            // Most have no stream.
            let _none = self.client.drop_stream(meta.id());
        }
        let found = self.client.list("test::Checked", usize::MAX)?;
        let mut nbytes = 0;
        for meta in &found {
            match self.client.get::<Checked>(meta.id()) {
                Ok(object) if object.is_right() => nbytes += object.nbytes(),
                Ok(_) => broken += 1,
                Err(error) => {
                    println!("{} is not whole: {error}", meta.id());
                    broken += 1;
                }
            }
        }
        let kept = said.split_once(' ').map(|(id, size)| Done::Ok((id.parse::<ObjectId>()?, size.parse::<u64>()?)));
        let kept = kept.transpose()?;
        if self.strict && self.in_memory {
            let expected = self.baseline + nbytes + kept.map_or(0, |(_, size)| size);
            self.wait_for("only whole objects to be left", |client| {
                Ok(client.instance_status()?.memory_usage == expected)
            })?;
        }
        if let Some((id, _)) = kept {
            broken += u64::from(!self.client.exists(id)?);
            self.client.delete(id)?;
        }
        for meta in found {
            self.client.delete(meta.id())?;
        }
        let stray = self.client.list("test::Checked*", usize::MAX)?;
        broken += stray.len() as u64;
        for meta in stray {
            self.client.delete(meta.id())?;
        }
        Ok(broken)
    }

    fn wait_for(&self, what: &str, mut it_is_so: impl FnMut(&Client) -> Done<bool>) -> Done {
        let start = Instant::now();
        while !it_is_so(&self.client)? {
            if start.elapsed() > WATCHDOG {
                let status = self.client.instance_status()?;
                return Err(
                    format!("waited in vain for {what}; before, {} were in use: {status:?}", self.baseline).into()
                );
            }
            std::thread::yield_now();
        }
        Ok(())
    }
}

/// Passes a time that is different each time.
fn spin(seed: u64) {
    let mut random = Random::new(seed);
    let most = 1 << random.below(22);
    for _ in 0..random.below(most) {
        std::hint::spin_loop();
    }
}
