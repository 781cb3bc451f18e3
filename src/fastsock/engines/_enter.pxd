# The network namespace of the calling thread. Only a thread of our own may go: see _threads.pxd.

cdef extern from *:
    """
    #ifndef FS_ENTER
    #define FS_ENTER
    #include <sched.h>
    static inline int fs_enter_network(int fd) { return setns(fd, CLONE_NEWNET); }
    #endif
    """
    # 0, or -1 and errno, of setns(2).
    int enter_network "fs_enter_network"(int fd) noexcept nogil
