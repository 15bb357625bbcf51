use vineyard_core::Object;

#[derive(Object)]
#[object(typename = "t::X")]
struct X {
    #[object(skip, json)]
    a: u64,
}

fn main() {}
