"""Our code side by side with what a reader would otherwise use: `make bench`."""
