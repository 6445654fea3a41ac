"""docker and podman, behind one engine; what they spell differently is data."""
