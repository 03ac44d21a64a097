#!/usr/bin/env python3
"""docs/BENCH.md and its plots are what docs/evidence/bench.jsonl gives: no figure is typed by hand."""
import bench_report
from tree import finish

finish(bench_report.check(), "BENCH.md and its plots")
