//! Tensors and batches of any kind through Python, by strategies that shrink what fails.
//!
//! The cases are the same in every run. What fails is shown in its smallest form, and remembered in `failed.txt`, from which
//! it is tried first; `PROPTEST_CASES=1000` tries more.

mod arrays;
mod batches;
mod tensors;

use std::cell::{Cell, RefCell};
use std::fmt::Debug;
use std::path::Path;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, FileFailurePersistence, RngSeed, TestCaseError, TestRunner};
use serde_json::Value;
use vineyard_core::{Client, Object, ObjectId};
use vineyard_tests::{Peer, TestResult, TestServer};

use crate::{PYTHON, from_environment};

/// Cases of each test, if `PROPTEST_CASES` does not say.
const CASES: u32 = 60;

/// Where the seeds of failures are.
const FAILED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/interop/property/failed.txt");

/// A server, a client, and one Python for all cases.
struct Python {
    client: Client,
    process: RefCell<Peer>,
    count: Cell<u64>,
}

impl Python {
    fn start(server: &TestServer) -> Result<Self, Box<dyn std::error::Error>> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/property.py");
        let process = Peer::start(&from_environment(PYTHON), &script.display().to_string(), server.socket(), &[]);
        Ok(Self { client: server.client()?, process: process.into(), count: Cell::new(0) })
    }

    /// Puts an object, has Python get it, change it as `order` says, and put the outcome; returns what that is.
    fn through(&self, object: &impl Object, mut order: Value) -> Result<ObjectId, Box<dyn std::error::Error>> {
        self.count.set(self.count.get() + 1);
        let [from, to] = ["rs", "py"].map(|side| format!("{side}/property/{}", self.count.get()));
        self.client.put_named(&from, object)?;
        order["get"] = from.into();
        order["put"] = to.clone().into();
        let mut process = self.process.borrow_mut();
        process.tell(&order.to_string());
        match process.line().as_str() {
            "done" => Ok(self.client.get_name(&to)?.ok_or("Python put nothing")?),
            error => Err(format!("Python: {error}").into()),
        }
    }
}

/// Tries a property of everything that a strategy makes.
fn check<S: Strategy>(strategy: &S, property: impl Fn(&Python, S::Value) -> Result<(), String>) -> TestResult
where
    S::Value: Debug,
{
    let server = TestServer::start();
    let python = Python::start(&server)?;
    let cases = std::env::var("PROPTEST_CASES").map_or(Ok(CASES), |cases| cases.parse())?;
    let config = Config {
        cases,
        rng_seed: RngSeed::Fixed(7),
        max_shrink_iters: 2000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(FAILED))),
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(strategy, |case| property(&python, case).map_err(TestCaseError::fail));
    if let Err(error) = outcome {
        panic!("{error}");
    }
    assert!(python.count.get() >= cases.into(), "{} cases were tried", python.count.get());
    let Python { client, process, .. } = python;
    assert!(process.into_inner().end().success());
    drop(client);
    server.stop();
    Ok(())
}
