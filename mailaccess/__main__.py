"""`python -m mailaccess` is the `mailaccess` program."""

from mailaccess.cli import main

if __name__ == "__main__":
    main()
