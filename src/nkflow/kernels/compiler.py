"""numba, imported when a kernel is to be compiled."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, cast

from nkflow.kernels.native import Code

__all__ = ["compiled", "dispatcher"]

_UNASKED = ("coverage", "yaml")


def dispatcher(function: Callable[..., Any], options: Mapping[str, Any]) -> Any:
    """Return numba's dispatcher of `function`, to be compiled with `options`."""
    _import_numba()
    from numba import njit

    return cast(Any, njit)(**options)(function)


def compiled(of: Any, arguments: tuple[Any, ...]) -> tuple[Callable[..., Any], Code | None]:
    """Compile a dispatcher for `arguments`: the function, and its code where another process can use it."""
    signature = tuple(map(of.typeof_pyval, arguments))
    function = of.compile(signature)
    result = of.overloads.get(signature)
    return function, None if result is None else _code(result)


def _code(result: Any) -> Code | None:
    """Return the code of what numba compiled; None where it holds on to this process, or numba keeps it elsewhere."""
    try:
        library = result.library
        bound = (
            library.has_dynamic_globals or getattr(library, "_reload_init", ()) or result.environment.consts
        )
        module, machine = library._final_module, library._get_compiled_object()
    except (AttributeError, RuntimeError, ValueError):
        return None
    values = list(module.global_variables)
    environments = tuple(v.name for v in values if v.name.startswith("_ZN08NumbaEnv"))
    needs = tuple(
        v.name
        for v in (*module.functions, *values)
        if v.is_declaration and not v.name.startswith("llvm.") and v.name not in environments
    )
    return None if bound else Code(result.fndesc.llvm_cpython_wrapper_name, environments, needs, machine)


def _import_numba() -> None:
    """Import numba without two packages that it takes along wherever they are installed.

    It uses ``coverage`` for ``NUMBA_JIT_COVERAGE`` alone, and PyYAML for a file ``.numba_config.yaml`` in the
    working folder; together they are a fourth of its import. They come where they are loaded already or asked for.
    """
    if "numba" in sys.modules or "NUMBA_JIT_COVERAGE" in os.environ or os.path.exists(".numba_config.yaml"):
        return
    modules = cast("dict[str, Any]", sys.modules)
    hidden = [name for name in _UNASKED if name not in modules]
    modules.update(dict.fromkeys(hidden))  # None: an import of it says that it is not there
    try:
        import numba  # noqa: F401
    finally:
        for name in hidden:
            del modules[name]
