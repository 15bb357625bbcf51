//! Views that are dropped while other threads use the connection, in every order that there is (`tests/loom.sh`).

use std::collections::HashMap;

use loom::model::Builder;
use loom::sync::Arc;
use loom::thread;

use super::*;

/// What a thread may be interrupted in at most; more finds nothing that fewer do not, and takes far longer.
const PREEMPTIONS: usize = 3;

/// The server's end of a connection: how many leases the client has on each blob, once it has read what was sent.
#[derive(Debug, Default)]
struct Server {
    leases: HashMap<ObjectId, u64>,
    outbox: Vec<ObjectId>,
}

impl Server {
    /// A client that has so many views of a blob.
    fn with(views: &[(ObjectId, u64)]) -> Self {
        Self { leases: views.iter().copied().collect(), outbox: Vec::new() }
    }

    /// A request that leases a blob, behind what is in the outbox.
    fn get(&mut self, id: ObjectId) {
        self.flush_some();
        *self.leases.entry(id).or_default() += 1;
    }

    fn leases(&self, id: ObjectId) -> u64 {
        self.leases.get(&id).copied().unwrap_or(0)
    }
}

impl Carrier for Server {
    fn is_inherited(&self) -> bool {
        false
    }

    fn has_ended(&self) -> bool {
        false
    }

    fn end(&mut self) {
        panic!("no request panics in between");
    }

    fn queue_leases(&mut self, leases: &[ObjectId]) -> Result<(), CallError> {
        self.outbox.extend(leases);
        Ok(())
    }

    fn flush_some(&mut self) {
        for id in std::mem::take(&mut self.outbox) {
            let count = self.leases.get_mut(&id).filter(|count| **count > 0);
            *count.expect("no lease is given back that the client does not have") -= 1;
        }
    }
}

fn blob(number: u64) -> ObjectId {
    ObjectId::blob(1, number)
}

fn every_order(test: impl Fn() + Send + Sync + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS);
    builder.check(test);
}

/// Does something on a thread of its own.
fn beside(line: &Arc<Line<Server>>, act: impl FnOnce(&Line<Server>) + 'static) -> thread::JoinHandle<()> {
    let line = Arc::clone(line);
    thread::spawn(move || act(&line))
}

/// What the server has read, without another request.
fn seen(line: &Line<Server>, id: ObjectId) -> u64 {
    lock(&line.turn).conn.leases(id)
}

/// Gets a blob, sees that its memory is kept, and drops the view.
fn get_and_drop(line: &Line<Server>, id: ObjectId, nbytes: u64) {
    line.exchange("get", |server| Ok(server.get(id))).expect("it is connected");
    let kept = line.exchange("look", |server| {
        server.flush_some();
        Ok(server.leases(id))
    });
    assert!(kept.expect("it is connected") > 0, "a blob that is viewed has no lease");
    line.release(id, nbytes);
}

#[test]
fn a_large_view_is_given_back_whoever_has_the_connection() {
    every_order(|| {
        let line = Arc::new(Line::new(Server::with(&[(blob(1), 1)])));
        let busy = beside(&line, |line| drop(line.exchange("get", |server| Ok(server.get(blob(2))))));
        line.release(blob(1), RELEASE_BYTES);
        busy.join().expect("no panic");
        assert_eq!((seen(&line, blob(1)), seen(&line, blob(2))), (0, 1));
    });
}

#[test]
fn views_that_are_large_together_are_given_back_by_one_of_those_who_drop_them() {
    every_order(|| {
        let line = Arc::new(Line::new(Server::with(&[(blob(1), 2)])));
        let drop_half = |line: &Line<Server>| line.release(blob(1), RELEASE_BYTES / 2);
        let threads = [
            beside(&line, drop_half),
            beside(&line, |line| drop(line.exchange("get", |server| Ok(server.get(blob(2)))))),
        ];
        drop_half(&line);
        threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
        // A request may have taken one of them along, which leaves the other for the next.
        assert_eq!(seen(&line, blob(1)), u64::from(lock(&line.returns).leases.len() == 1));
        line.exchange("settle", |server| Ok(server.flush_some())).expect("it is connected");
        assert_eq!((seen(&line, blob(1)), seen(&line, blob(2))), (0, 1));
    });
}

#[test]
fn a_blob_that_is_got_again_while_its_last_view_goes_stays_leased() {
    every_order(|| {
        let line = Arc::new(Line::new(Server::with(&[(blob(1), 1)])));
        let again = beside(&line, |line| get_and_drop(line, blob(1), RELEASE_BYTES));
        line.release(blob(1), RELEASE_BYTES);
        again.join().expect("no panic");
        assert_eq!(seen(&line, blob(1)), 0);
    });
}

#[test]
fn a_small_view_goes_with_the_next_request() {
    every_order(|| {
        let line = Arc::new(Line::new(Server::with(&[(blob(1), 1)])));
        let again = beside(&line, |line| get_and_drop(line, blob(1), 1));
        line.release(blob(1), 1);
        again.join().expect("no panic");
        line.exchange("next", |server| Ok(server.flush_some())).expect("it is connected");
        assert_eq!((seen(&line, blob(1)), lock(&line.returns).leases.len()), (0, 0));
    });
}

#[test]
fn a_blob_that_is_given_up_is_given_up_once() {
    every_order(|| {
        let line = Arc::new(Line::new(Server::default()));
        let take = |line: &Line<Server>| line.take_aborted().len();
        let other = {
            let line = Arc::clone(&line);
            thread::spawn(move || take(&line))
        };
        line.abort(blob(1));
        let mine = take(&line);
        assert_eq!(other.join().expect("no panic") + mine, 1);
    });
}
