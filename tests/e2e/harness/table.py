"""Tables of cases for pytest: one row is one test, and its words are the test's name."""

import pytest


def table(rows):
    """{"what is special here": (value, ...)} as the second argument of parametrize. A single value
    need not be a tuple."""
    return [
        pytest.param(*(values if isinstance(values, tuple) else (values,)), id=name)
        for name, values in rows.items()
    ]
