use vineyard_core::Object;

#[derive(Object)]
#[object(typename = "t::X")]
struct X {
    #[object(rename = "id")]
    a: u64,
}

fn main() {}
