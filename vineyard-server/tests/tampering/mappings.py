"""Tries to change a file through mappings of the descriptor that is the standard input, and says what came of it."""

import ctypes
import errno
import mmap
import os

DESCRIPTOR = 0
PAGE = mmap.PAGESIZE
BOTH = mmap.PROT_READ | mmap.PROT_WRITE
MAP_FAILED = ctypes.c_void_p(-1).value

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
MADV_REMOVE = 9


def checked(failed):
    if failed:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def mapped(protection, flags):
    address = libc.mmap(None, PAGE, protection, flags, DESCRIPTOR, 0)
    checked(address == MAP_FAILED)
    return address


def map_writable():
    ctypes.memset(mapped(BOTH, mmap.MAP_SHARED), 0xFF, PAGE)


def make_writable():
    address = mapped(mmap.PROT_READ, mmap.MAP_SHARED)
    checked(libc.mprotect(address, PAGE, BOTH) != 0)
    ctypes.memset(address, 0xFF, PAGE)


def remove_pages():
    checked(libc.madvise(mapped(mmap.PROT_READ, mmap.MAP_SHARED), PAGE, MADV_REMOVE) != 0)


def write_as_debugger():
    # The kernel lets this write to read-only mappings, as a debugger does, but for those that are shared.
    address = mapped(mmap.PROT_READ, mmap.MAP_SHARED)
    with open("/proc/self/mem", "r+b", buffering=0) as memory:
        memory.seek(address)
        memory.write(b"\xff" * PAGE)


def write_privately():
    ctypes.memset(mapped(BOTH, mmap.MAP_PRIVATE), 0xFF, PAGE)


ATTEMPTS = {
    "map writable": map_writable,
    "make a mapping writable": make_writable,
    "remove pages": remove_pages,
    "write as a debugger": write_as_debugger,
    "write to a copy of one's own": write_privately,
}

for name, attempt in ATTEMPTS.items():
    try:
        attempt()
        print(f"{name}: done")
    except OSError as error:
        print(f"{name}: refused, {errno.errorcode[error.errno]}")
