"""The camera studio with its light meter in Python. Needs the studio's binary, in `STUDIO`."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import unittest
from datetime import datetime, timezone
from pathlib import Path
from types import ModuleType

STUDIO = os.environ.get("STUDIO", "")
ANALYSE = Path(__file__).resolve().parents[3] / "examples" / "camera-studio" / "python" / "analyse.py"
WATCHDOG = 120.0
"""The studio ends by itself long before, in seconds."""


def analyse() -> ModuleType:
    """The example as a module."""
    sys.path.insert(0, str(ANALYSE.parent))
    spec = importlib.util.spec_from_file_location("analyse", ANALYSE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Meter(unittest.TestCase):
    def test_black_is_zero_white_is_one_and_motion_is_the_difference(self) -> None:
        module = analyse()
        meter = module.LightMeter()

        def frame(luma: int, data: bytes | None = None) -> object:
            picture = bytes([luma]) * 16 + bytes(8) if data is None else data
            return module.Frame(1, 0, datetime.now(timezone.utc), 4, 4, picture)

        black, white = meter.measure(frame(16)), meter.measure(frame(235))
        self.assertEqual((black.brightness, black.motion), (0.0, 0.0))
        self.assertEqual((white.brightness, white.motion), (1.0, 1.0))
        self.assertIsNone(meter.measure(frame(0, b"short")))


@unittest.skipIf(STUDIO == "", "STUDIO names no binary")
class InTheStudio(unittest.TestCase):
    def test_a_python_process_measures_the_pictures_of_the_studio(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            summary = Path(folder) / "summary.json"
            command = [STUDIO, "--for", "5s", "--quiet", "--no-kill", "--summary", str(summary)]
            command += ["--light-meter", str(ANALYSE)]
            done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=WATCHDOG)
            self.assertEqual(done.returncode, 0, done.stderr)
            figures = json.loads(summary.read_text())
        self.assertNotIn("light", figures["restarts"], done.stderr)
        (light,) = [one for one in figures["frames"]["receivers"] if one["label"] == "light"]
        self.assertGreater(light["received"], 10)


if __name__ == "__main__":
    unittest.main()
