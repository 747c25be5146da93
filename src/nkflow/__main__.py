"""``python -m nkflow``: the command line."""

from nkflow.cli import main

if __name__ == "__main__":
    main(prog_name="nkflow")
