"""The only code that touches the machine: processes, HTTP, files and locks, facts."""
