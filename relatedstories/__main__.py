"""``python -m relatedstories``: the command line."""

from relatedstories.cli import main

if __name__ == "__main__":
    main()
