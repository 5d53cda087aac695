"""Signature: two functions' parameters in one, so that typer reads options of a command's own and those of all."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any


def merged(acts: Callable[..., int], run: Callable[..., int], without: Sequence[str] = ()) -> Callable[..., int]:
    """``acts``, which hands on by ``**given`` what it does not take itself, with the parameters of ``run`` as well.

    ``run``'s own come first, without its first one, which ``acts`` hands over; ``without`` are not offered.
    """
    own = list(inspect.signature(run, eval_str=True).parameters.values())[1:]
    every = list(inspect.signature(acts, eval_str=True).parameters.values())
    shared = [each for each in every if each.kind is not inspect.Parameter.VAR_KEYWORD and each.name not in without]
    made = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in (*shared[:1], *own, *shared[1:])]
    here: Any = acts
    here.__signature__ = inspect.Signature(made)
    here.__annotations__ = {each.name: each.annotation for each in made}
    return acts
