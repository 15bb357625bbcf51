//! The metrics as Prometheus reads them, in the text form of OpenMetrics. `docs/metrics.md` says what each means.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use vineyard_core::protocol::RequestType;

use super::gather::{Figures, SessionFigures};
use super::writer::{Metric, Writer};
use crate::metrics::Metrics;
use crate::state::State;
use crate::store::states::{BlobState, ByState};

/// Everything that is told, at one moment.
#[derive(Debug)]
struct Snapshot {
    state: Arc<State>,
    figures: Figures,
}

impl Collector for Snapshot {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let (mut page, metrics, figures) = (Writer(encoder), &self.state.metrics, &self.figures);
        requests(&mut page, metrics, figures)?;
        connections(&mut page, metrics, figures)?;
        memory(&mut page, figures)?;
        spill(&mut page, &self.state, figures)?;
        arenas(&mut page, figures)?;
        contents(&mut page, figures)?;
        sessions(&mut page, figures)?;
        process(&mut page, metrics, figures)
    }
}

/// Writes all metrics.
///
/// # Errors
///
/// If a number is above what the form allows, which none is.
pub(super) fn write(state: &Arc<State>, figures: Figures) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Snapshot { state: Arc::clone(state), figures }));
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

fn requests(page: &mut Writer<'_>, metrics: &Metrics, figures: &Figures) -> fmt::Result {
    let by_type = || RequestType::ALL.iter().map(|kind| ([("request", kind.name())], metrics.timings.of(*kind)));
    page.histograms(
        Metric::seconds("vineyard_request", "Time from the arrival of a request to its reply, if it did not wait"),
        by_type(),
    )?;
    let waited = by_type().map(|(labels, timing)| (labels, timing.waited())).filter(|(_, count)| *count > 0);
    page.counters(Metric::count("vineyard_waited_requests", "Requests that were not answered at once"), waited)?;
    page.gauge(
        Metric::count("vineyard_requests_in_hand", "Requests that came and whose reply is not out"),
        metrics.num_in_hand(),
    )?;
    page.gauge(
        Metric::count("vineyard_requests_waiting", "Requests that wait for something, of those in hand"),
        figures.sum(|session| session.waiting),
    )?;
    let refusals = metrics.refusals.counts().map(|(code, count)| ([("code", code)], count));
    page.counters(Metric::count("vineyard_refusals", "Replies that are errors"), refusals)
}

fn connections(page: &mut Writer<'_>, metrics: &Metrics, figures: &Figures) -> fmt::Result {
    let each = |unix: u64, tcp: u64| [([("transport", "unix")], unix), ([("transport", "tcp")], tcp)];
    page.gauges(
        Metric::count("vineyard_connections", "Connections that are served"),
        each(figures.unix_connections, figures.tcp_connections),
    )?;
    let (unix, tcp) = (&metrics.unix, &metrics.tcp);
    page.counters(
        Metric::count("vineyard_accepted_connections", "Connections that were accepted"),
        each(unix.accepted.count(), tcp.accepted.count()),
    )?;
    page.counters(
        Metric::count("vineyard_refused_connections", "Connections that could not be accepted"),
        each(unix.refused.count(), tcp.refused.count()),
    )?;
    page.counter(
        Metric::bytes("vineyard_received_payload", "Payloads that came through connections, without compression"),
        metrics.received.count(),
    )?;
    page.counter(
        Metric::bytes("vineyard_sent_payload", "Payloads that went out through connections, without compression"),
        metrics.sent.count(),
    )
}

fn memory(page: &mut Writer<'_>, figures: &Figures) -> fmt::Result {
    let memory = &figures.memory;
    page.gauge(Metric::bytes("vineyard_memory_limit", "What blobs may take"), memory.limit)?;
    page.gauge(Metric::bytes("vineyard_memory_used", "What clients asked for and did not give back"), memory.used)?;
    page.gauge(
        Metric::bytes("vineyard_memory_allocated", "What is taken of the arenas, with what alignment costs"),
        memory.allocated,
    )?;
    let by_state = figures.by_state();
    let claimed = BlobState::ALL.map(|state| ([("state", state.name())], by_state.get(state).bytes));
    page.gauges(
        Metric::bytes("vineyard_memory_state", "What is allocated, by what it is held for"),
        claimed.into_iter().chain([([("state", "unclaimed")], figures.unclaimed())]),
    )?;
    page.gauges(
        Metric::count("vineyard_blobs", "Blobs, by their state"),
        BlobState::ALL.map(|state| ([("state", state.name())], by_state.get(state).blobs)),
    )?;
    let bare = figures.bare();
    page.gauge(Metric::count("vineyard_bare_blobs", "Sealed blobs that no object links to"), bare.blobs)?;
    page.gauge(Metric::bytes("vineyard_bare", "What sealed blobs take that no object links to"), bare.bytes)?;
    page.gauge(Metric::count("vineyard_leases", "Leases that connections hold"), figures.sum(|session| session.leases))
}

fn spill(page: &mut Writer<'_>, state: &State, figures: &Figures) -> fmt::Result {
    page.gauge(Metric::bytes("vineyard_spilled", "Blobs that are on disk"), figures.sum(|session| session.spilled))?;
    page.gauge(
        Metric::bytes("vineyard_lingering", "Deleted blobs that only published clients may still look at"),
        figures.sum(|session| session.lingering),
    )?;
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    page.counter(
        Metric::count(
            "vineyard_reclaimed_blobs",
            "Deleted blobs that published clients might still look at when they went",
        ),
        count(&state.reclaimed.blobs),
    )?;
    page.counter(Metric::bytes("vineyard_reclaimed", "What these blobs had"), count(&state.reclaimed.bytes))?;
    let nothing = crate::spill::Figures::default();
    let disk = state.spill.as_ref().map_or(&nothing, |spill| &spill.figures);
    for (name, help, counter) in [
        ("vineyard_spill_written_blobs", "Blobs that went to disk", &disk.written_blobs),
        ("vineyard_spill_read_blobs", "Blobs that came back from disk", &disk.read_blobs),
        ("vineyard_spill_failures", "Times that a blob could not go to disk or come back", &disk.failures),
    ] {
        page.counter(Metric::count(name, help), count(counter))?;
    }
    page.counter(Metric::bytes("vineyard_spill_written", "What went to disk"), count(&disk.written_bytes))?;
    page.counter(Metric::bytes("vineyard_spill_read", "What came back from disk"), count(&disk.read_bytes))
}

fn arenas(page: &mut Writer<'_>, figures: &Figures) -> fmt::Result {
    let memory = &figures.memory;
    page.gauge(Metric::count("vineyard_arenas", "Arenas"), memory.arenas as u64)?;
    page.gauge(Metric::bytes("vineyard_arena_capacity", "What all arenas can hold"), memory.capacity)?;
    page.gauge(Metric::bytes("vineyard_arena_resident", "Pages of arenas that are in memory"), figures.resident)?;
    page.gauge(Metric::bytes("vineyard_arena_free", "What is free in all arenas"), memory.free)?;
    page.gauge(Metric::bytes("vineyard_arena_largest_free", "The longest free range"), memory.largest_free)?;
    page.gauge(
        Metric::count("vineyard_arena_fragmentation_ratio", "How much of the warm pages is not in the longest run"),
        memory.fragmentation,
    )?;
    page.gauge(Metric::count("vineyard_vacant_arenas", "Arenas whose writer is gone"), memory.vacant_arenas as u64)?;
    page.gauge(Metric::bytes("vineyard_arena_touched", "Pages that may be in memory"), memory.touched)?;
    page.gauge(Metric::bytes("vineyard_arena_warm", "Pages that are free and may be in memory"), memory.warm)?;
    page.gauge(
        Metric::count("vineyard_prefault_ready", "Whether the next writer finds an arena whose pages are there"),
        u64::from(memory.prefault_ready),
    )?;
    page.gauge(Metric::count("vineyard_own_files", "Blobs in files of their own"), memory.own_files as u64)?;
    page.gauge(Metric::bytes("vineyard_own_file", "What these files have"), memory.own_file_bytes)?;
    page.gauge(Metric::bytes("vineyard_lent_arena", "Arenas that clients divide themselves"), figures.lent)
}

fn contents(page: &mut Writer<'_>, figures: &Figures) -> fmt::Result {
    let mut count = |name, help, of: fn(&SessionFigures) -> u64| page.gauge(Metric::count(name, help), figures.sum(of));
    count("vineyard_objects", "Objects", |session| session.objects as u64)?;
    count("vineyard_names", "Names", |session| session.names as u64)?;
    count("vineyard_streams", "Streams", |session| session.streams as u64)?;
    count("vineyard_stream_chunks", "Chunks of streams that wait for a reader", |session| session.chunks as u64)?;
    page.gauge(Metric::count("vineyard_sessions", "Sessions, the root among them"), figures.sessions.len() as u64)
}

fn sessions(page: &mut Writer<'_>, figures: &Figures) -> fmt::Result {
    let known: Vec<(String, &SessionFigures)> =
        figures.sessions.iter().map(|session| (session.id.to_string(), session)).collect();
    let by_state = |of: fn(&ByState, BlobState) -> u64| {
        known.iter().flat_map(move |(id, session)| {
            BlobState::ALL
                .map(|state| ([("session", id.as_str()), ("state", state.name())], of(&session.by_state, state)))
        })
    };
    let each = |of: fn(&SessionFigures) -> u64| {
        known.iter().map(move |(id, session)| ([("session", id.as_str())], of(session)))
    };
    page.gauges(
        Metric::bytes("vineyard_session_memory", "What the blobs of a session take, by their state"),
        by_state(|blobs, state| blobs.get(state).bytes),
    )?;
    page.gauges(
        Metric::count("vineyard_session_blobs", "Blobs of a session, by their state"),
        by_state(|blobs, state| blobs.get(state).blobs),
    )?;
    page.gauges(
        Metric::count("vineyard_session_bare_blobs", "Sealed blobs of a session that no object links to"),
        each(|session| session.bare.blobs),
    )?;
    page.gauges(
        Metric::count("vineyard_session_objects", "Objects of a session"),
        each(|session| session.objects as u64),
    )?;
    page.gauges(
        Metric::count("vineyard_session_connections", "Connections that work in a session"),
        each(|session| session.connections),
    )
}

fn process(page: &mut Writer<'_>, metrics: &Metrics, figures: &Figures) -> fmt::Result {
    let process = &figures.process;
    let mut known = |metric: Metric<'_>, value: Option<u64>| {
        value.map_or(Ok(()), |value| page.gauge(metric, i64::try_from(value).unwrap_or(i64::MAX)))
    };
    known(Metric::bytes("process_resident_memory", "Memory of the process, arenas aside"), process.resident)?;
    known(Metric::count("process_open_fds", "Descriptors that are open"), process.descriptors)?;
    known(Metric::count("process_max_fds", "Descriptors that may be open"), process.most_descriptors)?;
    let started = metrics.started.1.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    page.gauge(Metric::seconds("process_start_time", "When the server started, since the epoch"), started)?;
    page.info(Metric::count("vineyard_build", "The version"), [("version", env!("CARGO_PKG_VERSION"))])
}
