"""OpenSSH into a workspace: a server in the container that speaks on stdio, keys, the client's configuration."""
