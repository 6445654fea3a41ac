"""Registries: what is fetched from them besides the images that the engines pull themselves."""
