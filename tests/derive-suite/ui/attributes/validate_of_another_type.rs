use vineyard_core::Object;

#[derive(Object)]
#[object(typename = "t::X", validate = check)]
struct X {
    a: u64,
}

fn check(a: &u64) -> Result<(), String> {
    if *a > 0 { Ok(()) } else { Err("zero".into()) }
}

fn main() {}
