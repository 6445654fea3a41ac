"""Where a build step or container finds the host's certificate authorities, and which variables name the place.

cove's own path and variables only: mounting over the image's bundle breaks update-ca-certificates.
"""

from __future__ import annotations

CERTIFICATES_AT = "/run/cove-ca/ca.pem"
"""In a running container, and in the image that carries the file for a builder that can mount nothing."""
BUILD_CERTIFICATES_AT = "/dev/cove-ca/ca.pem"
"""Where a builder that mounts (a secret, a volume) shows the file to a build step. /dev is a fresh tmpfs in every
step, so the mountpoint leaves nothing in the layer; anywhere else an empty folder or file stays (tried with BuildKit
of docker 20.10 and podman 4.3)."""
SECRET_ID = "cove-ca"  # noqa: S105 - the name of a public bundle

CERTIFICATE_VARIABLES = (
    "SSL_CERT_FILE",  # OpenSSL's X509_get_default_cert_file_env: Python's ssl, Ruby, Go on Linux, uv, wget with OpenSSL
    "REQUESTS_CA_BUNDLE",  # Requests, "SSL Cert Verification"; conda, too
    "PIP_CERT",  # pip, option --cert as environment variable
    "CURL_CA_BUNDLE",  # curl(1), ENVIRONMENT
    "NODE_EXTRA_CA_CERTS",  # Node.js CLI documentation; npm and yarn run on it
    "GIT_SSL_CAINFO",  # git-config(1), http.sslCAInfo
    "AWS_CA_BUNDLE",  # AWS CLI and boto3, "Supported environment variables"
    "CONDA_SSL_VERIFY",  # conda, setting ssl_verify as environment variable
    "CARGO_HTTP_CAINFO",  # The Cargo Book, http.cainfo
    "NIX_SSL_CERT_FILE",  # Nix, "Common environment variables"
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",  # gRPC core, environment_variables.md
    "JULIA_SSL_CA_ROOTS_PATH",  # Julia manual, "Environment Variables"
)
"""Variables that make a program trust exactly (Node: also) the authorities of one PEM file."""

PROXY_VARIABLES = (
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "FTP_PROXY",
    "ftp_proxy",
    "NO_PROXY",
    "no_proxy",
    "ALL_PROXY",
    "all_proxy",
)
"""The builders know these as build arguments without an ARG line, and keep them out of the image's history."""


def render_certificates_image() -> str:
    """Return the Dockerfile of an image that carries only `ca.pem` of its build context, for `COPY --from`."""
    return f"FROM scratch\nCOPY ca.pem {CERTIFICATES_AT}\n"
