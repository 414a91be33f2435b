# Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The pictures of a run: a roofline, and bars against the peers. plots.py RESULTS.json FOLDER"""

import json
import pathlib
import sys

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.hashsalt": "runestone", "svg.fonttype": "none", "font.size": 9, "axes.spines.top": False,
                            "axes.spines.right": False})  # fmt: skip
import matplotlib.pyplot as plt  # noqa: E402
from rows import ROWS  # noqa: E402


def roofline(results, path):
    machine, times = results["machine"], results["nanoseconds"]["1"]["Runestone"]
    figure, axes = plt.subplots(figsize=(8, 4.5))
    intensities = [10 ** (i / 20) for i in range(-20, 81)]
    for name, bandwidth in (("cache", machine["cache_bytes"]), ("last cache", machine["last_cache_bytes"]), ("memory", machine["memory_bytes"])):
        roof = [min(machine["flops"], bandwidth * x) / 1e9 for x in intensities]
        axes.plot(intensities, roof, label=f"{name}, {bandwidth / 1e9:.0f} GB/s")
    for name, row in ROWS.items():
        if row.flops and name in times:
            place = row.flops / row.bytes, row.flops / times[name]
            axes.plot(*place, "k.")
            axes.annotate(name, place, textcoords="offset points", xytext=(4, -8), fontsize=7)
    axes.set(xscale="log", yscale="log", xlabel="FLOP for each byte that has to move", ylabel="GFLOP/s",
             title=f"One thread, {machine['flops'] / 1e9:.0f} GFLOP/s")  # fmt: skip
    axes.legend(frameon=False)
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})


def bars(results, path):
    """How many times as long the best peer takes."""
    threads = sorted(results["nanoseconds"], key=int)
    names = [name for name in ROWS if name in results["nanoseconds"][threads[0]]["Runestone"] and
             name not in ("linear_forward", "tiny_sgd")]  # fmt: skip
    figure, axes = plt.subplots(figsize=(8, 5))
    for i, count in enumerate(threads):
        times = results["nanoseconds"][count]
        ratios = [
            min(t[name] for peer, t in times.items() if peer not in results["own"] and name in t)
            / times["Runestone"][name]
            for name in names
        ]
        places = [y + 0.4 * i - 0.2 for y in range(len(names))]
        drawn = axes.barh(places, ratios, height=0.36, label=f"{count} thread{'s' if count != '1' else ''}")
        axes.bar_label(drawn, [f"{ratio:.2f}" for ratio in ratios], padding=2, fontsize=7)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_yticks(range(len(names)), [ROWS[name].title for name in names])
    axes.invert_yaxis()
    axes.set(xlabel="the best peer's time over Runestone's")
    axes.legend(frameon=False)
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})


def main():
    results = json.loads(pathlib.Path(sys.argv[1]).read_text())
    folder = pathlib.Path(sys.argv[2])
    roofline(results, folder / "roofline.svg")
    bars(results, folder / "peers.svg")


if __name__ == "__main__":
    main()
