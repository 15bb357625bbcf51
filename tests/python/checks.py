"""What the tests of the companion package share: a client that has it."""

import pathlib
import sys

import vineyard

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "python" / "src"))

import vineyard_exact

# Twice is the same as once.
vineyard_exact.register()
vineyard_exact.register()


class Checks:
    """Puts by one connection and gets by another; counts."""

    def __init__(self, socket):
        self.client, self.other = vineyard.connect(socket), vineyard.connect(socket)
        self.count = 0

    def back(self, value):
        self.count += 1
        id = self.client.put(value)
        got = self.other.get(id)
        # Its memory stays as it is until the next value is put.
        self.client.delete(id)
        return got

    def objects(self):
        return len(self.client.list_objects("*", limit=1_000_000))

    def refused(self, value, error, text):
        """The value is refused with that text, and nothing of it is left behind."""
        self.count += 1
        before = self.objects()
        try:
            self.client.put(value)
        except error as refusal:
            assert text in str(refusal), refusal
        else:
            raise AssertionError(f"{value!r} was not refused")
        assert self.objects() == before, "something was left behind"
