"""Writes the tables of docs/types.md from what compare.py has found.

types_page.py DIRECTORY    with stock.json, exact.json and those of pandas 3, rust.json and others.json
"""

import json
import pathlib
import sys

TITLES = {
    "scalars": "Single values", "numpy": "Arrays of numpy", "arrow": "Arrays of Arrow",
    "tables": "Batches, tables and schemas of Arrow", "pandas": "Columns of pandas, in a frame of one column",
    "frames": "Labels, indexes and series of pandas",
}


def both(old, new):
    """One outcome, or those of both versions of pandas."""
    return old if old == new else f"{old}; pandas 3: {new}"


def cell(text):
    return text.replace("|", "\\|")


def rows(found, section):
    """Values with the same outcomes are one row."""
    merged = {}
    for number, name in enumerate(found["exact"][section]):
        one = {key: found[key][section].get(name, "") for key in found if key != "others"}
        # What Rust says of it, unless Python finds that it is not even carried.
        rust = one["rust"]
        if rust in ("exact", ""):
            rust = found["others"].get(f"{section}/{number}", rust)
        outcomes = (both(one["stock"], one["stock-pandas3"]), both(one["exact"], one["exact-pandas3"]), rust or "—")
        merged.setdefault(outcomes, []).append(name.replace("`", ""))
    for outcomes, names in merged.items():
        values = ", ".join(f"`{name}`" for name in names)
        yield "| " + " | ".join(map(cell, (values, *outcomes))) + " |"


def main(directory):
    found = {path.stem: json.loads(path.read_text()) for path in pathlib.Path(directory).glob("*.json")}
    for section, title in TITLES.items():
        print(f"## {title}\n")
        print("| value | the client alone, the published daemon | with vineyard-exact, our server | through Rust |")
        print("|---|---|---|---|")
        print("\n".join(rows(found, section)), end="\n\n")


main(sys.argv[1])
