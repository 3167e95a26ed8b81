"""``python -m importer`` is ``light-import``."""

from importer.cli.main import main

if __name__ == "__main__":
    main()
