"""What a benchmark answers to ``--help``, instead of running for minutes."""

import argparse


def tell_usage(document: str | None) -> None:
    """Show what a benchmark measures where ``--help`` asks for it; refuse any other word.

    Args:
        document: The module's docstring.
    """
    show = argparse.RawDescriptionHelpFormatter
    argparse.ArgumentParser(description=document, formatter_class=show).parse_args()
