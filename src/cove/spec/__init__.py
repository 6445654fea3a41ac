"""The Dev Container language: pure functions from text and facts to frozen values."""
