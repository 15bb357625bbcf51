//! What is to be known of requests and replies.

use serde_json::Value;
use vineyard_core::protocol::Request;

/// Whether it has to be known at once what came of a request: it has effects on the canaries or beyond the server, or
/// what is sent next is no message.
pub fn has_to_be_alone(body: &[u8]) -> bool {
    use Request::{Clear, CreateRemoteBuffer, CreateRemoteBuffers, NewSession};
    let found = Request::decode(body);
    matches!(found, Ok(Clear(_) | CreateRemoteBuffer(_) | CreateRemoteBuffers(_) | NewSession(_)))
}

/// Whether a reply may take its time, because somebody else has to do something first.
pub fn may_wait(request: &Request) -> bool {
    match request {
        Request::GetData(get) => get.wait,
        Request::GetName(get) => get.wait,
        Request::GetNextStreamChunk(_) | Request::PullNextStreamChunk(_) => true,
        _ => false,
    }
}

/// Whether a reply is an error; one that is not has no code.
pub fn is_error(reply: &Value) -> bool {
    let Some(code) = reply.get("code") else { return false };
    let told = reply["message"].as_str().is_some_and(|message| !message.is_empty());
    assert!(code.as_i64().is_some_and(|code| code != 0) && told && reply.get("type").is_none(), "{reply}");
    true
}

/// The payloads of a reply, wherever it has them.
pub fn payloads(reply: &Value) -> Vec<&Value> {
    if let Some(Value::Array(payloads)) = reply.get("payloads") {
        return payloads.iter().collect();
    }
    let single = ["created", "buffer"].iter().filter_map(|key| reply.get(key));
    let numbered = (0..reply["num"].as_u64().unwrap_or(0)).filter_map(|number| reply.get(number.to_string()));
    single.chain(numbered).filter(|payload| payload.get("store_fd").is_some()).collect()
}

pub fn lengths(reply: &Value) -> Vec<u64> {
    payloads(reply).iter().map(|payload| payload["data_size"].as_u64().expect("a length")).collect()
}

pub fn show(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(600).collect()
}
