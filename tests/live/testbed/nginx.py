"""A real nginx in front of a server: a prefix, WebSockets, as its manual says."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING

from testbed.jupyter import answers
from testbed.process import running
from testbed.registry import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG = """\
daemon off; pid {place}/pid; error_log {place}/error.log;
events {{}}
http {{
  access_log off; client_max_body_size 0;
  client_body_temp_path {place}/body; proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/f;
  uwsgi_temp_path {place}/u; scgi_temp_path {place}/s;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
  server {{
    listen 127.0.0.1:{port}; listen [::1]:{port};
    location {prefix} {{
      proxy_pass http://127.0.0.1:{behind}{target};
      proxy_http_version 1.1; proxy_buffering off; proxy_read_timeout 1d;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
      proxy_set_header X-Forwarded-Proto $scheme; {more}
    }}
  }}
}}
"""


@contextlib.contextmanager
def running_nginx(place: Path, behind: int, prefix: str, *, strip: bool = False) -> Iterator[str]:
    """Serve what listens on the port `behind` below `prefix`, which ends in a slash; yield the URL.

    `strip` takes the prefix off the path and says so in X-Forwarded-Prefix.
    """
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    place.mkdir(exist_ok=True)
    port = free_port()
    more = f"proxy_set_header X-Forwarded-Prefix {prefix.rstrip('/')};" if strip else ""
    text = CONFIG.format(
        place=place, port=port, prefix=prefix, behind=behind, target="/" if strip else "", more=more
    )
    (place / "nginx.conf").write_text(text)
    url = f"http://localhost:{port}{prefix}"
    argv = [program, "-e", f"{place}/error.log", "-c", f"{place}/nginx.conf"]
    with running(argv, log=place / "log", ready=lambda: answers(url)):
        yield url
