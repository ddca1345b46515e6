"""One connection without I/O: frames, calls, credit, windows, deadlines. What carries the bytes is `runtime`."""
