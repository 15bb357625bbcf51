use vineyard_core::{Array, Object};

#[derive(Object)]
#[object(typename = "t::X")]
struct X {
    a: Array<u64>,
}

fn main() {
    let numbers: Vec<u32> = vec![1];
    X::builder().a(numbers);
}
