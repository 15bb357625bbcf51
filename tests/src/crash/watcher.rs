//! Somebody who looks at all objects while clients die.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use vineyard_core::{Client, Stored};

use crate::checked::Checked;

/// What was seen.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Sights {
    /// Objects that were viewed.
    pub views: u64,
    /// Those of them with wrong bytes, at once or while they were kept.
    pub wrong: u64,
}

/// A thread with a client of its own, which views every object it finds, and each once more after some others.
#[derive(Debug)]
pub struct Watcher {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<Sights, vineyard_core::Error>>,
}

impl Watcher {
    /// Begins to look.
    ///
    /// # Errors
    ///
    /// If it cannot connect.
    pub fn start(socket: &Path) -> Result<Self, vineyard_core::Error> {
        let client = Client::connect(socket)?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        Ok(Self { stop, thread: std::thread::spawn(move || watch(&client, &stopped)) })
    }

    /// Ends it.
    ///
    /// # Errors
    ///
    /// What went wrong meanwhile.
    pub fn stop(self) -> Result<Sights, Box<dyn Error>> {
        self.stop.store(true, Ordering::Relaxed);
        match self.thread.join() {
            Ok(sights) => Ok(sights?),
            Err(_) => Err("the watcher panicked".into()),
        }
    }
}

fn watch(client: &Client, stop: &AtomicBool) -> Result<Sights, vineyard_core::Error> {
    let mut sights = Sights::default();
    while !stop.load(Ordering::Relaxed) {
        let mut kept: Option<Stored<Checked>> = None;
        for meta in client.list("test::Checked", usize::MAX)? {
            // What is gone meanwhile cannot be viewed.
            let Ok(object) = client.get::<Checked>(meta.id()) else { continue };
            let is_right = |object: &Stored<Checked>| object.is_right();
            sights.views += 1;
            sights.wrong += u64::from(!is_right(&object) || !kept.as_ref().is_none_or(is_right));
            kept = Some(object);
        }
        std::thread::yield_now();
    }
    Ok(sights)
}
