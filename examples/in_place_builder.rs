//! Filling shared memory in place: the values are computed where they will be read, and never copied.

use vineyard_core::{Array, Client, Object};
use vineyard_server::Server;

/// A signal and where it crosses zero.
#[derive(Debug, Object)]
#[object(typename = "in_place_builder::Signal")]
struct Signal {
    samples_per_second: f64,
    samples: Array<f64>,
    #[object(rename = "num_crossings")]
    num_crossings: u64,
    /// Has room to spare: how many there are is known only at the end.
    #[object(len = num_crossings)]
    crossings: Array<u32>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::builder().size(64 << 20).spawn()?;
    let client = Client::connect(server.socket())?;

    // The writer is ours alone until it is sealed; sealing ends the writing.
    let mut writer = client.create_array::<f64>(1_000_000)?;
    for (i, sample) in (0..).zip(writer.as_mut_slice()) {
        *sample = (f64::from(i) / 1000.0).sin();
    }
    let samples = writer.seal()?;

    let mut crossings = Vec::new();
    for (i, pair) in (1u32..).zip(samples.windows(2)) {
        if (pair[0] < 0.0) != (pair[1] < 0.0) {
            crossings.push(i);
        }
    }

    let used = client.instance_status()?.memory_usage;
    let draft = Signal::builder().samples_per_second(1000.0).samples(samples).crossings(crossings).build()?;
    let signal = client.get::<Signal>(client.put(draft)?)?;
    let more = client.instance_status()?.memory_usage - used;
    println!("{} samples at {} per second", signal.samples.len(), signal.samples_per_second);
    println!("{} crossings, the first at {:?}", signal.num_crossings, signal.crossings.first());
    println!("the samples were written in place; the put copied {more} bytes of crossings");
    Ok(())
}
