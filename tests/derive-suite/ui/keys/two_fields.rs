use vineyard_core::Object;

#[derive(Object)]
#[object(typename = "t::X", rename_all = "{}_")]
struct X {
    id: u64,
    #[object(rename = "id_")]
    other: u64,
}

fn main() {}
