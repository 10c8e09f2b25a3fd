"""``python -m relatedstories``: the command line."""

from relatedstories.cli.app import main

if __name__ == "__main__":
    main()
