import yaml


def mean(values: list[float]) -> float:
    return float(yaml.safe_load(str(sum(values) / len(values))))
