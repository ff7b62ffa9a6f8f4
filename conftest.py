"""Loads the fixture modules; the plugin itself comes by its entry point."""

import sys
from pathlib import Path

# The suites run from a checkout and from inside an installed wheel alike.
sys.path.insert(0, str(Path(__file__).parent))

pytest_plugins = [
    "fixtures.machines",
    "fixtures.platform",
    "fixtures.instances",
    "fixtures.states",
    "pytester",
]
