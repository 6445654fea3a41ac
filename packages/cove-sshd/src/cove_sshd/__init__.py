"""A static OpenSSH server for containers: the folders `amd64` and `arm64` beside this file."""
