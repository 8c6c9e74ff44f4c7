"""Measurements that stay: one module each, with a click command named `command` (see infra/cli/bench.py)."""
