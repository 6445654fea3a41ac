import six


def main() -> None:
    print("trained with", six.__name__)
