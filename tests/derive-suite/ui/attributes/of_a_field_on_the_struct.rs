use vineyard_core::Object;

#[derive(Object)]
#[object(typename = "t::X", rename = "y")]
struct X {
    a: u64,
}

fn main() {}
