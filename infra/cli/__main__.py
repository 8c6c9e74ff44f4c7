"""`python -m infra.cli`: the command `wiretrace` of this very installation, as its own children call it."""

from infra.cli import main

if __name__ == "__main__":
    main()
