"""What each test has to do, read from expected.txt, and how that is compared with what it did."""

import pathlib

# What they mean is said in expected.txt.
WORDS = ("pass", "pass-all", "skip", "broken")


def read():
    """{suite: {test: word}}"""
    suites = {}
    path = pathlib.Path(__file__).with_name("expected.txt")
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = line.partition(" # ")[0].strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            tests = suites.setdefault(line.strip("[]"), {})
            continue
        word, _, test = line.partition(" ")
        if word not in WORDS or not test or test in tests:
            raise SystemExit(f"{path}:{number}: found {line!r}, expected one of {WORDS} and a test that is new")
        tests[test] = word
    return suites


def left_out(tests, everything):
    """The tests that are not run."""
    return {test for test, word in tests.items() if word == "broken" or (word == "pass-all" and not everything)}


def problems(tests, run, everything, partial):
    """(test, what is wrong) for each test that did not do what it has to; `partial` if only a selection was run."""
    found = list(run.uncollected.items())
    found += [(test, "listed in expected.txt, but there is no such test") for test in tests.keys() - run.collected]
    found += [(test, "not listed in expected.txt") for test in run.collected - tests.keys()]
    for test in (tests.keys() & run.collected) - left_out(tests, everything):
        if test not in run.ends:
            found += [] if partial else [(test, "not run")]
            continue
        outcome, message = run.ends[test]
        if outcome == "failed" or (outcome == "skipped" and tests[test] != "skip"):
            found.append((test, f"{outcome}: {message}"))
    return found
