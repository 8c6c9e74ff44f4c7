"""The bundled newsroom: a small web of invented news sites on loopback, with the truth about who copied whom.

`newsroom.toml` and `stories/` are its content, `model.py` reads them, `pages.py` and `documents.py` make the pages
and the feeds, `server.py` serves them. Used by `wiretrace demo` and by the end-to-end tests.
"""
