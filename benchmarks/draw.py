"""Print the related events of randomly drawn events of an index, for reading."""

from __future__ import annotations

import argparse
import random

from relatedstories import RelatedStories


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("index", metavar="INDEX", help="the folder of an index")
    parser.add_argument("count", nargs="?", type=int, default=20, metavar="COUNT", help="number of events (default: %(default)s)")
    parser.add_argument("seed", nargs="?", type=int, default=7, metavar="SEED", help="seed of the draw (default: %(default)s)")
    args = parser.parse_args()
    stories = RelatedStories.load(args.index)
    for event in random.Random(args.seed).sample(list(stories), args.count):
        print(f"\n{event.date}  {event.title}")
        for link in stories.related(event.id):
            print(f"    {link.score:.2f}  {link.event.date}  {link.event.title[:160]}  [{link.label}]")


if __name__ == "__main__":
    main()
