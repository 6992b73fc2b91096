#!/usr/bin/env python3
"""Merges a million synthetic rows and prints time and memory. Usage: merge.py BUILD [SHARDS]

Budget (docs/campaigns.md): below 60 s and 1 GB. Exit code 1 beyond it. Everything here is
single-threaded: on an idle machine, processor time is the time it takes.
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
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        Path(os.environ["WATTLAS_PEAK"]).write_text(
            f"{used.ru_maxrss} {used.ru_utime + used.ru_stime}")
        sys.stdout.write("".join(f"    {line}\n" for line in done.stdout.splitlines()[:6]))
        sys.stdout.flush()
        os._exit(done.returncode)
    _, status = os.waitpid(child, 0)
    seconds = time.monotonic() - start
    peak, cpu = Path(os.environ["WATTLAS_PEAK"]).read_text().split()
    mega = int(peak) * 1024 / 1e6
    print(f"{what}: {seconds:.1f} s ({float(cpu):.1f} s of processor time), {mega:.0f} MB",
          flush=True)
    if status != 0:
        sys.exit(f"{what} failed")
    return float(cpu), mega


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
        cpu, mega = measured("merge", [wattlas, "campaign", "merge", sweep, "-o", output])
        print(f"file: {os.stat(output).st_size / 1e6:.0f} MB")
        measured("start of a complete shard",
                 [wattlas, "campaign", "run", sweep, "--shard", f"0/{shards}"])
    if cpu >= 60 or mega >= 1000:
        sys.exit("beyond the budget of 60 s and 1 GB")


if __name__ == "__main__":
    main()
