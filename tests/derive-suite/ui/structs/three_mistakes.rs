use vineyard_core::Object;

#[derive(Object)]
#[object(typname = "t::X", rename_all = "y")]
struct X {
    #[object(rename = "a/b")]
    a: u64,
}

fn main() {}
