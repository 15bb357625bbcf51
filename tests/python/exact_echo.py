"""Gets what Rust has put under `rs/0`, `rs/1`, … with the companion package, and puts it back under `py/0`, `py/1`, …"""

import pathlib
import sys

import vineyard

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "python" / "src"))

import vineyard_exact

vineyard_exact.register()
client = vineyard.connect(sys.argv[1])
for number in range(int(sys.argv[2])):
    value = client.get(client.get_name(f"rs/{number}"))
    value.validate()
    id = client.put(value)
    client.persist(id)
    client.put_name(id, f"py/{number}")
print(f"echoed: {number + 1}")
