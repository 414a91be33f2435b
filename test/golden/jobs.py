"""Runs the checks of a test, two at a time, and ends the program with what they found."""

import concurrent.futures
import sys


def run_jobs(jobs, check, failures, what="cases"):
    """check(job) gives the differences of one job, in words; `failures` were found before."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for found in pool.map(check, jobs):
            failures += found
    print(f"{len(jobs)} {what}, {len(failures)} differences")
    sys.stderr.write("".join(f"{words}\n" for words in failures))
    sys.exit(1 if failures or not jobs else 0)
