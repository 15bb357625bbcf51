use vineyard_core::MetaValue;

#[derive(MetaValue)]
enum Order {
    Rows,
    Strided(u64),
}

fn main() {}
