use vineyard_core::Object;

#[derive(Object)]
struct CsrGraph {
    a: u64,
}

fn main() {}
