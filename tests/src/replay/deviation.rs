//! Where a server answers differently on purpose.

use serde_json::{Map, Value};

use super::payload::is_payload;
use super::recording::Request;

/// What the recorded server does and others need not do.
#[derive(Debug, Clone, Copy)]
pub struct Quirk {
    /// A number to cite it by; none where the protocol leaves a choice.
    pub number: Option<u8>,
    /// What it is.
    pub text: &'static str,
}

/// One way in which a server differs from the recorded one. It has to be needed in each recording that it names.
#[derive(Debug, Clone, Copy)]
pub struct Deviation {
    /// The recordings.
    pub recordings: &'static [&'static str],
    /// Which requests of them.
    pub place: Place,
    /// What the recorded server did.
    pub quirk: Quirk,
    /// What is different here, in one sentence.
    pub why: &'static str,
    /// What is expected instead.
    pub change: Change,
}

/// Which requests.
#[derive(Debug, Clone, Copy)]
pub enum Place {
    /// The one with this sequence number.
    At(u64),
    /// All.
    Anywhere,
    /// Those about blobs whose bytes travel through the connection.
    Remote,
    /// Those before the bytes have come; such requests have a second reply after them.
    BeforeBytes,
}

/// What is expected instead of what was recorded, always in terms of the recording: recorded ids and paths stand for
/// those of the run.
#[derive(Debug, Clone, Copy)]
pub enum Change {
    /// Another or an additional value (JSON) at this place of the reply (a JSON pointer).
    Value(&'static str, &'static str),
    /// This reply, where there was none.
    Answered(&'static str),
    /// Blobs below objects have their lengths, where 0 was recorded.
    Lengths,
    /// Payloads do not say where the blobs lie.
    NoPlace,
    /// Blobs are not sealed.
    NotSealed,
    /// Descriptors are announced where none were, or the other way round.
    Descriptors,
}

impl Deviation {
    /// Of one reply in one recording.
    pub const fn at(
        recording: &'static [&'static str; 1],
        seq: u64,
        quirk: Quirk,
        why: &'static str,
        change: Change,
    ) -> Self {
        Self { recordings: recording, place: Place::At(seq), quirk, why, change }
    }

    /// Wherever it is needed in some recordings.
    pub const fn anywhere(
        recordings: &'static [&'static str],
        quirk: Quirk,
        why: &'static str,
        change: Change,
    ) -> Self {
        Self { recordings, place: Place::Anywhere, quirk, why, change }
    }

    fn covers(&self, request: &Request, first_of_two: bool) -> bool {
        match self.place {
            Place::At(seq) => request.seq == seq,
            Place::Anywhere => true,
            Place::Remote => request.is_remote(),
            Place::BeforeBytes => first_of_two,
        }
    }
}

/// The deviations of a server, and which of them were needed in one recording.
#[derive(Debug)]
pub struct Table<'a> {
    entries: Vec<(&'a Deviation, usize)>,
}

impl<'a> Table<'a> {
    /// Those for a recording.
    pub fn new(deviations: &'a [Deviation], recording: &str) -> Self {
        let ours = deviations.iter().filter(|entry| entry.recordings.contains(&recording));
        Self { entries: ours.map(|entry| (entry, 0)).collect() }
    }

    /// The reply to expect. `length` knows the blobs.
    pub fn expected(
        &mut self,
        request: &Request,
        recorded: &Value,
        first_of_two: bool,
        length: &dyn Fn(u64) -> Option<u64>,
    ) -> Value {
        let mut expected = recorded.clone();
        for (entry, uses) in self.entries.iter_mut().filter(|(entry, _)| entry.covers(request, first_of_two)) {
            let before = expected.clone();
            match entry.change {
                Change::Value(pointer, value) => {
                    let (fields, key) = place(&mut expected, pointer);
                    fields.insert(key, json(value));
                }
                Change::Lengths => set_lengths(&mut expected, length),
                Change::NoPlace => set_in_payloads(&mut expected, "store_fd", &Value::from(-1)),
                Change::NotSealed => set_in_payloads(&mut expected, "is_sealed", &Value::from(false)),
                Change::Answered(_) | Change::Descriptors => {}
            }
            *uses += usize::from(expected != before);
        }
        expected
    }

    /// The reply to expect where none was recorded.
    pub fn answered(&mut self, request: &Request) -> Option<Value> {
        let mut entries = self.entries.iter_mut().filter(|(entry, _)| entry.covers(request, false));
        entries.find_map(|(entry, uses)| match entry.change {
            Change::Answered(reply) => {
                *uses += 1;
                Some(json(reply))
            }
            _ => None,
        })
    }

    /// Whether other descriptors may come than were recorded.
    pub fn other_descriptors(&mut self, request: &Request) -> bool {
        let mut entries = self.entries.iter_mut().filter(|(entry, _)| entry.covers(request, false));
        let found = entries.find(|(entry, _)| matches!(entry.change, Change::Descriptors));
        found.map(|(_, uses)| *uses += 1).is_some()
    }

    /// How often any was needed.
    pub fn uses(&self) -> usize {
        self.entries.iter().map(|(_, uses)| uses).sum()
    }

    /// Those that were not needed.
    pub fn unused(&self) -> impl Iterator<Item = &Deviation> {
        self.entries.iter().filter(|(_, uses)| *uses == 0).map(|(entry, _)| *entry)
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("a deviation is not JSON: {error}: {text}"))
}

/// The object that holds a field, and the name of the field. An object takes the place of null.
fn place<'a>(message: &'a mut Value, pointer: &str) -> (&'a mut Map<String, Value>, String) {
    let (parent, key) = pointer.rsplit_once('/').unwrap_or_default();
    let parent = message.pointer_mut(parent).unwrap_or_else(|| panic!("there is no place for {pointer}"));
    if parent.is_null() {
        *parent = Value::Object(Map::new());
    }
    let fields = parent.as_object_mut().unwrap_or_else(|| panic!("{pointer} is no field of an object"));
    (fields, key.replace("~1", "/").replace("~0", "~"))
}

/// Sets the lengths of blobs that are known; one that was asked for itself has its own.
fn set_lengths(value: &mut Value, length: &dyn Fn(u64) -> Option<u64>) {
    let blob = value.get("typename").and_then(Value::as_str) == Some("vineyard::Blob");
    let id = value.get("id").and_then(Value::as_str).and_then(|id| u64::from_str_radix(id.get(1..)?, 16).ok());
    match value {
        Value::Object(fields) if blob => {
            if let Some(length) = id.and_then(length) {
                for key in ["length", "nbytes"] {
                    fields.insert(key.to_owned(), length.into());
                }
            }
        }
        Value::Object(fields) => fields.values_mut().for_each(|field| set_lengths(field, length)),
        Value::Array(items) => items.iter_mut().for_each(|item| set_lengths(item, length)),
        _ => {}
    }
}

/// Sets a field of all payloads of blobs that hold anything.
fn set_in_payloads(value: &mut Value, key: &str, field: &Value) {
    match value {
        Value::Object(fields) if is_payload(fields) && fields.get("data_size") != Some(&Value::from(0)) => {
            fields.insert(key.to_owned(), field.clone());
        }
        Value::Object(fields) => fields.values_mut().for_each(|value| set_in_payloads(value, key, field)),
        Value::Array(items) => items.iter_mut().for_each(|value| set_in_payloads(value, key, field)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::recording::Answer;
    use super::*;

    const QUIRK: Quirk = Quirk { number: None, text: "it does" };

    fn request(seq: u64) -> Request {
        Request { seq, message: json!({"type": "get_data_request"}), answer: Answer::Never }
    }

    #[test]
    fn an_entry_that_changes_nothing_is_not_needed() {
        let table = [
            Deviation::at(&["one"], 5, QUIRK, "", Change::Value("/a", "1")),
            Deviation::at(&["one"], 5, QUIRK, "", Change::Value("/b/c~1d", "2")),
            Deviation::at(&["two"], 5, QUIRK, "", Change::Value("/a", "3")),
            Deviation::at(&["one"], 6, QUIRK, "", Change::Answered("{}")),
        ];
        let mut table = Table::new(&table, "one");
        let expected = table.expected(&request(5), &json!({"a": 1, "b": null}), false, &|_| None);
        assert_eq!(expected, json!({"a": 1, "b": {"c/d": 2}}));
        assert_eq!(table.unused().count(), 2, "the first and the last");
        assert_eq!(table.answered(&request(5)), None);
        assert_eq!(table.answered(&request(6)), Some(json!({})));
        assert_eq!((table.unused().count(), table.uses()), (1, 2));
        assert!(!table.other_descriptors(&request(6)));
    }

    #[test]
    fn lengths_of_known_blobs_are_set() {
        let table = [Deviation::anywhere(&["one"], QUIRK, "", Change::Lengths)];
        let blob =
            |id: &str, length| json!({"id": id, "typename": "vineyard::Blob", "length": length, "nbytes": length});
        let recorded =
            json!({"content": {"o1": {"a": blob("o0000000000000005", 0), "b": blob("o0000000000000006", 0)}}});
        let mut table = Table::new(&table, "one");
        let expected = table.expected(&request(1), &recorded, false, &|id| (id == 5).then_some(9));
        assert_eq!(expected["content"]["o1"]["a"], blob("o0000000000000005", 9));
        assert_eq!(expected["content"]["o1"]["b"], blob("o0000000000000006", 0));
        assert_eq!(table.unused().count(), 0);
    }
}
