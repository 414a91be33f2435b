#!/usr/bin/env python3
"""Prints lit's results as one line, "N passed, N failed": summary.py RESULTS.json

A test that was skipped for want of something counts as neither, and is named in lit's own report."""

import collections
import json
import pathlib
import sys

results = pathlib.Path(sys.argv[1])
codes = collections.Counter(test["code"] for test in json.loads(results.read_text())["tests"]) if results.exists() else {}
passed = sum(codes.get(code, 0) for code in ("PASS", "FLAKYPASS", "XFAIL"))
failed = sum(codes.values()) - passed - sum(codes.get(code, 0) for code in ("UNSUPPORTED", "EXCLUDED", "SKIPPED"))
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0 or passed == 0)
