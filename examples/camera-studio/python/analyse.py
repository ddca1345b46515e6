#!/usr/bin/env python3
"""The studio's light meter in Python: measures every picture, and tells main once a second how pictures reach it.

Main starts it with its socket as standard input:

    cargo demo --light-meter examples/camera-studio/python/analyse.py
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from operator import sub
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "packages" / "python"))

from portcullis import Portcullis, PortcullisError, connect_inherited  # noqa: E402
from studio import Live, Measurements, Reports  # noqa: E402
from studio.types import CameraId, Frame, Measurement, Statistics  # noqa: E402

LUMA_BLACK, LUMA_WHITE = 16, 235
SAMPLES_MAX = 8192
"""Pixels of a picture that motion is measured on, evenly spread; brightness is measured on all."""
REPORT_SECONDS = 1.0


class LightMeter:
    """Measures one picture after another."""

    def __init__(self) -> None:
        self._before: tuple[CameraId, int, int, bytes] | None = None

    def measure(self, frame: Frame) -> Measurement | None:
        """Brightness and motion, as the contract defines them; nothing for a picture whose size and bytes disagree."""
        pixels = frame.width * frame.height
        chroma = ((frame.width + 1) // 2) * ((frame.height + 1) // 2)
        if len(frame.data) != pixels + 2 * chroma:
            return None
        luma = frame.data[:pixels]
        samples = luma[:: max(1, pixels // SAMPLES_MAX)]
        motion = 0.0
        if self._before is not None and self._before[:3] == (frame.camera, frame.width, frame.height):
            motion = sum(map(abs, map(sub, samples, self._before[3]))) / len(samples)
        self._before = (frame.camera, frame.width, frame.height, samples)
        brightness = sum(luma) / pixels - LUMA_BLACK
        span = LUMA_WHITE - LUMA_BLACK
        return Measurement(frame.camera, frame.sequence, _share(brightness / span), _share(motion / span))


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))


class Arrivals:
    """Counts pictures as they come."""

    def __init__(self) -> None:
        self.received = self.dropped = self.missed = self.bytes = 0
        self._recent: list[tuple[int, int]] = []
        """Latency in microseconds and bytes, of the pictures since the last report."""
        self._latencies: list[int] = []
        """The latencies of at most the last 10,000 pictures."""
        self._next: int | None = None

    def arrived(self, frame: Frame, missed: int) -> None:
        """Counts a picture, and how many main has dropped for this process so far."""
        self.missed = missed
        if self._next is not None and frame.sequence > self._next:
            self.dropped += frame.sequence - self._next
        self._next = frame.sequence + 1
        latency = max(0, int((time.time() - frame.captured.timestamp()) * 1_000_000))
        self.received += 1
        self.bytes += len(frame.data)
        self._recent.append((latency, len(frame.data)))
        self._latencies = [*self._latencies[-9_999:], latency]

    def report(self, seconds: float) -> Statistics:
        """What came since the last report."""
        recent, self._recent = self._recent, []
        latencies = sorted(latency for latency, _ in recent)
        total = sorted(self._latencies)
        return Statistics(
            receiver="",
            frames_per_second=len(recent) / seconds,
            bytes_per_second=sum(size for _, size in recent) / seconds,
            received=self.received,
            dropped=self.dropped,
            missed=self.missed,
            # Put together once, out of the parcels that it comes in: a Python peer maps no memory of main's.
            copies=self.received,
            bytes=self.bytes,
            latency_p50_us=_at(latencies, 0.5),
            latency_p99_us=_at(latencies, 0.99),
            total_latency_p50_us=_at(total, 0.5),
            total_latency_p99_us=_at(total, 0.99),
        )


def _at(ordered: list[int], share: float) -> int:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0


async def reports(arrivals: Arrivals) -> AsyncIterator[Statistics]:
    """One report a second, for ever. The first comes at once: it tells main that this receiver is there."""
    while True:
        yield arrivals.report(REPORT_SECONDS)
        await asyncio.sleep(REPORT_SECONDS)


async def work(portcullis: Portcullis) -> None:
    """Measures until the studio ends."""
    live = await portcullis.bind(Live)
    measured = await portcullis.publisher(Measurements)
    meter, arrivals = LightMeter(), Arrivals()
    reporting = asyncio.create_task((await portcullis.bind(Reports)).report(items=reports(arrivals)))
    try:
        async with live.frame() as frames:
            async for frame in frames:
                arrivals.arrived(frame, frames.missed)
                measurement = meter.measure(frame)
                if measurement is not None:
                    measured.measured(measurement)
    finally:
        reporting.cancel()


async def main() -> int:
    async with await connect_inherited(client="analyse", interfaces=[Live, Measurements, Reports]) as portcullis:
        try:
            await work(portcullis)
        except PortcullisError as error:
            # What fails because main has just left is no failure.
            if portcullis.ending is None:
                print(error, file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
