"""Bulk import of bills from spreadsheets into Light, each exactly once."""

__version__ = "0.1.0"

import os

# Arrow's own pool gives memory back to the system and takes it anew, piece after piece of a file:
# with the C library's a million rows take a seventh less time, and no more memory.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

# pydantic asks every installed package for plugins: a hundredth of the start, and we have none.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
