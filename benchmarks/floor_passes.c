/* The least work that gets the records of a BPF program: a link for each process, an iterator of
   it, read(2) until it ends. Nothing is looked at: what remains above this is the engine's own.
   Links are made and closed here, too, because without them there is nothing to read (10 us each).
   With several threads each takes the next process when it is done with one.

   The buffer is the engine's; the kernel fills half of it a call. */

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "../src/fastsock/engines/bpf/abi.h"

enum { BUFFER = 585 * 112, MOST_THREADS = 64 };

struct passed {
    long long processes, reads, bytes;
};

struct share {
    struct passed passed;
    int error; /* an errno: the first failure */
};

static struct {
    int program, count, next;
    const int *pids;
} todo; /* one call at a time */

static int bpf(enum bpf_command command, void *attributes, size_t size)
{
    return (int)syscall(FASTSOCK_NR_BPF, command, attributes, size);
}

static int pass(int pid, struct passed *passed)
{
    char buffer[BUFFER];
    struct bpf_task task = {.pid = (uint32_t)pid};
    struct bpf_attach attach = {
        .prog_fd = (uint32_t)todo.program,
        .attach_type = FASTSOCK_TRACE_ITER,
        .iter_info = (uint64_t)(uintptr_t)&task,
        .iter_info_len = sizeof task,
    };
    int link = bpf(FASTSOCK_LINK_CREATE, &attach, sizeof attach);
    if (link < 0)
        return errno;
    struct bpf_iterate iterate = {.link_fd = (uint32_t)link};
    int iterator = bpf(FASTSOCK_ITER_CREATE, &iterate, sizeof iterate);
    ssize_t size = iterator < 0 ? -1 : 1;
    while (size > 0) {
        size = read(iterator, buffer, sizeof buffer);
        passed->reads++;
        passed->bytes += size > 0 ? size : 0;
    }
    int error = size < 0 ? errno : 0;
    if (iterator >= 0)
        close(iterator);
    close(link);
    passed->processes++;
    return error;
}

static void *pass_share(void *of)
{
    struct share *share = of;
    int i;
    while (!share->error
           && (i = __atomic_fetch_add(&todo.next, 1, __ATOMIC_RELAXED)) < todo.count)
        share->error = pass(todo.pids[i], &share->passed);
    return NULL;
}

/* Returns 0 or an errno. */
int floor_passes(int program, const int *pids, int count, int threads, struct passed *passed)
{
    pthread_t thread[MOST_THREADS];
    struct share shares[MOST_THREADS];
    int error = 0, started = 1;
    if (threads > MOST_THREADS)
        return EINVAL;
    memset(shares, 0, sizeof shares);
    todo.program = program;
    todo.pids = pids;
    todo.count = count;
    todo.next = 0;
    while (started < threads && !error) {
        error = pthread_create(&thread[started], NULL, pass_share, &shares[started]);
        started += !error;
    }
    pass_share(&shares[0]);
    memset(passed, 0, sizeof *passed);
    for (int i = 0; i < started; i++) {
        if (i)
            pthread_join(thread[i], NULL);
        passed->processes += shares[i].passed.processes;
        passed->reads += shares[i].passed.reads;
        passed->bytes += shares[i].passed.bytes;
        error = error ? error : shares[i].error;
    }
    return error;
}
