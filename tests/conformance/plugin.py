"""A pytest plugin: tells the runner what happens, test by test, so that a hang or a crash costs one test.

Events are JSON lines in the file that CONFORMANCE_EVENTS names:

    {"collected": [ids]}    all tests that exist
    {"broken": id, "message": text}    a file that cannot be collected
    {"start": id}
    {"end": id, "outcome": "passed" | "failed" | "skipped", "message": text, "seconds": number}
    {"finished": true}      the session came to its end

Tests that the file named by CONFORMANCE_LEAVE_OUT lists are not run.
"""

import faulthandler
import json
import os
import socket
import time

import pytest

# A test that takes longer than this hangs: its process is ended, and the runner goes on with the next test.
HANGS_AFTER_SECONDS = 300

# What pytest captures is lost when the process ends, so this is taken before it begins to.
stderr = os.fdopen(os.dup(2), "w")

outcomes = {}
began = 0.0


def tell(**event):
    with open(os.environ["CONFORMANCE_EVENTS"], "a", encoding="utf-8") as events:
        events.write(json.dumps(event) + "\n")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    tell(collected=[item.nodeid for item in items])
    with open(os.environ["CONFORMANCE_LEAVE_OUT"], encoding="utf-8") as lines:
        leave_out = set(lines.read().splitlines())
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in leave_out])
    items[:] = [item for item in items if item.nodeid not in leave_out]


def pytest_collectreport(report):
    if report.failed:
        tell(broken=report.nodeid, message=str(report.longrepr))


def pytest_runtest_logstart(nodeid):
    global began
    began = time.monotonic()
    faulthandler.dump_traceback_later(HANGS_AFTER_SECONDS, exit=True, file=stderr)
    tell(start=nodeid)


def pytest_runtest_logreport(report):
    # A test has three reports (setup, call, teardown): the first that is not a pass decides.
    if outcomes.get(report.nodeid, ("passed",))[0] == "passed":
        crash = getattr(report.longrepr, "reprcrash", None)
        outcomes[report.nodeid] = (report.outcome, crash.message if crash else str(report.longrepr or ""))


def pytest_runtest_logfinish(nodeid):
    faulthandler.cancel_dump_traceback_later()
    outcome, message = outcomes.pop(nodeid)
    tell(end=nodeid, outcome=outcome, message=message, seconds=time.monotonic() - began)
    # Without a server the other tests would fail as well: the runner starts one anew.
    with socket.socket(socket.AF_UNIX) as connection:
        if connection.connect_ex(os.environ["CONFORMANCE_SOCKET"]) != 0:
            pytest.exit("the server is gone")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(exitstatus):
    if exitstatus != pytest.ExitCode.INTERRUPTED:
        tell(finished=True)
