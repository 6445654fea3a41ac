"""The web door to the workspaces of one person."""
