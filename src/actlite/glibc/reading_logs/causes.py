"""What usually brings a version into a program: the well-known symbols of each version of glibc and libstdc++.

A log names the version that is missing, not the symbol that asks for it; ``actlite audit`` finds that in the file.
Sources: the symbol lists of glibc (``sysdeps/unix/sysv/linux/x86_64/64/*.abilist``) and its NEWS; the linker script of
libstdc++ (``config/abi/pre/gnu.ver``) and the table of versions in GCC's manual (libstdc++, ABI policy). A test holds
the symbols against the libraries of the machine that it runs on.
"""

from __future__ import annotations

from collections.abc import Mapping

from actlite.records import frozen


@frozen
class Cause:
    """What brings a version."""

    symbols: tuple[str, ...]
    """Well-known symbols of that version, the usual one first."""
    what: str
    """When a program gets them: a clause."""


_C: Mapping[str, tuple[str, str]] = {
    "2.3.4": ("__sprintf_chk __memcpy_chk", "code compiled with -D_FORTIFY_SOURCE"),
    "2.4": ("__stack_chk_fail", "code compiled with -fstack-protector"),
    "2.7": ("__isoc99_sscanf __isoc99_fscanf", "scanf in C99 and later"),
    "2.9": ("epoll_create1 pipe2", "event loops"),
    "2.10": ("accept4", "servers"),
    "2.14": ("memcpy", "every program on x86-64 that copies memory and was linked on glibc 2.14 or later"),
    "2.15": ("__fdelt_chk", "FD_SET, compiled with -D_FORTIFY_SOURCE"),
    "2.16": ("aligned_alloc getauxval timespec_get", "C11 allocation, processor features"),
    "2.17": ("clock_gettime secure_getenv", "every program that asks for the time without -lrt"),
    "2.18": ("__cxa_thread_atexit_impl", "thread-local objects of C++11, and Rust's standard library"),
    "2.22": ("fmemopen", "streams in memory"),
    "2.23": ("fts64_open lgamma", "walking folders; lgamma of libm"),
    "2.25": ("getrandom getentropy explicit_bzero", "random numbers, cryptography"),
    "2.26": ("reallocarray preadv2", "allocation of arrays"),
    "2.27": ("memfd_create copy_file_range powf logf expf", "float functions of libm linked on 2.27 or later; glob"),
    "2.28": ("fcntl64 statx renameat2", "every program that calls fcntl and has 64-bit file offsets"),
    "2.29": ("pow exp log log2 getcpu", "exp, log and pow of libm linked on 2.29 or later"),
    "2.30": ("gettid getdents64 pthread_cond_clockwait", "threads' ids, and waits on a clock in C++"),
    "2.32": ("pthread_sigmask pthread_getattr_np sigabbrev_np", "threads: these moved from libpthread into libc"),
    "2.33": ("stat fstat lstat stat64 fstat64 mallinfo2", "every program that calls stat and was linked on 2.33 or later"),
    "2.34": ("__libc_start_main pthread_create dlopen dlsym", "every program that was linked on glibc 2.34 or later, whatever it does"),
    "2.35": ("hypot _dl_find_object epoll_pwait2", "hypot of libm; unwinding in libgcc of GCC 12 and later"),
    "2.36": ("arc4random arc4random_buf pidfd_open", "random numbers where configure found arc4random"),
    "2.38": ("__isoc23_strtol __isoc23_strtoul __isoc23_sscanf strlcpy fmod", "every program that reads numbers with strtol or sscanf and was compiled on 2.38 or later"),
    "2.39": ("pidfd_spawn stdc_bit_width_ui", "starting processes; bit functions of C23"),
}  # fmt: skip
_CXX: Mapping[str, tuple[str, str]] = {
    "3.4.9": ("_ZSt16__ostream_insertIcSt11char_traitsIcEERSt13basic_ostreamIT_T0_ES6_PKS3_l", "writing text to a stream, GCC 4.2 and later"),
    "3.4.11": ("_ZNSt6thread4joinEv", "std::thread, GCC 4.4 and later"),
    "3.4.14": ("_ZSt20__throw_future_errori", "std::future, GCC 4.5 and later"),
    "3.4.15": ("_ZNSt8__detail15_List_node_base7_M_hookEPS0_", "std::list, GCC 4.6 and later"),
    "3.4.18": ("_ZNKSt8__detail20_Prime_rehash_policy11_M_next_bktEm", "std::unordered_map, GCC 4.8 and later"),
    "3.4.19": ("_ZNSt6chrono3_V212steady_clock3nowEv", "std::chrono, GCC 4.8.1 and later"),
    "3.4.20": ("_ZSt24__throw_out_of_range_fmtPKcz", "std::vector and std::string with checks, GCC 4.9 and later"),
    "3.4.21": ("_ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE9_M_createERmm", "std::string in its form since GCC 5"),
    "3.4.22": ("_ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE", "starting a std::thread, GCC 6 and later"),
    "3.4.26": ("_ZNSt10filesystem6statusERKNS_7__cxx114pathE", "std::filesystem, GCC 9 and later"),
    "3.4.29": ("_ZSt28__throw_bad_array_new_lengthv", "containers, GCC 11 and later"),
    "3.4.30": ("_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE _ZSt21__glibcxx_assert_failPKciS0_S0_", "std::condition_variable, GCC 12 and later"),
    "3.4.32": ("_ZSt21ios_base_library_initv", "every program with <iostream>, GCC 13.2 and later"),
}  # fmt: skip
_ABI: Mapping[str, tuple[str, str]] = {
    "1.3.5": ("_ZTIn", "types of 128 bits in exceptions, GCC 4.6 and later"),
    "1.3.8": ("__cxa_throw_bad_array_new_length", "new of arrays, GCC 4.9 and later"),
    "1.3.9": ("_ZdlPvm", "delete with a size, C++14: GCC 5 and later"),
    "1.3.11": ("_ZnwmSt11align_val_t _ZdlPvSt11align_val_t", "new of aligned types, C++17: GCC 7 and later"),
    "1.3.13": ("_ZNSt15__exception_ptr13exception_ptr10_M_releaseEv", "std::exception_ptr, GCC 11 and later"),
}  # fmt: skip
_KINDS = {"GLIBC": _C, "GLIBCXX": _CXX, "CXXABI": _ABI}
RELR = Cause((), "a program linked with -z pack-relative-relocs, which a loader before 2.36 can't read")
GCC: Mapping[str, str] = {
    "3.4.19": "4.8", "3.4.20": "4.9", "3.4.21": "5", "3.4.22": "6", "3.4.23": "7", "3.4.24": "7.2", "3.4.25": "8",
    "3.4.26": "9", "3.4.27": "9.2", "3.4.28": "9.3", "3.4.29": "11", "3.4.30": "12", "3.4.31": "13", "3.4.32": "13.2",
    "3.4.33": "14", "3.4.34": "15",
}  # fmt: skip
"""Which GCC brought a version of GLIBCXX."""


def cause(version: str) -> Cause | None:
    """What usually brings a version, such as ``GLIBC_2.34``; None where nothing is well known."""
    if version == "GLIBC_ABI_DT_RELR":
        return RELR
    kind, _, number = version.partition("_")
    found = _KINDS.get(kind, {}).get(number)
    return Cause(tuple(found[0].split()), found[1]) if found else None
