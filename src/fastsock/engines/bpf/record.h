/*
 * What the BPF program writes for each descriptor of a socket: shared by sockets.bpf.c, which fills
 * it in the kernel, and by the engine, which decodes it where read(2) put it.
 *
 * A pinned iterator may be read by another version of fastsock than the one that loaded it: any
 * change here, of meaning as well, takes a new FASTSOCK_RECORD_VERSION. The version stands in the
 * pin's name.
 *
 * Every byte is written, there are no holes, and the two address fields begin at multiples of 8.
 */
#ifndef FASTSOCK_RECORD_H
#define FASTSOCK_RECORD_H

#ifndef __bpf__ /* there the types are sockets.bpf.c's: clang has no libc for that target */
#include <stdint.h>
#endif

#define FASTSOCK_RECORD_VERSION 2

enum fastsock_record_flag {
	FASTSOCK_V6ONLY = 1, /* sock_diag tells it of LISTEN and CLOSE only */
	/* A thread other than the first: its table of descriptors is its own, or the first has ended. */
	FASTSOCK_NOT_LEADER = 2,
	/* Something waits to be received, and its bytes are not known here, only to sock_diag. */
	FASTSOCK_RX_INEXACT = 4,
	/* No socket: an io_uring instance, which may hold some. Nothing is set but owner and fd. */
	FASTSOCK_RING = 8,
};

/* Which end of a connection a port is asked at. */
enum fastsock_end {
	FASTSOCK_LOCAL = 1,
	FASTSOCK_REMOTE = 2,
};

struct fastsock_record {
	uint64_t inode;            /* in sockfs */
	uint64_t cookie;           /* 0: no cookie yet, and a kernel before 5.12 */
	uint64_t cgroup;           /* id of the cgroup v2 it was made in; 0: not known (before 5.15) */
	uint32_t tgid;             /* the owner, in the pid namespace of who loaded or of who reads: */
	uint32_t tid;              /* struct fastsock_constants in loader.h */
	int32_t fd;
	uint32_t netns;            /* inode of the socket's network namespace, not of the owner's */
	uint32_t uid;              /* of its owner, in the initial user namespace */
	uint32_t rx_queue;         /* of a listener the accept queue and its limit, ... */
	uint32_t tx_queue;         /* ... as idiag_rqueue and idiag_wqueue of sock_diag */
	uint32_t interface;        /* SO_BINDTODEVICE */
	uint32_t mark;
	union {
		/* Ticks until then, or less than 0: fastsock_ticks_per_second(). */
		int32_t timer_expires;
		uint32_t requests;  /* of a TCP listener: connections in SYN_RECV */
		uint32_t in_flight; /* of a UNIX socket: descriptors that wait to be received */
	};
	uint16_t local_port;       /* host order, both */
	uint16_t remote_port;
	uint16_t family;
	uint16_t protocol;         /* MPTCP is 262 */
	uint8_t type;
	uint8_t state;
	/* As idiag_timer: 0 off (and then timer_expires is of no meaning), 1 on, 2 keepalive, 4 probe */
	uint8_t timer;
	uint8_t retransmits;       /* as idiag_retrans: beside timers 2 and 4 unanswered probes */
	uint32_t flags;            /* enum fastsock_record_flag */
	uint8_t local_address[16]; /* network order; of IPv4 the first 4 bytes, of UNIX none */
	uint8_t remote_address[16];
};

_Static_assert(sizeof(struct fastsock_record) == 112, "the record's layout has changed");
_Static_assert(__builtin_offsetof(struct fastsock_record, local_address) == 80, "a hole");

#endif
