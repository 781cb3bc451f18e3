/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * A task_file iterator (Linux 5.8) that writes a struct fastsock_record for every descriptor of a
 * socket, in all network namespaces: the socket and its owner in one pass.
 *
 * This is the source of truth. generate.py compiles it, at development time, into sockets.gen.h;
 * loader.c finds the fields in the running kernel's BTF and puts their offsets in. So the types
 * below name only what is read, in any order (CO-RE). Where a field came or went, its existence is
 * asked first: the verifier drops a branch that cannot be taken, with whatever stands in it.
 *
 * Helpers, and the Linux that brought them to iterators:
 *     bpf_seq_write                5.8
 *     bpf_skc_to_tcp_sock          5.9
 *     bpf_sock_from_file           5.11   the oldest kernel that this can work on
 *     bpf_jiffies64                5.5
 *     bpf_get_socket_cookie        5.12   not called before
 *     bpf_get_current_task_btf     5.11   not called without the constant `pid_namespace`
 *     bpf_probe_read_kernel        5.5    not called without the constant `probe_reads`; refused
 *                                         under lockdown=confidentiality
 *     bpf_rdonly_cast              6.2    not called before
 *
 * What it costs to run are cache lines: of a connection 12, most of which are not in the cache. So
 * what lies in a line of its own, and is seldom asked for, a constant leaves out; and the lines of
 * the next descriptors are asked for while this one's record is made (look_ahead).
 *
 * What the verifier takes to check it is half of what loading costs. Each pointer that is loaded
 * from a trusted one makes it search all names of the kernel's BTF, so pointers are followed from
 * what helpers returned, not from the context; and they are followed before the code branches, so
 * that it is done once.
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int s32;
typedef long long s64;
typedef u8 __u8;
typedef u16 __u16;
typedef u32 __u32;
typedef u64 __u64;
typedef s32 __s32;
typedef s64 __s64;
typedef u16 __be16;
typedef u32 __be32;
typedef u32 __wsum;
typedef _Bool bool;
typedef u8 uint8_t;
typedef u16 uint16_t;
typedef u32 uint32_t;
typedef u64 uint64_t;
typedef s32 int32_t;
#define NULL ((void *)0)

/* Of linux/bpf.h, which bpf_helpers.h expects: no map is used here. */
enum bpf_map_type { BPF_MAP_TYPE_UNSPEC };

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "record.h"

enum { ANON_INODE_FS_MAGIC = 0x09041934 }; /* linux/magic.h */
enum { AF_UNIX = 1, AF_INET = 2, AF_INET6 = 10 };
enum { SOCK_STREAM = 1 };
enum { IPPROTO_TCP = 6, IPPROTO_UDP = 17 };
enum { TCP_ESTABLISHED = 1, TCP_LISTEN = 10 };
enum { PIDTYPE_TGID = 1 };
enum { /* include/net/inet_connection_sock.h */
	ICSK_TIME_RETRANS = 1,
	ICSK_TIME_PROBE0 = 3,
	ICSK_TIME_LOSS_PROBE = 5,
	ICSK_TIME_REO_TIMEOUT = 6,
};
#define RETRANSMITTING \
	(1ull << ICSK_TIME_RETRANS | 1ull << ICSK_TIME_LOSS_PROBE | 1ull << ICSK_TIME_REO_TIMEOUT)
enum { TIMER_ON = 1, TIMER_KEEPALIVE = 2, TIMER_PROBE = 4 };

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct seq_file;
struct bpf_iter_meta {
	struct seq_file *seq;
};

typedef struct {
	u32 val;
} kuid_t;
typedef struct {
	int counter;
} atomic_t;
typedef struct {
	s64 counter;
} atomic64_t;
typedef struct {
	atomic_t refs;
} refcount_t;

struct hlist_node {
	struct hlist_node **pprev;
};
struct timer_list {
	struct hlist_node entry;
	unsigned long expires;
};

struct kernfs_node {
	u64 id;
};
struct cgroup {
	struct kernfs_node *kn;
};
struct sock_cgroup_data {
	struct cgroup *cgroup; /* since 5.15; none without CONFIG_SOCK_CGROUP_DATA */
};

struct ns_common {
	u32 inum;
};
struct net {
	struct ns_common ns;
};
typedef struct {
	struct net *net;
} possible_net_t;

struct in6_addr {
	union {
		u32 u6_addr32[4];
	} in6_u;
};

struct timewait_sock_ops;
struct proto {
	struct timewait_sock_ops *twsk_prot;
};
struct sock_common {
	struct proto *skc_prot;
	u32 skc_daddr;
	u32 skc_rcv_saddr;
	u16 skc_dport;
	u16 skc_num;
	u16 skc_family;
	volatile u8 skc_state;
	u8 skc_ipv6only : 1;
	s32 skc_bound_dev_if;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	atomic64_t skc_cookie;
};

struct sk_buff_head {
	u32 qlen;
};
struct sock {
	struct sock_common __sk_common;
	struct sk_buff_head sk_receive_queue;
	struct {
		atomic_t rmem_alloc;
	} sk_backlog;
	refcount_t sk_wmem_alloc;
	struct timer_list sk_timer;
	u32 sk_mark;
	kuid_t sk_uid; /* what fchown(2) of the socket's inode sets as well */
	u16 sk_protocol;
	u16 sk_type;
	u32 sk_ack_backlog;
	u32 sk_max_ack_backlog;
	struct sock_cgroup_data sk_cgrp_data;
};

struct inet_sock {
	struct sock sk;
};
struct request_sock_queue {
	atomic_t qlen;
};
struct inet_connection_sock {
	struct inet_sock icsk_inet;
	unsigned long icsk_timeout;              /* to 6.17 */
	struct timer_list icsk_retransmit_timer; /* to 6.18, where it tells the time itself */
	struct timer_list icsk_keepalive_timer;  /* since 6.19; sk_timer is the other one there */
	u8 icsk_retransmits;
	u8 icsk_pending;
	u8 icsk_probes_out;
	struct request_sock_queue icsk_accept_queue;
};
struct tcp_sock {
	struct inet_connection_sock inet_conn;
	u32 rcv_nxt;
	u32 copied_seq;
	u32 write_seq;
	u32 snd_una;
};
struct udp_sock {
	s32 forward_deficit;
};
struct scm_stat {
	atomic_t nr_fds;
};
struct unix_sock {
	struct scm_stat scm_stat; /* since 5.6 */
};

struct super_block {
	unsigned long s_magic;
};
struct inode {
	unsigned long i_ino;
	struct super_block *i_sb;
};
struct qstr {
	const unsigned char *name;
};
struct dentry {
	struct qstr d_name;
};
struct path {
	struct dentry *dentry;
};
struct file_operations;
typedef struct {
	atomic64_t refcnt;
} file_ref_t;
struct file {
	const struct file_operations *f_op;
	void *private_data;
	struct inode *f_inode;
	struct path f_path;
	file_ref_t f_ref; /* since 6.13 */
};
struct fdtable {
	u32 max_fds;
	struct file **fd;
};
struct files_struct {
	struct fdtable *fdt;
};
struct socket {
	struct sock *sk;
};

struct upid {
	s32 nr;
};
struct pid {
	u32 level;
	struct upid numbers[1];
};
struct signal_struct {
	struct pid *pids[4];
};
struct task_struct {
	s32 pid;
	s32 tgid;
	struct pid *thread_pid;
	struct signal_struct *signal;
	struct files_struct *files;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	u32 fd;
	struct file *file;
};

#pragma clang attribute pop

/* Who is asked about only; its numbers are the kernel's ABI. */
enum bpf_func_id { BPF_FUNC_check_mtu = 163 };

/*
 * Constants that the loader puts in, without a map: the id of a type that nobody has marks one
 * 64-bit load. The names are the members of struct fastsock_constants, where their meaning stands.
 */
struct fastsock_constant_states {
	int unused;
};
struct fastsock_constant_families {
	int unused;
};
struct fastsock_constant_port {
	int unused;
};
struct fastsock_constant_ends {
	int unused;
};
struct fastsock_constant_pid_namespace {
	int unused;
};
struct fastsock_constant_probe_reads {
	int unused;
};
struct fastsock_constant_timers {
	int unused;
};
struct fastsock_constant_cgroups {
	int unused;
};
#define CONSTANT(name) bpf_core_type_id_local(struct fastsock_constant_##name)

static __always_inline void take_addresses(struct fastsock_record *record, struct sock_common *common)
{
	u32 *local = (u32 *)record->local_address;
	u32 *remote = (u32 *)record->remote_address;

	if (record->family == AF_INET) {
		local[0] = common->skc_rcv_saddr;
		remote[0] = common->skc_daddr;
	} else if (record->family == AF_INET6) {
		local[0] = common->skc_v6_rcv_saddr.in6_u.u6_addr32[0];
		local[1] = common->skc_v6_rcv_saddr.in6_u.u6_addr32[1];
		local[2] = common->skc_v6_rcv_saddr.in6_u.u6_addr32[2];
		local[3] = common->skc_v6_rcv_saddr.in6_u.u6_addr32[3];
		remote[0] = common->skc_v6_daddr.in6_u.u6_addr32[0];
		remote[1] = common->skc_v6_daddr.in6_u.u6_addr32[1];
		remote[2] = common->skc_v6_daddr.in6_u.u6_addr32[2];
		remote[3] = common->skc_v6_daddr.in6_u.u6_addr32[3];
		if (BPF_CORE_READ_BITFIELD(common, skc_ipv6only))
			record->flags |= FASTSOCK_V6ONLY;
	} else {
		return;
	}
	record->local_port = common->skc_num;
	record->remote_port = bpf_ntohs(common->skc_dport);
}

static __always_inline unsigned long retransmit_expires(struct inet_connection_sock *connection)
{
	if (bpf_core_field_exists(connection->icsk_timeout))
		return connection->icsk_timeout;
	if (bpf_core_field_exists(connection->icsk_retransmit_timer))
		return connection->icsk_retransmit_timer.expires;
	return connection->icsk_inet.sk.sk_timer.expires;
}

/*
 * As inet_sk_diag_fill() in net/ipv4/inet_diag.c. It touches two more cache lines of the socket, that
 * of icsk_pending and that of sk_timer; who needs no timers sets the constant to 0.
 */
static __always_inline void take_timer(struct fastsock_record *record, struct tcp_sock *tcp)
{
	struct inet_connection_sock *connection = &tcp->inet_conn;
	struct sock *sk = &connection->icsk_inet.sk;
	u8 pending = connection->icsk_pending;
	u8 timer = 0, retries = 0;
	unsigned long expires;

	if (bpf_core_field_exists(connection->icsk_keepalive_timer)) {
		expires = connection->icsk_keepalive_timer.expires;
		if (connection->icsk_keepalive_timer.entry.pprev) { /* timer_pending() */
			timer = TIMER_KEEPALIVE;
			retries = connection->icsk_probes_out;
		}
	} else {
		expires = sk->sk_timer.expires;
		if (sk->sk_timer.entry.pprev) {
			timer = TIMER_KEEPALIVE;
			retries = connection->icsk_probes_out;
		}
	}
	if (RETRANSMITTING >> (pending & 63) & 1) {
		timer = TIMER_ON;
		retries = connection->icsk_retransmits;
		expires = retransmit_expires(connection);
	} else if (pending == ICSK_TIME_PROBE0) {
		timer = TIMER_PROBE;
		retries = connection->icsk_probes_out;
		expires = retransmit_expires(connection);
	}
	/* Stored whatever they are: a branch on `timer` would have the verifier keep its values apart. */
	record->timer = timer;
	record->retransmits = retries;
	/* In 32 bits, as jiffies wrap on 32-bit kernels; no timer of TCP runs for 24 days. */
	record->timer_expires = (u32)expires - (u32)bpf_jiffies64();
}

/* As tcp_diag_get_info(). */
static __always_inline void take_tcp(struct fastsock_record *record, struct sock *sk)
{
	struct tcp_sock *tcp;
	s32 waiting;

	tcp = bpf_skc_to_tcp_sock(sk);
	if (!tcp)
		return;
	if (record->state == TCP_LISTEN) { /* it has no timer */
		record->rx_queue = sk->sk_ack_backlog;
		record->tx_queue = sk->sk_max_ack_backlog;
		record->requests = tcp->inet_conn.icsk_accept_queue.qlen.counter;
		return;
	}
	waiting = tcp->rcv_nxt - tcp->copied_seq;
	record->rx_queue = waiting > 0 ? waiting : 0;
	record->tx_queue = tcp->write_seq - tcp->snd_una;
	if (CONSTANT(timers))
		take_timer(record, tcp);
}

/* As udp_diag_get_info(): what the reader has taken is given back in large pieces. */
static __always_inline void take_udp(struct fastsock_record *record, struct sock *sk)
{
	u32 deficit = 0;

	record->tx_queue = sk->sk_wmem_alloc.refs.counter - 1;
	record->rx_queue = sk->sk_backlog.rmem_alloc.counter;
	if (!record->rx_queue)
		return;
	/* No helper makes a struct udp_sock of an IPv4 socket, so it is not followed but copied. */
	if (CONSTANT(probe_reads)) {
		bpf_probe_read_kernel(&deficit, sizeof(deficit),
				      (void *)sk + bpf_core_field_offset(struct udp_sock, forward_deficit));
		record->rx_queue -= deficit;
	} else {
		record->flags |= FASTSOCK_RX_INEXACT;
	}
}

/*
 * As sk_diag_show_rqlen(), except for the bytes that wait: they are a walk along the queue, which
 * takes its lock. The peer is not read either, as nothing here keeps it alive: both are unix_diag's,
 * as is the path.
 */
static __always_inline void take_unix(struct fastsock_record *record, struct sock *sk)
{
	u32 in_flight = 1; /* where nothing tells, there may be some */

	/* It is copied for the same reason as UDP's deficit. */
	if (CONSTANT(probe_reads) && bpf_core_field_exists(struct unix_sock, scm_stat.nr_fds))
		bpf_probe_read_kernel(&in_flight, sizeof(in_flight),
				      (void *)sk + bpf_core_field_offset(struct unix_sock, scm_stat.nr_fds));
	record->in_flight = in_flight;
	record->rx_queue = sk->sk_receive_queue.qlen;
	if (record->state == TCP_LISTEN) {
		record->tx_queue = sk->sk_max_ack_backlog;
		return;
	}
	record->tx_queue = sk->sk_wmem_alloc.refs.counter - 1;
	if (record->rx_queue)
		record->flags |= FASTSOCK_RX_INEXACT;
}

static __always_inline void take_socket(struct fastsock_record *record, struct sock *sk)
{
	struct sock_common *common = &sk->__sk_common;

	record->netns = common->skc_net.net->ns.inum;
	if (CONSTANT(cgroups) && bpf_core_field_exists(sk->sk_cgrp_data.cgroup))
		record->cgroup = sk->sk_cgrp_data.cgroup->kn->id;
	/*
	 * A socket gets its cookie when somebody asks, as sock_diag does. To iterators the helper
	 * came in 5.12, and so did bpf_check_mtu, whose name the kernel's BTF shows.
	 */
	record->cookie = common->skc_cookie.counter;
	if (!record->cookie && bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_check_mtu))
		record->cookie = bpf_get_socket_cookie(sk);
	record->interface = common->skc_bound_dev_if;
	record->mark = sk->sk_mark;
	record->uid = sk->sk_uid.val;
	record->protocol = sk->sk_protocol;
	record->type = sk->sk_type;
	take_addresses(record, common);
	if (record->family == AF_UNIX) {
		take_unix(record, sk);
	} else if (record->protocol == IPPROTO_TCP && record->type == SOCK_STREAM) {
		take_tcp(record, sk);
	} else if (record->protocol == IPPROTO_UDP) {
		take_udp(record, sk);
	} else {
		record->rx_queue = sk->sk_backlog.rmem_alloc.counter;
		record->tx_queue = sk->sk_wmem_alloc.refs.counter - 1;
	}
}

/* The number of a pid at a level of the pid namespaces; 0 where its process has ended. */
static __always_inline u32 number_at(struct pid *pid, u32 level)
{
	u32 number = 0;
	u32 offset = level * bpf_core_type_size(struct upid);

	if (pid && pid->level >= level) /* else it does not live in the reader's namespace */
		bpf_probe_read_kernel(&number, sizeof(number),
				      (void *)pid + bpf_core_field_offset(struct pid, numbers) + offset);
	return number;
}

static __always_inline void take_owner(struct fastsock_record *record, struct task_struct *task)
{
	u32 level;

	record->tgid = task->tgid;
	record->tid = task->pid;
	if (record->tid != record->tgid)
		record->flags |= FASTSOCK_NOT_LEADER;
	if (!CONSTANT(pid_namespace))
		return;
	level = bpf_get_current_task_btf()->thread_pid->level;
	if (!level)
		return;
	record->tid = number_at(task->thread_pid, level);
	record->tgid = number_at(task->signal->pids[PIDTYPE_TGID], level);
}

/* io_uring_enter(2) works on such a file; what it holds itself stands in its fdinfo. */
static __always_inline bool is_ring(struct file *file)
{
	union {
		char text[16];
		u64 words[2];
	} name = {}, ring = { "[io_uring]" };

	if (file->f_inode->i_sb->s_magic != ANON_INODE_FS_MAGIC)
		return 0;
	bpf_probe_read_kernel(name.text, sizeof("[io_uring]"), file->f_path.dentry->d_name.name);
	return name.words[0] == ring.words[0] && name.words[1] == ring.words[1];
}

/*
 * Whether the states, families and ports that are asked for leave out a socket. That may only be
 * one of plain TCP: the subflows of an MPTCP socket, which stand in the tables in its place, may be
 * in other states and at other ports. sk_protocol would tell, but lies in another cache line; of all
 * struct proto, which every socket of a kind shares, TCP's alone (and the copies that TLS and BPF
 * make of it) know how to wait in TIME_WAIT. Its name would take a helper, 0.2 us.
 */
static __always_inline bool is_left_out(struct sock_common *common, u8 state, u16 family)
{
	u16 port = CONSTANT(port);
	u64 ends = CONSTANT(ends);
	if (CONSTANT(states) >> (state & 63) & CONSTANT(families) >> (family & 63) & 1) {
		if (!port)
			return 0;
		if (ends & FASTSOCK_LOCAL && common->skc_num == port)
			return 0;
		if (ends & FASTSOCK_REMOTE && common->skc_dport == bpf_htons(port))
			return 0;
	}
	return common->skc_prot->twsk_prot != NULL;
}

/*
 * A pointer to a struct of the kernel, of any number: what cannot be read through it is 0. It is the
 * kernel's function and no helper, and costs nothing: the verifier takes the call out.
 */
extern void *bpf_rdonly_cast(const void *pointer, u32 type) __ksym __weak;
#define CAST(pointer, type) \
	((struct type *)bpf_rdonly_cast(pointer, bpf_core_type_id_kernel(struct type)))

/* Load what nobody uses: it is on its way then, and nothing waits for it. */
#define TOUCH(value) asm volatile("" : : "r"(value))

/* One of a table's pointers. The verifier takes no pointer to a pointer, but one behind the other. */
static __always_inline struct file *file_at(void *files, u32 fd)
{
	void *at = files + fd * sizeof(void *) - bpf_core_field_offset(struct fdtable, fd);

	return CAST(CAST(at, fdtable)->fd, file);
}

/* Load what a record will be made of; `operations` are those of a socket's file. */
static __always_inline void touch_socket(struct file *file, const void *operations)
{
	struct tcp_sock *tcp;
	struct sock *sk;

	if (file->f_op != operations)
		return;
	sk = CAST(file->private_data, socket)->sk;
	TOUCH(sk->__sk_common.skc_prot);
	if (CONSTANT(port) || !(CONSTANT(states) >> TCP_ESTABLISHED & 1))
		return; /* most will be left out, and no more is looked at of these */
	TOUCH(file->f_inode->i_ino);
	TOUCH(sk->__sk_common.skc_cookie.counter);
	TOUCH(sk->sk_mark);
	if (CONSTANT(cgroups) && bpf_core_field_exists(sk->sk_cgrp_data.cgroup))
		TOUCH(sk->sk_cgrp_data.cgroup);
	tcp = CAST(sk, tcp_sock); /* of most; others end before, or are something else there */
	TOUCH(tcp->copied_seq);
	TOUCH(tcp->write_seq);
	TOUCH(tcp->rcv_nxt);
	if (CONSTANT(timers)) {
		TOUCH(sk->sk_timer.expires);
		TOUCH(tcp->inet_conn.icsk_pending);
	}
}

enum { AHEAD = 2 }; /* more gain little, and the verifier takes longer */

/*
 * To a socket it is three steps, and each is a cache line that is not in the cache: the file tells
 * where the socket is, and that where the sock is. So those of the next descriptors are loaded here,
 * AHEAD at a time and each group a step behind the one after it, all at once: a pass takes half the
 * time. What is met here may be on its way out, or never have been a socket; but nothing of it is
 * used.
 */
static __always_inline void look_ahead(struct task_struct *task, u32 fd, const void *operations)
{
	struct fdtable *table;
	struct file *file;
	void *files;

	if (!bpf_rdonly_cast || fd % AHEAD)
		return;
	table = CAST(task, task_struct)->files->fdt;
	files = table->fd;
	if (fd + 4 * AHEAD > table->max_fds)
		return;
#pragma unroll
	for (int i = 0; i < AHEAD; i++) {
		file = file_at(files, fd + 3 * AHEAD + i);
		TOUCH(file->f_op);
		if (bpf_core_field_exists(file->f_ref)) /* the kernel will hold it */
			TOUCH(file->f_ref.refcnt.counter);
	}
#pragma unroll
	for (int i = 0; i < AHEAD; i++) {
		file = file_at(files, fd + 2 * AHEAD + i);
		if (file->f_op == operations)
			TOUCH(CAST(file->private_data, socket)->sk);
	}
#pragma unroll
	for (int i = 0; i < AHEAD; i++)
		touch_socket(file_at(files, fd + AHEAD + i), operations);
}

SEC("iter/task_file")
int fastsock_files(struct bpf_iter__task_file *ctx)
{
	/* A field of the context is read once: a second time it would lose its check against NULL. */
	struct file *file = ctx->file;
	struct task_struct *task = ctx->task;
	struct seq_file *seq = ctx->meta->seq;
	struct fastsock_record record = {};
	struct socket *socket;
	struct inode *inode;
	struct sock *sk;

	/* Here, and not where it is used: by then the verifier comes along ten paths. */
	barrier_var(seq);
	if (!file || !task)
		return 0;
	socket = bpf_sock_from_file(file);
	if (!socket) {
		if (!CONSTANT(probe_reads) || !is_ring(file))
			return 0;
		record.fd = ctx->fd;
		record.flags = FASTSOCK_RING;
		take_owner(&record, task);
		if (record.tgid)
			bpf_seq_write(seq, &record, sizeof(record));
		return 0;
	}
	look_ahead(task, ctx->fd, file->f_op);
	sk = socket->sk;
	if (!sk)
		return 0;
	record.state = sk->__sk_common.skc_state;
	record.family = sk->__sk_common.skc_family;
	if (is_left_out(&sk->__sk_common, record.state, record.family))
		return 0;

	inode = file->f_inode;
	record.inode = inode->i_ino;
	record.fd = ctx->fd;
	take_owner(&record, task);
	if (!record.tgid)
		return 0;
	take_socket(&record, sk);
	/* When the reader's buffer is full the kernel asks for this descriptor once more. */
	bpf_seq_write(seq, &record, sizeof(record));
	return 0;
}

char _license[] SEC("license") = "Dual MIT/GPL";
