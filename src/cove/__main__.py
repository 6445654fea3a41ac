"""`python -m cove` is the `cove` command."""

from cove.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
