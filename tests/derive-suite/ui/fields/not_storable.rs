use vineyard_core::Object;

#[derive(Object)]
#[object(typename = "t::X")]
struct X {
    a: std::net::TcpStream,
}

fn main() {}
