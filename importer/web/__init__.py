"""The page in the browser: requests become calls of ``app``, results become HTML. No rules here."""
