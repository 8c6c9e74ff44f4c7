"""How Wiretrace runs in containers."""
