"""The checks: a file each, found by its name: ``amazonsns_sandbox`` is run for each channel of the type ``amazonsns``.

A name that begins with no type of a channel is run once, for the stack. Each file has::

    TITLE   what the check is called where its results are shown
    NEEDS   the actions of IAM that it takes: nothing else may be asked
    LINK    the page that says more
    check   what it does: a ``Look`` in, findings out
"""
