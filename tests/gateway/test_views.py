import subprocess
import sys

from cove.gateway.views import GatewayInfo, Listen, WorkspaceView, parse_view


def test_they_survive_json() -> None:
    import json

    for value in (
        WorkspaceView("i", "n", "/f", "running", "docker"),
        Listen(port=8080),
        GatewayInfo("http://localhost:17000", 17000, "/c", 1, "0.1"),
    ):
        assert json.loads(json.dumps(value._asdict())) is not None


def test_a_view_comes_back_as_it_went() -> None:
    import json

    view = WorkspaceView("i", "n", "/f", "running", "docker", ports={"1": ""}, listening=("1",))
    assert parse_view(json.loads(json.dumps(view._asdict()))) == view


def test_the_defaults_let_nobody_in_who_has_not_signed_in() -> None:
    assert Listen().auth == "token"
    assert Listen().host == "127.0.0.1"
    assert Listen().allow_hosts == ()


def test_they_cost_nothing_to_import() -> None:
    code = (
        "import sys; before = set(sys.modules); import cove.gateway.views; print(*set(sys.modules) - before)"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = {name.partition(".")[0] for name in ran.stdout.split()}
    assert loaded <= {"cove", "typing", "collections", "functools", "contextlib", "re", "enum", "operator", "keyword",
        "reprlib", "heapq", "itertools", "types", "copyreg", "__future__", "_collections", "_operator", "_functools",
        "warnings", "_sre", "_heapq", "_typing"}  # fmt: skip
