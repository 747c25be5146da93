"""Machine code becomes a function of this process, with LLVM's linker and numba's C helpers but without numba's import.

The code is what numba compiled: a function that Python calls, with the conversion of its arguments. It asks for C
functions of three of numba's extension modules, which need nothing else of numba. Every function has a linker of its
own, so nothing of one is taken for another's.
"""

from __future__ import annotations

import builtins
import ctypes
import hashlib
import importlib.util
import sys
from collections.abc import Callable
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, cast

__all__ = ["Code", "host", "links", "runnable"]


class Code(NamedTuple):
    """A compiled kernel.

    Attributes
    ----------
    wrapper
        The symbol that Python calls.
    environments
        Symbols that hold the address of an environment (numba's constants of a function; ours have none).
    needs
        Symbols that have to be there when it is linked.
    machine
        The object file.
    """

    wrapper: str
    environments: tuple[str, ...]
    needs: tuple[str, ...]
    machine: bytes


def host() -> str:
    """Return what the processor is and a hash of what it has, as the compiler is told them."""
    llvm = _llvm()
    features = hashlib.sha256(llvm.get_host_cpu_features().flatten().encode()).hexdigest()
    return f"{llvm.get_process_triple()} {llvm.get_host_cpu_name()} {features[:16]}"


def links() -> bool:
    """Tell whether code can be linked here without numba."""
    return _helpers() is not None


def runnable(code: Code, function: Callable[..., Any]) -> Callable[..., Any] | None:
    """Return `code`, compiled of `function`, as a function; None where something that it needs is not here."""
    llvm, environments = _llvm(), _helpers()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target.create_target_machine(jit=True))
    if environments is None or not all(
        map(llvm.address_of_symbol, code.needs)
    ):  # the linker would end the process
        return None
    engine.add_object_file(llvm.ObjectFileRef.from_data(code.machine))
    engine.finalize_object()
    module = sys.modules[function.__module__]
    environment = environments.Environment(vars(module))
    for name in code.environments:
        place = engine.get_global_value_address(name)
        if place:
            ctypes.c_void_p.from_address(place).value = id(environment)
    address = engine.get_function_address(code.wrapper)
    made = environments.make_function(
        module, function.__name__, function.__doc__ or "", address, environment, (engine,)
    )
    return cast("Callable[..., Any]", made)


@cache
def _llvm() -> Any:
    """Return LLVM's binding, ready for this machine."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm


@cache
def _helpers() -> Any:
    """Name all that compiled code may ask for to LLVM; return the module that makes functions, None without it."""
    try:
        functions, environments, runtime = map(
            _extension, ("numba._helperlib", "numba._dynfunc", "numba.core.runtime._nrt_python")
        )
        named = {f"numba_{k}": v for m in (functions, environments) for k, v in m.c_helpers.items()}
        named |= {k if k.startswith("_") else f"NRT_{k}": v for k, v in runtime.c_helpers.items()}
        runtime.memsys_use_cpython_allocator()
    except (ImportError, AttributeError):  # another numba: its own import does all this
        return None
    errors = [e for e in vars(builtins).values() if isinstance(e, type) and issubclass(e, BaseException)]
    named |= {f"PyExc_{e.__name__}": id(e) for e in errors} | {"_Py_NoneStruct": id(None)}
    for name, address in named.items():
        _llvm().add_symbol(name, address)
    return environments


def _extension(name: str) -> ModuleType:
    """Import an extension module of numba without the packages around it; they find it when they are imported."""
    if name in sys.modules:
        return sys.modules[name]
    numba = importlib.util.find_spec("numba")
    if numba is None or not numba.submodule_search_locations:
        raise ImportError(name)
    start = Path(numba.submodule_search_locations[0]).joinpath(*name.split(".")[1:])
    path = next((p for end in EXTENSION_SUFFIXES if (p := start.with_name(start.name + end)).exists()), None)
    spec = importlib.util.spec_from_file_location(name, path)
    if path is None or spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return sys.modules.setdefault(name, module)
