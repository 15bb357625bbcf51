//! Which path has which answer.

use std::sync::Arc;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};

use super::gather::Figures;
use super::{page, status};
use crate::state::State;

/// What metrics are written in; Prometheus asks for it first.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

type Reply = Response<Full<Bytes>>;

/// Answers a request. Takes each of the server's locks for a moment only; between such moments other requests of this
/// thread are answered.
pub(super) async fn respond<B>(state: &Arc<State>, request: &Request<B>) -> Reply {
    let path = request.uri().path();
    if !["/metrics", "/status", "/healthz"].contains(&path) {
        return reply(StatusCode::NOT_FOUND, TEXT, "there are /metrics, /status and /healthz\n");
    }
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        let refusal = reply(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET and HEAD are answered\n");
        return with(refusal, ALLOW, "GET, HEAD");
    }
    match path {
        "/healthz" if state.stop.is_cancelled() => reply(StatusCode::SERVICE_UNAVAILABLE, TEXT, "stopping\n"),
        "/healthz" => reply(StatusCode::OK, TEXT, "ok\n"),
        "/status" => match status::write(state, &Figures::gather(state).await).await {
            Ok(json) => reply(StatusCode::OK, JSON, json),
            Err(error) => failed(&error),
        },
        _ => match page::write(state, Figures::gather(state).await) {
            Ok(text) => reply(StatusCode::OK, OPEN_METRICS, text),
            Err(error) => failed(&error),
        },
    }
}

/// Cannot be: everything that is written has a form.
fn failed(error: &dyn std::fmt::Display) -> Reply {
    tracing::error!(%error, "an answer over HTTP cannot be written");
    reply(StatusCode::INTERNAL_SERVER_ERROR, TEXT, "the answer cannot be written\n")
}

fn reply(status: StatusCode, content: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = status;
    with(with(reply, CONTENT_TYPE, content), CACHE_CONTROL, "no-store")
}

fn with(mut reply: Reply, header: HeaderName, value: &'static str) -> Reply {
    reply.headers_mut().insert(header, HeaderValue::from_static(value));
    reply
}
