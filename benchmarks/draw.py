"""Related lists drawn at random from an index, to be read by eye.

python benchmarks/draw.py INDEX [HOW_MANY [SEED]]
"""

from __future__ import annotations

import random
import sys

from relatedstories import RelatedStories


def main(folder: str, how_many: str = "20", seed: str = "7") -> None:
    stories = RelatedStories.load(folder)
    for event in random.Random(int(seed)).sample(list(stories), int(how_many)):
        print(f"\n{event.date}  {event.title}")
        for link in stories.related(event.id):
            print(f"    {link.score:.2f}  {link.event.date}  {link.event.title[:160]}  [{link.context}]")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
