"""Where a workspace runs, and how to reach it."""
