"""The server under test: started in a folder of its own, on a port that the kernel gives."""

import os
import shlex
import signal
import socket
import subprocess
import time

READY_WITHIN_SECONDS = 60
ENDS_WITHIN_SECONDS = 30
# Room for everything that the tests of a suite leave behind; memory is taken when data arrives.
SIZE = "4Gi"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def listens(family, address):
    with socket.socket(family) as connection:
        return connection.connect_ex(address) == 0


def end_group(process):
    """Ends a process and those it started; they share a session."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


class Server:
    """`command` gets the flags that vineyardd has too, so that either server can be named."""

    def __init__(self, command, folder, log, environment):
        self.socket = os.path.join(folder, "vineyard.sock")
        self.port = free_port()
        self.command = [*shlex.split(command), "--socket", self.socket, "--rpc_socket_port", str(self.port),
                        "--size", SIZE, "--meta", "local"]
        self.log = log
        self.environment = environment
        self.deaths = []
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self.environment, start_new_session=True)
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while not (listens(socket.AF_UNIX, self.socket) and listens(socket.AF_INET, ("127.0.0.1", self.port))):
            if self.process.poll() is not None:
                raise SystemExit(f"the server ended with {self.process.returncode} instead of listening: {self.log}")
            if time.monotonic() > deadline:
                end_group(self.process)
                raise SystemExit(f"the server does not listen after {READY_WITHIN_SECONDS} s: {self.log}")
            time.sleep(0.02)

    def revive(self, after, hung):
        """Starts it anew if it is gone or if a test hung, which may be its doing."""
        gone = not listens(socket.AF_UNIX, self.socket)
        if gone or hung:
            end = self.stop()
            if gone or end:
                self.deaths.append(f"{end or 'it took no more connections'}, after {after}")
            self.start()

    def stop(self):
        """Ends it; returns what was wrong with its end, or an empty text."""
        status = self.process.poll()
        if status is not None:
            return f"it ended by itself, with {status}"
        self.process.terminate()
        try:
            status = self.process.wait(ENDS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            return f"it was still there {ENDS_WITHIN_SECONDS} s after SIGTERM"
        finally:
            end_group(self.process)
        return f"it ended with {status}" if status else ""
