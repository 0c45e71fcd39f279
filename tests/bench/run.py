#!/usr/bin/env python3
"""The measurements of docs/benchmarks.md: `make bench`, or `tools/bench NAME...` for some of them.

Each measurement prints its figures, its bar and whether it was met; all of them go to
build/bench/results.md as a table.
"""

import shutil
import sys

import deliveries
import events
import harness
import integrations
import messages
import scripts

MEASUREMENTS = [integrations, messages, scripts, deliveries, events]


def main():
    chosen = sys.argv[1:]
    available = {f.__name__: f for module in MEASUREMENTS for f in module.ALL}
    unknown = [name for name in chosen if name not in available]
    if unknown:
        sys.exit(f"unknown: {', '.join(unknown)}. There are: {', '.join(available)}")
    lines = ["| What | Figure | Bar | Met |", "|---|---|---|---|"]
    for name in chosen or available:
        print(f"== {name}: {available[name].__doc__}", flush=True)
        for what, figure, bar, met in available[name]():
            print(f"   {what}: {figure} (bar: {bar}) {'met' if met else 'MISSED' if met is not None else ''}", flush=True)
            lines.append(f"| {what} | {figure} | {bar} | {'yes' if met else 'no' if met is not None else '–'} |")
    harness.BUILD.mkdir(parents=True, exist_ok=True)
    (harness.BUILD / "results.md").write_text("\n".join(lines) + "\n")
    shutil.rmtree(harness.BUILD / "data", ignore_errors=True)


if __name__ == "__main__":
    main()
