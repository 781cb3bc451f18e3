/* The least work that finds which process holds which socket: getdents64 over /proc and over each
   PID/fd, readlinkat for every descriptor, the inode read from "socket:[123]". Nothing kept: what
   remains above this is the tool's own. With several threads each takes the next process when it
   is done with one, which shows what of a second processor the kernel lets a walk use.

   The buffer is small on purpose: getdents64 makes a dentry for each entry that readlinkat then
   looks up, and 170 of them are still in the processor's cache where 1,365 (32 KiB, what readdir
   takes) are not. Measured with 100,000 descriptors: 1 to 8 KiB 12 % faster than 32 KiB. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct entry { /* getdents64(2); glibc has a wrapper since 2.30 only */
    unsigned long long inode;
    long long offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

struct walked {
    long long processes, descriptors, sockets;
    unsigned long long inodes; /* their sum: an answer to compare */
};

static void walk_process(int root, const char *pid, struct walked *w)
{
    char path[32], link[64], buffer[4096];
    snprintf(path, sizeof path, "%s/fd", pid);
    int fds = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fds < 0)
        return; /* gone, or another user's: the tool under test skips it as well */
    w->processes++;
    long size;
    while ((size = syscall(SYS_getdents64, fds, buffer, sizeof buffer)) > 0)
        for (char *at = buffer; at < buffer + size; at += ((struct entry *)at)->length) {
            const char *name = ((struct entry *)at)->name;
            if (name[0] == '.')
                continue;
            w->descriptors++;
            long length = readlinkat(fds, name, link, sizeof link - 1);
            if (length > 8 && memcmp(link, "socket:[", 8) == 0) {
                link[length] = 0;
                w->sockets++;
                w->inodes += strtoull(link + 8, NULL, 10);
            }
        }
    close(fds);
}

enum { MOST_PROCESSES = 1 << 16, MOST_THREADS = 64 };

static struct {
    int root, processes, next;
    char pids[MOST_PROCESSES][12];
} todo; /* one walk at a time */

static void *walk_share(void *walked)
{
    int i;
    while ((i = __atomic_fetch_add(&todo.next, 1, __ATOMIC_RELAXED)) < todo.processes)
        walk_process(todo.root, todo.pids[i], walked);
    return NULL;
}

static void list_processes(void)
{
    char buffer[4096];
    long size;
    while ((size = syscall(SYS_getdents64, todo.root, buffer, sizeof buffer)) > 0)
        for (char *at = buffer; at < buffer + size; at += ((struct entry *)at)->length) {
            const char *name = ((struct entry *)at)->name;
            if (name[0] >= '1' && name[0] <= '9' && todo.processes < MOST_PROCESSES)
                snprintf(todo.pids[todo.processes++], sizeof *todo.pids, "%s", name);
        }
}

/* All processes, or only `count` of them where that is not negative. */
int floor_walk(const char *proc, int threads, const int *pids, int count, struct walked *w)
{
    pthread_t thread[MOST_THREADS];
    struct walked shares[MOST_THREADS] = {0};
    if (threads > MOST_THREADS || count > MOST_PROCESSES
        || (todo.root = open(proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        return -1;
    todo.processes = todo.next = 0;
    if (count < 0)
        list_processes();
    while (todo.processes < count) {
        snprintf(todo.pids[todo.processes], sizeof *todo.pids, "%d", pids[todo.processes]);
        todo.processes++;
    }
    int started = 1;
    while (started < threads
           && pthread_create(&thread[started], NULL, walk_share, &shares[started]) == 0)
        started++;
    walk_share(&shares[0]);
    memset(w, 0, sizeof *w);
    for (int i = 0; i < started; i++) {
        if (i)
            pthread_join(thread[i], NULL);
        w->processes += shares[i].processes;
        w->descriptors += shares[i].descriptors;
        w->sockets += shares[i].sockets;
        w->inodes += shares[i].inodes;
    }
    close(todo.root);
    return started == threads ? 0 : -1;
}
