#!/usr/bin/env python3
"""Merges a million synthetic rows and prints time and memory. Usage: merge.py BUILD [SHARDS]

Budget (docs/campaigns.md): below 60 s and 1 GB. Exit code 1 beyond it.
"""
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def measured(what, command):
    """Runs it in a child of its own, so that the peak memory is that of this command."""
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        Path(os.environ["WATTLAS_PEAK"]).write_text(str(peak))
        sys.stdout.write("".join(f"    {line}\n" for line in done.stdout.splitlines()[:6]))
        sys.stdout.flush()
        os._exit(done.returncode)
    _, status = os.waitpid(child, 0)
    seconds = time.monotonic() - start
    mebi = int(Path(os.environ["WATTLAS_PEAK"]).read_text()) / 1024
    print(f"{what}: {seconds:.1f} s, {mebi:.0f} MiB", flush=True)
    if status != 0:
        sys.exit(f"{what} failed")
    return seconds, mebi


def main():
    build = Path(sys.argv[1]).resolve()
    shards = sys.argv[2] if len(sys.argv) > 2 else "100"
    wattlas = build / "cli/wattlas"
    with tempfile.TemporaryDirectory() as folder:
        os.environ["WATTLAS_PEAK"] = folder + "/peak"
        sweep, output = folder + "/sweep", folder + "/out.h5"
        measured("plan", [wattlas, "campaign", "plan", HERE / "million.yaml", "-o", sweep])
        measured("synthetic rows", [build / "bench/campaign/bench_campaign_rows", sweep, shards])
        journals = sum(f.stat().st_size for f in Path(sweep, "journals").iterdir())
        print(f"journals: {journals / 1e6:.0f} MB")
        measured("status", [wattlas, "campaign", "status", sweep])
        seconds, mebi = measured("merge", [wattlas, "campaign", "merge", sweep, "-o", output])
        print(f"file: {os.stat(output).st_size / 1e6:.0f} MB")
        again = measured("start of a complete shard",
                         [wattlas, "campaign", "run", sweep, "--shard", f"0/{shards}"])
        del again
    if seconds >= 60 or mebi * 1.048576 >= 1000:
        sys.exit("beyond the budget of 60 s and 1 GB")


if __name__ == "__main__":
    main()
