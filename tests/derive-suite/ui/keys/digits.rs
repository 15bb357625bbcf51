use vineyard_core::Object;

#[derive(Object)]
#[object(typename = "t::X")]
struct X {
    #[object(rename = "12")]
    a: u64,
}

fn main() {}
