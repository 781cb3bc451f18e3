"""The program that goes over all descriptors: what bpf/loader.h offers, for Python.

    struct fastsock_record                                                    112 bytes
    inode 8, cookie 8, cgroup 8, tgid 4, tid 4, fd 4, netns 4, uid 4 …        bpf/record.h

The kernel runs bpf/sockets.bpf.c for each descriptor of each process, and read(2) of an iterator
brings what that wrote.
"""

cimport cython
from libc.errno cimport errno
from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memset

import os

cdef extern from "<unistd.h>" nogil:
    int close(int fd)

cdef extern from "<sys/vfs.h>" nogil:
    ctypedef struct statfs_t "struct statfs":
        long f_type
    int fstatfs(int fd, statfs_t* status)

cdef extern from "bpf/record.h":
    struct Record "fastsock_record":
        pass
    int FASTSOCK_RECORD_VERSION, FASTSOCK_LOCAL, FASTSOCK_REMOTE

cdef extern from "bpf/loader.h" nogil:
    const char* FASTSOCK_BTF
    ctypedef int Step "enum fastsock_step"
    struct Error "fastsock_error":
        Step step
        int code
        const char* detail
    struct Constants "fastsock_constants":
        uint64_t states
        uint64_t families
        uint64_t port
        uint64_t ends
        uint64_t pid_namespace
        uint64_t probe_reads
        uint64_t timers
        uint64_t cgroups
    struct Root "fastsock_root":
        const char* name
    struct Field "fastsock_field":
        int root
        const char* path
    struct Source "fastsock_program":
        const Root* roots
        const Field* fields
        uint32_t field_count
        uint32_t instruction_count
    struct Btf "fastsock_btf":
        pass
    struct Place "fastsock_place":
        bint found
        bint is_signed
        uint32_t bit_offset
        uint32_t bit_size
        uint32_t type_size
    struct Resolution "fastsock_resolution":
        uint32_t attach_id
        Place* places
    const Source fastsock_files

    int fastsock_open_btf(Btf* btf, const char* path, Error* error)
    int fastsock_view_btf(Btf* btf, const void* data, size_t size, Error* error)
    void fastsock_close_btf(Btf* btf)
    int fastsock_resolve(Btf* btf, const Source* program, Resolution* resolution, Error* error)
    int fastsock_patch(
        const Source* program, const Resolution* resolution, const Constants* constants,
        uint64_t* instructions, Error* error,
    )
    int fastsock_load(
        const Source* program, const Resolution* resolution, const Constants* constants,
        Error* error,
    )
    int fastsock_attach(int program, uint32_t pid, Error* error)
    int fastsock_has_no_task_filter(const Error* error)
    int fastsock_iterate(int link, Error* error)
    int fastsock_pin(int fd, const char* path, Error* error)
    int fastsock_open_pin(const char* path, Error* error)
    unsigned int fastsock_ticks_per_second()
    const char* fastsock_step_name(Step step)
    void fastsock_render_error(const Error* error, char* buffer, size_t size)

cdef enum:
    BPF_FS_MAGIC = 0xCAFE4A11

RECORD_VERSION = FASTSOCK_RECORD_VERSION
RECORD_BYTES = sizeof(Record)
ALL = 0xFFFFFFFFFFFFFFFF
LOCAL, REMOTE = FASTSOCK_LOCAL, FASTSOCK_REMOTE
BTF = FASTSOCK_BTF.decode()


class BpfError(OSError):
    """A step of loading that failed.

    `errno` is the kernel's, `step` says where: "open BTF", "parse BTF", "find field", "load
    program", "attach link", "make iterator", "pin", "open pin". `detail` names the file or the
    field, or has the verifier's last words. `no_task_filter`: the kernel (before 6.1) makes no link
    for one process, only one for all.
    """

    def __init__(self, code, text, step, detail, no_task_filter):
        super().__init__(code, text)
        self.step = step
        self.detail = detail
        self.no_task_filter = no_task_filter


cdef object make_error(const Error* error):
    cdef char text[512]
    fastsock_render_error(error, text, sizeof(text))
    return BpfError(
        error.code,
        text.decode(errors="backslashreplace"),
        fastsock_step_name(error.step).decode(),
        error.detail.decode(errors="backslashreplace"),
        bool(fastsock_has_no_task_filter(error)),
    )


cdef int check(int result, const Error* error) except -1:
    if result < 0:
        raise make_error(error)
    return result


cdef int resolve(Btf* btf, Resolution* resolution, Error* error) noexcept nogil:
    """Resolve the fields; the BTF is closed afterwards."""
    cdef int result = fastsock_resolve(btf, &fastsock_files, resolution, error)
    fastsock_close_btf(btf)
    return result


@cython.final
cdef class Program:
    """A loaded program, and its descriptor.

    `states` and `families` are sets of numbers, one bit each; `port` is looked for at the `ends`
    LOCAL, REMOTE or both, 0 is any port: these leave out sockets of TCP, and of nothing else. With
    `pid_namespace` the owners have the numbers of the pid namespace of who reads, else of the
    initial one. Where the kernel refuses bpf_probe_read_kernel(), as it does under lockdown of
    confidentiality, `probe_reads` must be false, and rx_queue of UDP is not exact. Without `timers`
    the three fields of timers stay 0, without `cgroups` the cgroup. `btf` is the path of the
    kernel's BTF.

    Takes CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN, in the initial user namespace. Raises BpfError.
    """

    cdef readonly int fd

    def __cinit__(
        self,
        *,
        uint64_t states=ALL,
        uint64_t families=ALL,
        uint64_t port=0,
        uint64_t ends=LOCAL | REMOTE,
        bint pid_namespace=False,
        bint probe_reads=True,
        bint timers=True,
        bint cgroups=True,
        btf=BTF,
    ):
        cdef Constants constants = Constants(
            states, families, port, ends, pid_namespace, probe_reads, timers, cgroups
        )
        cdef bytes path = os.fsencode(btf)
        cdef const char* encoded = path
        cdef Resolution resolution
        cdef Error error
        cdef Btf opened
        cdef int fd
        self.fd = -1
        with nogil:
            fd = fastsock_open_btf(&opened, encoded, &error)
            if fd == 0:
                fd = resolve(&opened, &resolution, &error)
            if fd == 0:
                fd = fastsock_load(&fastsock_files, &resolution, &constants, &error)
        self.fd = check(fd, &error)

    def __dealloc__(self):
        self.close()

    cpdef void close(self) noexcept:
        """Close the descriptor. Closing twice is fine; links keep the program."""
        if self.fd >= 0:
            close(self.fd)
        self.fd = -1

    def forget(self):
        """Leave the descriptor alone: somebody closed it, and its number may be another's."""
        self.fd = -1


cdef int open_pass(int program, uint32_t pid, int* code, const char** at) noexcept nogil:
    cdef Error error
    cdef int fd = -1
    cdef int link = fastsock_attach(program, pid, &error)
    if link >= 0:
        fd = fastsock_iterate(link, &error)
        close(link)
    if fd < 0:
        code[0] = error.code
        at[0] = b": attach link" if link < 0 else b": make iterator"
    return fd


def attach(int program, uint32_t pid=0):
    """Make a link of a program for one process, or for all: its descriptor. Raises BpfError."""
    cdef Error error
    cdef int fd
    with nogil:
        fd = fastsock_attach(program, pid, &error)
    return check(fd, &error)


def iterate(int link):
    """Open a link for one pass of read(2): a descriptor. Raises BpfError."""
    cdef Error error
    cdef int fd
    with nogil:
        fd = fastsock_iterate(link, &error)
    return check(fd, &error)


def pin(int fd, path):
    """Pin a program or a link in a bpf file system, with mode 0600. Raises BpfError."""
    cdef Error error
    cdef bytes encoded = os.fsencode(path)
    check(fastsock_pin(fd, encoded, &error), &error)


def open_pin(path):
    """Open a pinned program or link, to attach or to iterate: a descriptor. Raises BpfError."""
    cdef Error error
    cdef bytes encoded = os.fsencode(path)
    return check(fastsock_open_pin(encoded, &error), &error)


def is_bpf_filesystem(int fd):
    """Whether a descriptor, of O_PATH also, is of a bpf file system (statfs(2)). Raises OSError."""
    cdef statfs_t status
    if fstatfs(fd, &status) != 0:
        raise OSError(errno, os.strerror(errno))
    return <uint32_t>status.f_type == <uint32_t>BPF_FS_MAGIC


def ticks_per_second():
    """Return the kernel's HZ, the unit of timer_expires; 0 if it does not say."""
    return fastsock_ticks_per_second()


def resolve_offsets(bytes btf):
    """Return field → (byte offset, size in bits, size of its type), or None where it is excused.

    Raises BpfError.
    """
    cdef Resolution resolution
    cdef Error error
    cdef Btf viewed
    cdef const char* data = btf
    cdef size_t size = len(btf)
    cdef const Field* field
    cdef const Place* place
    cdef int result
    cdef uint32_t i
    with nogil:
        result = fastsock_view_btf(&viewed, data, size, &error)
        if result == 0:
            result = resolve(&viewed, &resolution, &error)
    check(result, &error)
    offsets = {}
    for i in range(fastsock_files.field_count):
        field = &fastsock_files.fields[i]
        place = &resolution.places[i]
        name = f"{fastsock_files.roots[field.root].name.decode()}.{field.path.decode()}"
        offsets[name.rstrip(".")] = (
            (place.bit_offset // 8, place.bit_size, place.type_size) if place.found else None
        )
    return offsets


def patch_instructions(bytes btf):
    """Return the instructions with the offsets of a BTF and all constants 0. Raises BpfError."""
    cdef Resolution resolution
    cdef Constants constants
    cdef Error error
    cdef Btf viewed
    cdef const char* data = btf
    cdef bytearray instructions = bytearray(8 * fastsock_files.instruction_count)
    memset(&constants, 0, sizeof(constants))
    check(fastsock_view_btf(&viewed, data, len(btf), &error), &error)
    check(resolve(&viewed, &resolution, &error), &error)
    check(
        fastsock_patch(
            &fastsock_files, &resolution, &constants,
            <uint64_t*><char*>instructions, &error,
        ),
        &error,
    )
    return bytes(instructions)
