"""A compiled kernel comes from the disk without numba's compiler: a third of a second that gating doesn't wait for.

Before numba rebuilds a function from its cache it loads every implementation that it could compile with (lists,
linear algebra, ``scipy.linalg``, ...), compiles the counting of references, and looks through all installed packages
for extensions of its compiler. Then it reads the function's bitcode, which only a caller that is compiled later
links, and imports the modules of all functions that became part of it, for globals that only object mode looks at.
Machine code has all that it uses of these in it, but for the addresses of the C functions of numba's runtime; the
rest is done when there is something to compile. Key, index and files stay numba's own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, cast

from numba.core import caching, codegen, compiler, entrypoints, environment
from numba.core.runtime import nrt

__all__ = ["serve_lean"]

_caching, _codegen, _compiler = cast(Any, caching), cast(Any, codegen), cast(Any, compiler)  # untyped
_entrypoints, _environments, _runtime = cast(Any, entrypoints), cast(Any, environment), cast(Any, nrt)
_NEEDED = (  # names inside numba that the classes below build on
    (_caching, "CompileResultCacheImpl.rebuild"),
    (_caching, "FunctionCache._load_overload"),
    (_caching, "pickle.UnpicklingError"),
    (_codegen, "JITCodeLibrary._get_module_for_linking"),
    (_codegen, "JITCodeLibrary._finalize_final_module"),
    (_codegen, "JITCPUCodegen.unserialize_library"),
    (_codegen, "JITCPUCodegen._library_class"),
    (_codegen, "JitEngine"),
    (_compiler, "CompileResult._rebuild"),
    (_entrypoints, "init_all"),
    (_environments, "Environment._memo"),
    (_environments, "lookup_environment"),
    (_runtime, "_nrt.c_helpers"),
    (_runtime, "ll.add_symbol"),
)
_PARTS = (
    "libdata",
    "fndesc",
    "referenced_envs",
)  # the first two parts of a function on the disk, and the last


def _known() -> bool:
    """Tell whether numba has the names, and a kernel on the disk the parts, that the classes below expect."""
    for place, path in _NEEDED:
        for name in path.split("."):
            if not hasattr(place, name):
                return False
            place = getattr(place, name)
    rebuilt, engine = _compiler.CompileResult._rebuild.__code__, _codegen.JitEngine.__init__.__code__
    parts = rebuilt.co_varnames[2 : rebuilt.co_argcount]  # behind the class and the target
    return parts[:2] + parts[-1:] == _PARTS and "_defined_symbols" in engine.co_names


@cache
def _library() -> Any:
    """Return numba's class of a function's code, whose bitcode waits for a caller to link it."""

    class Library(_codegen.JITCodeLibrary):  # type: ignore[misc, name-defined]
        _bitcode: Any = None
        _linked: Any = None

        @classmethod
        def _unserialize(cls, owner: Any, state: Any) -> Any:
            name, _, (code, bitcode) = state
            library = cls(owner, name)
            library.enable_object_caching()
            library._set_compiled_object(code)
            library._bitcode = bitcode
            library._finalize_final_module()
            return library

        def _get_module_for_linking(self) -> Any:
            if self._linked is None:
                self._linked = _codegen.ll.parse_bitcode(self._bitcode)
            return self._linked

    return Library


@contextmanager
def _read_as(library: Any, owner: Any) -> Iterator[None]:
    """Let `owner` make libraries of the class `library`; numba's lock of the compiler is held meanwhile."""
    owner._library_class = library
    try:
        yield
    finally:
        del owner._library_class  # the class's own is seen again


def _environment_of(module: str, constants: Any, name: str) -> Any:
    """Return the environment `name`: what numba's does, without an import of `module` for its globals."""
    found = _environments.lookup_environment(name)
    if found is None:
        known = sys.modules.get(module)
        found = _environments.Environment({"__name__": module} if known is None else vars(known))
        found.consts[:] = constants
        found.env_name = name
        _environments.Environment._memo[name] = found
    return found


@cache
def _cache() -> Any:
    """Return numba's class of the cache of a function, which rebuilds it without the compiler."""

    class Rebuilt(_caching.CompileResultCacheImpl):  # type: ignore[misc, name-defined]
        def reduce(self, result: Any) -> Any:
            *parts, used = super().reduce(result)
            return *parts, [(e.globals["__name__"], list(e.consts), e.env_name) for e in used]

        def rebuild(self, target: Any, parts: Any) -> Any:
            *most, used = parts
            owner, wrapper = target.codegen(), most[1].llvm_cpython_wrapper_name
            owner._engine._defined_symbols.add(wrapper)  # the only one that is looked up by its name
            with _read_as(_library(), owner):
                return super().rebuild(target, (*most, tuple(_environment_of(*e) for e in used)))

    class Cache(_caching.FunctionCache):  # type: ignore[misc, name-defined]
        _impl_class = Rebuilt

        def load_overload(self, signature: Any, target: Any) -> Any:
            _name_runtime()
            try:
                result = self._load_overload(signature, target)
            except (EOFError, _caching.pickle.UnpicklingError):  # a file that a power cut left short
                self.flush()
                result = None
            if result is None:
                _entrypoints.init_all()  # it is compiled now
            return result

    return Cache


@cache
def _name_runtime() -> None:
    """Tell LLVM where the C functions of numba's runtime are, as ``rtsys.initialize`` does and names them."""
    for name, address in _runtime._nrt.c_helpers.items():
        _runtime.ll.add_symbol(name if name.startswith("_") else f"NRT_{name}", address)


def _later() -> None:
    """Do without what other packages teach the compiler (a search through all that is installed) until it is asked."""


def serve_lean(dispatcher: Any) -> Any:
    """Let `dispatcher` keep its code on the disk and take it from there without the compiler; returns `dispatcher`.

    Where numba's insides have other names it is done numba's own way; a function that it does not compile
    (``NUMBA_DISABLE_JIT``) is left alone.
    """
    if hasattr(dispatcher, "enable_caching"):
        if _known() and hasattr(dispatcher, "_cache"):
            dispatcher._cache = _cache()(dispatcher.py_func)
            dispatcher._compilation_chain_init_hook = _later
        else:
            dispatcher.enable_caching()
    return dispatcher
