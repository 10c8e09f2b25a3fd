"""Print the related events of randomly drawn events of an index, for reading.

python benchmarks/draw.py INDEX [COUNT [SEED]]
"""

from __future__ import annotations

import random
import sys

from relatedstories import RelatedStories


def main(folder: str, count: str = "20", seed: str = "7") -> None:
    stories = RelatedStories.load(folder)
    for event in random.Random(int(seed)).sample(list(stories), int(count)):
        print(f"\n{event.date}  {event.title}")
        for link in stories.related(event.id):
            print(f"    {link.score:.2f}  {link.event.date}  {link.event.title[:160]}  [{link.context}]")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
