"""Objects that are pickled, and do something when they are unpickled.

pickled.py SOCKET put FILE    puts `py/pickled`, which makes a file when it is unpickled, and a frame with such a column
pickled.py SOCKET get FILE    gets `rs/linked`, in which Rust has put it again
"""

import pathlib
import sys

import pandas as pd

from checks import Checks


class Trap:
    """Comes back as the path of a file that is made in passing."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return eval, (f"__import__('pathlib').Path({self.path!r}).write_text('unpickled')",)


def main(socket, mode, path):
    client = Checks(socket).client
    if mode == "put":
        frame = pd.DataFrame({"n": [1, 2], "trap": pd.Series([Trap(path), 5], dtype=object)})
        for name, value in [("pickled", Trap(path)), ("frame", frame)]:
            id = client.put(value)
            client.persist(id)
            client.put_name(id, f"py/{name}")
    else:
        assert client.get(client.get_name("rs/linked")) == (len("unpickled"), 7)
        assert pathlib.Path(path).read_text() == "unpickled"
    print(mode)


main(*sys.argv[1:])
