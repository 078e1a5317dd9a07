"""`python -m cistrace` is `cistrace`."""

from cistrace.cli import main

if __name__ == "__main__":
    main()
