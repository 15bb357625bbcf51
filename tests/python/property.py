"""Does with values what a test of Rust says, line by line, by the companion package.

property.py SOCKET

Each line of the input is JSON: the names to `get` from and to `put` to, and what to do in between. The answer is `done`, or
what went wrong.
"""

import json
import sys

from checks import Checks

client = Checks(sys.argv[1]).client


def changed(value, order):
    """The rows of an array or a batch of Arrow; the dimensions of an array of numpy in another order, and parts of them."""
    if "rows" in order:
        value.validate()
        return value.slice(*order["rows"])
    if not value.ndim:
        return value
    return value.transpose(order["axes"])[tuple(slice(*steps) for steps in order["steps"])]


for line in sys.stdin:
    order = json.loads(line)
    try:
        id = client.put(changed(client.get(client.get_name(order["get"])), order))
        client.persist(id)
        client.put_name(id, order["put"])
        print("done", flush=True)
    except Exception as error:
        causes = [error]
        while causes[-1].__cause__ is not None:
            causes.append(causes[-1].__cause__)
        print("; ".join(f"{type(cause).__name__}: {cause}" for cause in causes).replace("\n", " "), flush=True)
