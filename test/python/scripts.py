"""For tests of programs without the suffix .py: a program as a module. Found by PYTHONPATH, see CMakeLists.txt."""

import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader


def load(path):
    """The program at `path`, which is not run. Its module has its file's name, and finds what lies beside it."""
    sys.path.insert(0, str(path.parent))
    loader = SourceFileLoader(path.name, str(path))
    module = module_from_spec(spec_from_loader(loader.name, loader))
    sys.modules[loader.name] = module  # where a dataclass looks for its module
    loader.exec_module(module)
    return module
