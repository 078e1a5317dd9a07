"""`python -m cistrace` is `cistrace`."""

from cistrace.cli.main import main

if __name__ == "__main__":
    main()
