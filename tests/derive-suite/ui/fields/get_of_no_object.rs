use vineyard_core::{Client, ObjectId};

struct NotAnObject;

fn get(client: &Client, id: ObjectId) -> bool {
    client.get::<NotAnObject>(id).is_ok()
}

fn main() {
    let _ = get;
}
