import pytest

from cove.spec import rules
from cove.spec.run import Mount

A, B, A2 = Mount("volume", "one", "/a"), Mount("bind", "/b", "/b"), Mount("bind", "/two", "/a")


@pytest.mark.parametrize(
    ("rule", "values", "merged"),
    [
        (rules.any_true, [], False),
        (rules.any_true, [False, True, False], True),
        (rules.union, [], ()),
        (rules.union, [("b", "a"), ("c", "b")], ("b", "a", "c")),
        (rules.collected, ["x", "", "y"], ("x", "y")),
        (rules.collected, [(), ("a",)], (("a",),)),
        (rules.last("d"), [], "d"),
        (rules.last(True), [True, False], False),
        (rules.last_said(None), [], None),
        (rules.last_said(None), ["vscode", ""], "vscode"),
        (rules.per_name, [{"A": "1", "B": "2"}, {"A": None}], {"A": None, "B": "2"}),
        (rules.merged_env, [{"A": "1", "B": "2"}, {"A": None}], {"B": "2"}),
        (rules.merged_mounts, [(A, B), (A2,)], (B, A2)),
        (rules.merged_mounts, [(A2,), (A,)], (A,)),
        (
            rules.merged_ports,
            [(3000, "db:5432"), ("localhost:3000", "localhost:x", 8000)],
            (3000, "db:5432", "localhost:x", 8000),
        ),
        (rules.merged_requirements, [], {}),
        (
            rules.merged_requirements,
            [{"cpus": 2, "memory": "4gb"}, {"cpus": 8, "memory": "512mb", "storage": "1tb"}],
            {"cpus": 8, "memory": "4294967296", "storage": "1099511627776"},
        ),
        (rules.merged_gpu, [], None),
        (rules.merged_gpu, [False], None),
        (rules.merged_gpu, ["optional", False], "optional"),
        (rules.merged_gpu, [True, "optional"], True),
        (
            rules.merged_gpu,
            [{"cores": 2, "memory": "1gb"}, {"cores": 1, "memory": "2gb"}, True],
            {"cores": 2, "memory": "2147483648"},
        ),
    ],
)
def test_merges(rule, values, merged) -> None:
    assert rule(values) == merged
