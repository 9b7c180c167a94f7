"""What commands import, all of it at once: loaded into the process that commands of tests are forked from."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")

    import rich.markup  # noqa: F401

    import orchestration.report.summary  # noqa: F401
    from expectations.run import great_expectations

great_expectations()
