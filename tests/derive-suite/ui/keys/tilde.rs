use vineyard_core::Object;

#[derive(Object)]
#[object(typename = "t::X")]
struct X {
    #[object(rename = "a~b")]
    a: u64,
}

fn main() {}
