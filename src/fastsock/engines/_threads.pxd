# Native threads, which never know Python: no signal is theirs.

cdef extern from *:
    """
    #ifndef FS_THREADS
    #define FS_THREADS
    #include <pthread.h>
    #include <signal.h>
    static inline int fs_start_thread(pthread_t *thread, void *(*body)(void *), void *argument)
    {
        sigset_t all, before;
        int error;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before); /* a new thread has its maker's mask */
        error = pthread_create(thread, NULL, body, argument);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return error;
    }
    #endif
    """
    ctypedef unsigned long pthread_t
    # 0, or the errno of pthread_create(3).
    int start_thread "fs_start_thread"(
        pthread_t* thread, void* (*body)(void*) noexcept nogil, void* argument
    ) noexcept nogil
    int pthread_join(pthread_t thread, void** result) noexcept nogil
