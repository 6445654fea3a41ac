"""Where a repository keeps its configuration (specification, "devcontainer.json"), and its Dockerfile."""

CONFIGURATION_PLACES = (".devcontainer/devcontainer.json", ".devcontainer.json")
"""In a workspace's folder, in this order; after them `.devcontainer/NAME/devcontainer.json`."""

DOCKERFILE_NAMES = ("Dockerfile", "Containerfile")
"""What counts where there is no devcontainer.json, in this order."""
