"""Workspaces for coding agents: the Model Context Protocol, with what the person grants for each workspace."""
