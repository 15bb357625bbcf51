//! The echo: a server that waits for as many bytes as a request has and answers with what a server once answered.
//!
//! It looks nothing up and reads no JSON: what an exchange with it takes is what the client and the sockets take.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use vineyard_benches::Done;

use crate::client::HEADER_BYTES;

/// Room for bytes that arrive; most requests come with one read.
const ROOM_BYTES: usize = 256 << 10;

/// What is waited for before an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Awaited {
    /// One frame.
    Frame,
    /// So many raw bytes.
    Bytes(u64),
}

/// What is waited for, and the answer to it.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) awaited: Awaited,
    pub(crate) answer: Vec<u8>,
}

/// What was exchanged once; it is played again and again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script {
    pub(crate) steps: Vec<Step>,
}

impl Script {
    /// Gives the script to an echo: the number of steps, then for each what is waited for (0 is a frame), the length of
    /// the answer and the answer.
    pub(crate) fn send(&self, into: &mut impl Write) -> Done {
        into.write_all(&(self.steps.len() as u64).to_le_bytes())?;
        for step in &self.steps {
            let awaited = match step.awaited {
                Awaited::Frame => 0,
                Awaited::Bytes(count) => count,
            };
            into.write_all(&awaited.to_le_bytes())?;
            into.write_all(&(step.answer.len() as u64).to_le_bytes())?;
            into.write_all(&step.answer)?;
        }
        Ok(())
    }

    fn receive(from: &mut impl Read) -> Done<Self> {
        let mut script = Self::default();
        for _ in 0..number(from)? {
            let awaited = match number(from)? {
                0 => Awaited::Frame,
                count => Awaited::Bytes(count),
            };
            let mut answer = vec![0; usize::try_from(number(from)?)?];
            from.read_exact(&mut answer)?;
            script.steps.push(Step { awaited, answer });
        }
        Ok(script)
    }

    /// Plays the script until the peer leaves.
    fn play(&self, stream: &mut (impl Read + Write)) -> Done {
        let mut room = vec![0; ROOM_BYTES];
        for step in self.steps.iter().cycle() {
            if !wait(stream, step.awaited, &mut room)? {
                break;
            }
            stream.write_all(&step.answer)?;
        }
        Ok(())
    }
}

fn number(from: &mut impl Read) -> Done<u64> {
    let mut bytes = [0; 8];
    from.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

/// Takes what is waited for; false if the peer has left. Peers wait for each answer, so nothing else comes along.
fn wait(stream: &mut impl Read, awaited: Awaited, room: &mut [u8]) -> Done<bool> {
    let mut taken: u64 = 0;
    let mut wanted = match awaited {
        Awaited::Frame => None,
        Awaited::Bytes(count) => Some(count),
    };
    while wanted.is_none_or(|wanted| taken < wanted) {
        let count = stream.read(room)?;
        if count == 0 {
            return Ok(false);
        }
        if wanted.is_none() {
            // The length comes first, and with the first read: clients write whole frames.
            let header = room.first_chunk::<HEADER_BYTES>().filter(|_| count >= HEADER_BYTES).ok_or("a cut header")?;
            wanted = Some(u64::from_le_bytes(*header) + HEADER_BYTES as u64);
        }
        taken += count as u64;
    }
    Ok(true)
}

/// Serves a UNIX socket, whose peers say what they want to hear, and a TCP port, where it is what was said last. Each
/// peer has a thread that blocks.
pub(crate) fn serve(socket: &Path) -> Done {
    let unix = UnixListener::bind(socket)?;
    let tcp = TcpListener::bind(("127.0.0.1", 0))?;
    let port = tcp.local_addr()?.port();
    let last: Arc<Mutex<Arc<Script>>> = Arc::default();
    let told = Arc::clone(&last);
    std::thread::spawn(move || {
        for stream in tcp.incoming().map_while(Result::ok) {
            let script = Arc::clone(&told.lock().unwrap_or_else(PoisonError::into_inner));
            std::thread::spawn(move || {
                let mut stream = stream;
                // Without it the echo would be held back by the peer's delayed acknowledgements.
                stream.set_nodelay(true)?;
                script.play(&mut stream).map_err(|error| std::io::Error::other(error.to_string()))
            });
        }
    });
    for stream in unix.incoming() {
        let (mut stream, last) = (stream?, Arc::clone(&last));
        std::thread::spawn(move || told_by(&mut stream, &last, port).map_err(|error| eprintln!("the echo: {error}")));
    }
    Ok(())
}

fn told_by(stream: &mut UnixStream, last: &Mutex<Arc<Script>>, port: u16) -> Done {
    let script = Arc::new(Script::receive(stream)?);
    *last.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&script);
    stream.write_all(&port.to_le_bytes())?;
    script.play(stream)
}
