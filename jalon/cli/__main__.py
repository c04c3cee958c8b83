"""`python -m jalon.cli` : même chose que la commande `jalon`."""

from jalon.cli.principal import main

if __name__ == "__main__":
    main()
