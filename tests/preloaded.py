"""What a command would read and build first, done once in the process that commands are forked
from. Nothing here may start a thread: a fork would lose it."""

from __future__ import annotations

import gc

from importer.mapping.template_loader import load_template, shipped_templates

for _path in shipped_templates().values():
    load_template(_path)
gc.freeze()  # a collection in the fork would copy every page of it
