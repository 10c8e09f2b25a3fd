"""Write the golden index of this version: ``python tests/index/golden/make.py`` writes ``format-N.tar.xz`` beside this file.

To be run once for each format, before it is released; the files of older formats are never written again.
"""

from __future__ import annotations

import io
import json
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> None:
    sys.path.insert(0, str(HERE.parents[1]))
    from helpers import SPACE, quick

    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        stories = quick().fit(SPACE)
        list(stories.all_related())
        stories.save(index)
        about = json.loads((index / "index.json").read_text(encoding="utf-8"))
        path = HERE / f"format-{about['format']}.tar.xz"
        with tarfile.open(path, "w:xz", preset=9) as archive:
            for file in sorted(index.rglob("*")):
                if file.is_file():
                    entry = tarfile.TarInfo(file.relative_to(index).as_posix())
                    entry.size = file.stat().st_size
                    archive.addfile(entry, io.BytesIO(file.read_bytes()))
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
