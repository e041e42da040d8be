"""`python -m maverick_assets.cli`: the command where the package is not installed."""

from maverick_assets.cli.app import main

if __name__ == "__main__":
    main()
