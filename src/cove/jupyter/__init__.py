"""The door in Jupyter: a tile in its launcher, a command, and a word in the file browser's menu."""
