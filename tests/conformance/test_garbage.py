"""Bytes that are no message, at both endpoints; then a client has to work there as if nothing had been.

The fixtures `vineyard_ipc_socket` and `vineyard_endpoint` come from the published package's conftest.
"""

import array
import json
import os
import random
import socket
import struct

import numpy as np
import pytest
import vineyard

# A server that does not answer for so long hangs.
ANSWERS_WITHIN_SECONDS = 60
REGISTER = {"type": "register_request", "version": "0.24.2", "store_type": 1, "session_id": 0}


def frame(body):
    return struct.pack("<Q", len(body)) + body


def message(**keys):
    return frame(json.dumps(keys).encode())


# No frame, or only a part of one; then the peer hangs up.
BROKEN_OFF = {
    "nothing": b"",
    "one byte of a length": b"\x05",
    "seven bytes of a length": b"\x05\0\0\0\0\0\0",
    "a length alone": struct.pack("<Q", 100),
    "the longest length alone": struct.pack("<Q", 256 << 20),
    "half a message": message(**REGISTER)[:40],
    "a message and half of the next": message(**REGISTER) + message(type="clear_request")[:12],
    "empty messages": bytes(80_000),
    "a remote blob without its bytes":
        message(**REGISTER) + message(type="create_remote_buffer_request", size=1000) + b"x" * 10,
    "a compressed blob that is none":
        message(**REGISTER) + message(type="create_remote_buffer_request", size=1000, compress=True) + frame(b"x" * 99),
    "a compressed chunk of 2^64-1 bytes":
        message(**REGISTER) + message(type="create_remote_buffer_request", size=1000, compress=True) + b"\xff" * 99,
}

# A length above the limit: the server hangs up and says nothing.
TOO_LONG = {
    "one above the limit": struct.pack("<Q", (256 << 20) + 1),
    "the largest length": b"\xff" * 8,
    "the sign bit": struct.pack("<Q", 1 << 63),
    "ones": b"\x01" * 1000,
    "digits": b"1" * 100_000,
    "a request of HTTP": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a greeting of TLS": bytes.fromhex("16030100f8010000f40303") + bytes(range(200)),
    "noise": random.Random(7).randbytes(65_536),
}

# Frames that hold no request: each is answered with an error, and the connection goes on.
NO_REQUEST = {
    "an empty body": b"",
    "text": b"hello",
    "zero bytes": bytes(16),
    "not UTF-8": b'{"type": "\xff\xfe"}',
    "half an object": b'{"type": "exists_request", "id": 1',
    "two objects": b'{"type": "clear_request"}{"type": "clear_request"}',
    "a list": b"[]",
    "null": b"null",
    "a string": b'"exists_request"',
    "a number": b"5",
    "no keys": b"{}",
    "no type": b'{"id": 1}',
    "an empty type": b'{"type": ""}',
    "a type that does not exist": b'{"type": "no_such_request"}',
    "the type of a reply": b'{"type": "exists_reply", "exists": true}',
    "an error": b'{"type": "exists_request", "id": 1, "code": 4}',
    "brackets that nobody closes": b"[" * 100_000,
    "a mandatory key missing": b'{"type": "exists_request"}',
    "an id that is text": b'{"type": "exists_request", "id": "one"}',
    "an id that is null": b'{"type": "exists_request", "id": null}',
    "an id that is a list": b'{"type": "exists_request", "id": [1]}',
    "an id too large for a float": b'{"type": "exists_request", "id": 1e999}',
    "more bytes than there are": b'{"type": "create_buffer_request", "size": 18446744073709551615}',
    "sizes with a sum beyond 2^64":
        b'{"type": "create_buffers_request", "sizes": [9223372036854775808, 9223372036854775808], "num": 2}',
    "a remote blob of 2^64-1 bytes": b'{"type": "create_remote_buffer_request", "size": 18446744073709551615}',
    "a count without ids": b'{"type": "get_remote_buffers_request", "num": 18446744073709551615}',
}

# The same, but the published daemon goes down with them.
NO_REQUEST |= {
    "a type that is a number": b'{"type": 5}',
    "a type that is null": b'{"type": null}',
    "metadata that is a list": b'{"type": "create_data_request", "content": []}',
    "metadata that is a string": b'{"type": "create_data_request", "content": "x"}',
    "metadata missing": b'{"type": "create_data_request"}',
    "metadata that are numbers": b'{"type": "create_datas_request", "contents": [5]}',
    "a signature that is text":
        b'{"type": "create_data_request", "content": {"typename": "T", "instance_id": 0, "signature": "x"}}',
    "plasma on a normal session":
        b'{"type": "create_buffer_by_plasma_request", "plasma_id": "x", "size": 8, "plasma_size": 8}',
    "the end of the root session": b'{"type": "delete_session_request"}',
}


class Peer:
    """A connection that sends whatever it is told to."""

    def __init__(self, endpoint):
        if isinstance(endpoint, str):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(endpoint)
        else:
            self.socket = socket.create_connection(endpoint)
        self.socket.settimeout(ANSWERS_WITHIN_SECONDS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except ConnectionError:
            pass  # The server may hang up before it has read everything.

    def read(self, count):
        data = b""
        while len(data) < count:
            try:
                more = self.socket.recv(count - len(data))
            except ConnectionResetError:
                more = b""
            if not more:
                break
            data += more
        return data

    def ask(self, body):
        self.send(frame(body))
        (length,) = struct.unpack("<Q", self.read(8))
        return json.loads(self.read(length))


@pytest.fixture(params=["ipc", "rpc"])
def endpoint(request, vineyard_ipc_socket, vineyard_endpoint):
    host, port = vineyard_endpoint.split(":")
    yield vineyard_ipc_socket if request.param == "ipc" else (host, int(port))
    values = np.arange(1000)
    for client in [vineyard.connect(vineyard_ipc_socket), vineyard.connect(host, port)]:
        assert (client.get(client.put(values)) == values).all()
        client.close()


@pytest.mark.parametrize("data", BROKEN_OFF.values(), ids=BROKEN_OFF)
def test_a_peer_that_hangs_up(endpoint, data):
    with Peer(endpoint) as peer:
        peer.send(data)


@pytest.mark.parametrize("data", TOO_LONG.values(), ids=TOO_LONG)
def test_a_length_above_the_limit(endpoint, data):
    with Peer(endpoint) as peer:
        peer.send(data)
        assert peer.read(1) == b""


@pytest.mark.parametrize("body", NO_REQUEST.values(), ids=NO_REQUEST)
def test_a_frame_that_holds_no_request(endpoint, body):
    with Peer(endpoint) as peer:
        assert peer.ask(json.dumps(REGISTER).encode())["type"] == "register_reply"
        assert peer.ask(body)["code"] != 0
        assert peer.ask(b'{"type": "exists_request", "id": 1}') == {"type": "exists_reply", "exists": False}


@pytest.mark.parametrize("body", [b'{"type": "clear_request"}', b'{"type": "exists_request", "id": 1}', b""])
def test_a_request_before_register(endpoint, body):
    with Peer(endpoint) as peer:
        assert peer.ask(body)["code"] == 1
        assert peer.ask(json.dumps(REGISTER).encode())["type"] == "register_reply"


def test_descriptors_that_nobody_asked_for(vineyard_ipc_socket):
    read, write = os.pipe()
    with Peer(vineyard_ipc_socket) as peer:
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [write] * 50))
        peer.socket.sendmsg([message(**REGISTER)], [rights])
        os.close(write)
        # They are closed, or they never arrived: either way nobody holds the pipe open.
        assert os.read(read, 1) == b""
    os.close(read)
