"""h5py_test.py DOCUMENT SAMPLE_STORE: runs the Python example of the documentation on a real file.

Exit code 77 (skipped) without h5py (package python3-h5py, scripts/setup.sh --ci).
"""
import os
import re
import subprocess
import sys
import tempfile

try:
    import h5py
except ImportError:
    print("skipped: no h5py; 'scripts/setup.sh --ci' installs the package python3-h5py")
    sys.exit(77)

with open(sys.argv[1], encoding="utf-8") as document:
    example = re.search(r"```python\n(.*?)```", document.read(), re.S).group(1)

with tempfile.TemporaryDirectory() as folder:
    subprocess.run([os.path.abspath(sys.argv[2]), "full", os.path.join(folder, "out.h5")], check=True)
    os.chdir(folder)
    exec(compile(example, "example", "exec"), {})  # the example raises when the layout is another
    with h5py.File("out.h5") as file:
        points = file["points"]
        rows = int(file.attrs["points"])
        for name, column in points.items():
            assert column.shape == (rows,), name
            assert column.chunks and column.compression == "gzip" and column.fletcher32, name
        assert points["time_s.p5"].attrs["unit"] == b"s"
        for group in file.attrs["tables"]:
            lengths = {len(file[group.decode()][c.decode()]) for c in file[group.decode()].attrs["columns"]}
            assert len(lengths) == 1, group
        history = file["search/history"]
        assert history["evaluations"].dtype.kind == "i" and history["hypervolume"].dtype.kind == "f"
        print(f"read {rows} points, {len(points)} columns, {len(file.attrs['tables'])} tables")
