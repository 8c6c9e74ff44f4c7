#!/usr/bin/env bash
# The wheel builds, carries every file of the four packages, and works where nothing but its dependencies is installed.
#
#   infra/scripts/wheel-check.sh [PYTHON]
#
# PYTHON (default python3) only makes the venv; everything is checked in that venv, outside the tree. The venv grows in
# three steps, each with its own checks: the base dependencies, [work] (which must do without Scrapy), [all]. Ends with
# one line a step; exit status 1 at the first thing that does not hold.
set -euo pipefail

tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
python=$(command -v "${1:-python3}")
python=$(cd "$(dirname "$python")" && pwd)/$(basename "$python")
unset PYTHONPATH PYTHONHOME
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

check() { venv/bin/python -I "$tree/infra/scripts/wheel_check.py" "$@"; }
install() { venv/bin/python -m pip install -q "$1" && venv/bin/python -m pip check -q; }

"$python" -m venv venv
venv/bin/python -m pip wheel -q --no-deps --wheel-dir dist "$tree"
wheel=$(echo "$work"/dist/wiretrace-*.whl)
check files "$wheel" "$tree"

install "$wheel"
check base
venv/bin/wiretrace --help | grep -q '^Usage: wiretrace'

install "${wheel}[work]"
check work

install "${wheel}[all]"
check all
venv/bin/wiretrace --version
