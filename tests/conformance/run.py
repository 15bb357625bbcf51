"""Runs the published package's own tests against a server; tests/conformance.sh says how."""

import argparse
import collections
import json
import os
import pathlib
import random
import subprocess
import sys
import sysconfig
import tempfile
import time

import expected
from server import Server, end_group

HERE = pathlib.Path(__file__).parent
PACKAGES = pathlib.Path(sysconfig.get_path("purelib"))
# Where the tests lie, and what is run of them.
SUITES = {
    "garbage": (HERE, ["test_garbage.py", "-p", "vineyard.conftest"]),
    "core": (PACKAGES, ["vineyard/core/tests", "vineyard/data/tests", "vineyard/shared_memory/tests",
                        "vineyard/io/tests"]),
    "ml": (PACKAGES, ["vineyard/contrib/ml/tests/test_xgboost.py"]),
    "io": (PACKAGES, ["vineyard/drivers/io/tests/test_open.py", "vineyard/drivers/io/tests/test_serialize.py"]),
}
# A process of tests that is still there after this long hangs outside of its tests.
ENDS_WITHIN_SECONDS = 3600


class Run:
    """What came of the tests of one suite."""

    def __init__(self):
        self.collected = set()
        self.uncollected = {}
        self.ends = {}  # test: (outcome, message)
        self.current = None
        self.finished = False

    def read(self, events):
        self.current, self.finished = None, False
        for event in map(json.loads, events.read_text(encoding="utf-8").splitlines()):
            if "collected" in event:
                self.collected.update(event["collected"])
            elif "broken" in event:
                self.uncollected[event["broken"]] = event["message"]
            elif "start" in event:
                self.current = event["start"]
            elif "end" in event:
                self.ends[event["end"]] = (event["outcome"], event["message"])
                self.current = None
            elif "finished" in event:
                self.finished = True


def environment():
    """Ours, without what would lead a client elsewhere, and with the programs of the Python environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VINEYARD_", "PYTEST_"))}
    programs = [sysconfig.get_path("scripts"), str(PACKAGES / "vineyard" / "bdist"), kept.get("PATH", "/usr/bin:/bin")]
    return kept | {"PATH": os.pathsep.join(programs), "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1"}


def make_dataset(folder):
    """The files that the tests of io read, by the names they ask for: the same table of numbers in three formats."""
    import pyarrow
    from pyarrow import orc, parquet

    numbers = random.Random(31)
    # The first row has the numbers that some tests take for a header. With a small table the client's processes end while
    # Arrow still starts its threads, and then they abort now and then.
    rows = [(1, 2, 10)] + [(row, numbers.randrange(5000), numbers.randrange(100)) for row in range(150_000)]
    columns = {str(column[0]): pyarrow.array(column, pyarrow.int64()) for column in zip(*rows)}
    (folder / "p2p-31.e").write_text("".join("%d %d %d\n" % row for row in rows), encoding="utf-8")
    parquet.write_table(pyarrow.table(columns), folder / "p2p-31.e.parquet")
    orc.write_table(pyarrow.table(columns), folder / "p2p-31.e.orc")


def run_suite(name, server, folder, log, leave_out, selection):
    """Runs pytest, again after each test that took its process or the server along, until all tests have been run."""
    root, arguments = SUITES[name]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "plugin", "--rootdir", str(root),
               "-c", os.devnull, "--durations=0", *arguments, "-k", selection, f"--vineyard-ipc-socket={server.socket}",
               f"--vineyard-endpoint=127.0.0.1:{server.port}"]
    if name == "io":
        (folder / "data").mkdir()
        (folder / "out").mkdir()
        make_dataset(folder / "data")
        command += [f"--test-dataset={folder / 'data'}", f"--test-dataset-tmp={folder / 'out'}"]
    events, left_out = folder / "events", folder / "left_out"
    variables = {"CONFORMANCE_EVENTS": events, "CONFORMANCE_LEAVE_OUT": left_out, "CONFORMANCE_SOCKET": server.socket}
    run = Run()
    while not run.finished:
        events.write_text("", encoding="utf-8")
        left_out.write_text("\n".join(leave_out | run.ends.keys()), encoding="utf-8")
        before = len(run.ends)
        with open(log, "ab") as output:
            process = subprocess.Popen(command, cwd=root, env=server.environment | variables, stdin=subprocess.DEVNULL,
                                       stdout=output, stderr=output, start_new_session=True)
            try:
                process.wait(ENDS_WITHIN_SECONDS)
            except subprocess.TimeoutExpired:
                pass
            end_group(process)
        run.read(events)
        if run.current:
            run.ends[run.current] = ("failed", f"its process hung or crashed, with {process.returncode}: {log}")
        server.revive(next(reversed(run.ends), "no test"), hung=run.current is not None)
        if len(run.ends) == before:
            break
    return run


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--server", required=True)
    parser.add_argument("--logs", type=pathlib.Path, required=True)
    parser.add_argument("-k", dest="selection", default="")
    parser.add_argument("suites", nargs="*", metavar="SUITE")
    options = parser.parse_args()
    lists = expected.read()
    unknown = set(options.suites) - SUITES.keys()
    if unknown:
        parser.error(f"found {sorted(unknown)}, expected suites out of {list(SUITES)}")
    options.logs.mkdir(parents=True, exist_ok=True)

    total = collections.Counter()
    causes = collections.defaultdict(list)
    print(f"{'suite':<10}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>9}")
    for name in options.suites or SUITES:
        tests = lists.get(name, {})
        leave_out = expected.left_out(tests, options.all)
        if name in lists and not options.all and "pass" not in tests.values():
            continue
        began = time.monotonic()
        log, server_log = options.logs / f"{name}.log", options.logs / f"{name}.server.log"
        for path in (log, server_log):
            path.write_bytes(b"")
        with tempfile.TemporaryDirectory(prefix="vineyard-conformance-") as folder:
            server = Server(options.server, folder, server_log, environment())
            try:
                run = run_suite(name, server, pathlib.Path(folder), log, leave_out, options.selection)
            finally:
                end = server.stop()
        if name not in lists:  # Ours: all of them have to pass.
            tests = dict.fromkeys(run.collected, "pass")
        found = expected.problems(tests, run, options.all, bool(options.selection))
        found += [("the server", death) for death in server.deaths + [end] if death]
        outcomes = collections.Counter(outcome for outcome, _ in run.ends.values())
        broken = sum(word == "broken" for word in tests.values())
        count = {"passed": outcomes["passed"], "failed": len(found), "skipped": outcomes["skipped"] + broken}
        total.update(count)
        for test, cause in sorted(found):
            causes[cause].append(f"{name}: {test}")
        print(f"{name:<10}{count['passed']:>8}{count['failed']:>8}{count['skipped']:>9}"
              f"{time.monotonic() - began:>9.0f}", flush=True)
    for cause, tests in causes.items():
        print(f"\n{cause}", *tests, sep="\n    ")
    print(f"\n{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    return 1 if causes else 0


if __name__ == "__main__":
    sys.exit(main())
