//! The server killed while it writes blobs to disk: the next one at the same place removes what is left, and reads none of
//! it. `SPILL_ROUNDS` says how often; 8 times by default.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use vineyard_core::{Client, Error, GetError, ObjectId};
use vineyard_tests::checked::Checked;
use vineyard_tests::random::Random;
use vineyard_tests::{Program, TestResult};

use crate::SERVE;

/// Words of an object: two blobs, of a third and two thirds of 3 MiB.
const WORDS: usize = 3 << 17;

/// What a file of a blob starts with, once it is complete.
const MAGIC: &[u8] = b"VYSPILL1";

/// The directories of servers below the spill path, but for the one of somebody else.
fn servers(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    Ok(entries.into_iter().filter(|path| path.is_dir() && path.join("lock").exists()).collect())
}

/// The files of blobs in the directory of a server.
fn blobs(server: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(server)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    Ok(entries.into_iter().filter(|path| !path.ends_with("lock")).collect())
}

/// Whether a file was not complete when its server was killed.
fn is_torn(file: &Path) -> std::io::Result<bool> {
    Ok(!fs::read(file)?.starts_with(MAGIC))
}

/// What others have below the spill path: one file looks like a blob's, one directory like a server's.
fn foreign(path: &Path) -> [PathBuf; 2] {
    [path.join("o8000000000000001-0"), path.join("vineyard-spill-of-somebody-else/o8000000000000001-0")]
}

/// Puts objects until the server is gone.
fn put_on(client: &Client, seed: u64) -> Vec<ObjectId> {
    (seed..).map_while(|seed| client.put(&Checked::new(seed, WORDS)).ok()).collect()
}

/// Waits until a server has begun to write its `count`-th file, or one after it, and then a time that is different each
/// time.
fn wait_for_files(path: &Path, count: usize, random: &mut Random) -> TestResult {
    let [server] = servers(path)?.try_into().map_err(|found| format!("not one server: {found:?}"))?;
    let seen: Vec<PathBuf> = blobs(&server)?;
    while blobs(&server)?.iter().filter(|file| !seen.contains(file)).count() < count {
        std::thread::yield_now();
    }
    for _ in 0..random.below(1 << 20) {
        std::hint::spin_loop();
    }
    Ok(())
}

/// Makes all that may be wrong with a file: cut, without a beginning, and changed.
fn damage(files: &[PathBuf]) -> TestResult {
    for (file, number) in files.iter().zip(0..) {
        let bytes = fs::read(file)?;
        match number % 3 {
            0 => File::options().write(true).open(file)?.set_len(bytes.len() as u64 / 2)?,
            1 => fs::write(file, [&vec![0; 64.min(bytes.len())], bytes.get(64..).unwrap_or_default()].concat())?,
            _ => fs::write(file, bytes.iter().map(|byte| !byte).collect::<Vec<u8>>())?,
        }
    }
    Ok(())
}

#[test]
fn what_a_killed_server_has_spilled_is_never_read() -> TestResult {
    let directory = tempfile::tempdir()?;
    let (socket, path) = (directory.path().join("spill.sock"), directory.path().join("spilled"));
    let spill = path.to_str().ok_or("the path is text")?;
    for file in foreign(&path) {
        fs::create_dir_all(file.parent().ok_or("it is in a directory")?)?;
        fs::write(file, "of somebody else")?;
    }
    let rounds = std::env::var("SPILL_ROUNDS").map_or(Ok(8), |rounds| rounds.parse::<u64>())?;
    let (mut random, mut gone, mut left, mut torn) = (Random::new(rounds), Vec::<ObjectId>::new(), 0, 0);
    for round in 0..rounds {
        let before = servers(&path)?;
        let server = Program::start(SERVE, &socket, &["--size", "8Mi", "--spill-path", spill]);
        let log = server.start_log();
        for dead in before {
            assert!(!dead.exists(), "{} is left", dead.display());
            let name = dead.file_name().ok_or("it has a name")?.to_string_lossy().into_owned();
            let is_told = |line: &str| line.contains("removes what an earlier server") && line.contains(&name);
            assert!(log.lines().any(is_told), "{log}");
        }
        assert!(log.contains("no server has spilled"), "{log}");
        let client = Client::connect(server.socket())?;
        for id in gone.drain(..) {
            let found = client.get::<Checked>(id);
            assert!(matches!(found, Err(Error::Get(GetError::NotFound { .. }))), "{id} is there: {found:?}");
        }
        // Five times the memory; all of it can be read, while more is written.
        let seeds = || (0..14).map(|number| round * 1000 + number);
        let put = seeds().map(|seed| client.put(&Checked::new(seed, WORDS))).collect::<Result<Vec<_>, _>>()?;
        for (seed, id) in seeds().zip(&put) {
            let found = client.get::<Checked>(*id)?;
            assert!(found.seed == seed && found.is_right(), "object {seed} is another");
        }
        let writer = Client::connect(server.socket())?;
        let files = 1 + random.below(4);
        let (waited, log, more) = std::thread::scope(|scope| {
            let writing = scope.spawn(|| put_on(&writer, round * 1000 + 100));
            let waited = wait_for_files(&path, files, &mut random);
            (waited, server.kill(), writing.join())
        });
        waited?;
        assert!(!log.contains("ERROR"), "{log}");
        gone = [put, more.map_err(|_| "the writer panicked")?].concat();
        for server in servers(&path)? {
            let files = blobs(&server)?;
            left += files.len();
            for file in &files {
                torn += usize::from(is_torn(file)?);
            }
            damage(&files)?;
        }
    }
    println!("{rounds} servers were killed; they left {left} files, {torn} of them torn");
    assert!(left > 0, "no server was killed while it had blobs on disk");
    for file in foreign(&path) {
        assert_eq!(fs::read_to_string(file)?, "of somebody else");
    }
    Ok(())
}
