/* Made by generate.py with clang 14; not to be edited. The sources' SHA-256:
 * b44d84845b5dcf75adb7d4994adf1cd35e2c210085f63768befa9c109aa7bd4b  sockets.bpf.c
 * 1dd1f14b952b83f44cf9028ea673d08c94febdbac50e140d7d7078ae2ae59125  record.h
 */
static const struct fastsock_root fastsock_files_roots[] = {
	{12, "bpf_iter_task_file"}, /* 0 */
	{4, "bpf_iter__task_file"}, /* 1 */
	{4, "bpf_iter_meta"}, /* 2 */
	{4, "file"}, /* 3 */
	{4, "inode"}, /* 4 */
	{4, "super_block"}, /* 5 */
	{4, "socket"}, /* 6 */
	{4, "sock"}, /* 7 */
	{4, "task_struct"}, /* 8 */
	{4, "pid"}, /* 9 */
	{4, "upid"}, /* 10 */
	{4, "signal_struct"}, /* 11 */
	{4, "sock_common"}, /* 12 */
	{4, "net"}, /* 13 */
	{4, "cgroup"}, /* 14 */
	{4, "kernfs_node"}, /* 15 */
	{6, "bpf_func_id"}, /* 16 */
	{4, "dentry"}, /* 17 */
	{4, "unix_sock"}, /* 18 */
	{4, "tcp_sock"}, /* 19 */
	{4, "udp_sock"}, /* 20 */
	{4, "inet_connection_sock"}, /* 21 */
};

/* root, path, and the field whose absence excuses this one's */
static const struct fastsock_field fastsock_files_fields[] = {
	{1, "meta", -1}, /* 0 */
	{1, "task", -1}, /* 1 */
	{1, "file", -1}, /* 2 */
	{2, "seq", -1}, /* 3 */
	{3, "f_inode", -1}, /* 4 */
	{4, "i_sb", -1}, /* 5 */
	{5, "s_magic", -1}, /* 6 */
	{6, "sk", -1}, /* 7 */
	{7, "__sk_common.skc_state", -1}, /* 8 */
	{7, "__sk_common.skc_family", -1}, /* 9 */
	{7, "__sk_common.skc_num", -1}, /* 10 */
	{4, "i_ino", -1}, /* 11 */
	{4, "i_uid.val", -1}, /* 12 */
	{1, "fd", -1}, /* 13 */
	{8, "tgid", -1}, /* 14 */
	{8, "pid", -1}, /* 15 */
	{8, "thread_pid", -1}, /* 16 */
	{9, "level", -1}, /* 17 */
	{10, "", -1}, /* 18 */
	{9, "numbers", -1}, /* 19 */
	{8, "signal", -1}, /* 20 */
	{11, "pids[1]", -1}, /* 21 */
	{7, "__sk_common", -1}, /* 22 */
	{12, "skc_net.net", -1}, /* 23 */
	{13, "ns.inum", -1}, /* 24 */
	{7, "sk_cgrp_data.cgroup", 25}, /* 25 */
	{14, "kn", -1}, /* 26 */
	{15, "id", -1}, /* 27 */
	{16, "BPF_FUNC_check_mtu", 28}, /* 28 */
	{3, "f_path.dentry", -1}, /* 29 */
	{17, "d_name.name", -1}, /* 30 */
	{12, "skc_cookie.counter", -1}, /* 31 */
	{12, "skc_bound_dev_if", -1}, /* 32 */
	{7, "sk_mark", -1}, /* 33 */
	{7, "sk_protocol", -1}, /* 34 */
	{7, "sk_type", -1}, /* 35 */
	{12, "skc_rcv_saddr", -1}, /* 36 */
	{12, "skc_daddr", -1}, /* 37 */
	{12, "skc_v6_rcv_saddr.in6_u.u6_addr32[0]", -1}, /* 38 */
	{12, "skc_v6_rcv_saddr.in6_u.u6_addr32[1]", -1}, /* 39 */
	{12, "skc_v6_rcv_saddr.in6_u.u6_addr32[2]", -1}, /* 40 */
	{12, "skc_v6_rcv_saddr.in6_u.u6_addr32[3]", -1}, /* 41 */
	{12, "skc_v6_daddr.in6_u.u6_addr32[0]", -1}, /* 42 */
	{12, "skc_v6_daddr.in6_u.u6_addr32[1]", -1}, /* 43 */
	{12, "skc_v6_daddr.in6_u.u6_addr32[2]", -1}, /* 44 */
	{12, "skc_v6_daddr.in6_u.u6_addr32[3]", -1}, /* 45 */
	{12, "skc_ipv6only", -1}, /* 46 */
	{12, "skc_num", -1}, /* 47 */
	{12, "skc_dport", -1}, /* 48 */
	{18, "scm_stat.nr_fds", 49}, /* 49 */
	{7, "sk_receive_queue.qlen", -1}, /* 50 */
	{7, "sk_max_ack_backlog", -1}, /* 51 */
	{7, "sk_ack_backlog", -1}, /* 52 */
	{19, "inet_conn.icsk_accept_queue.qlen.counter", -1}, /* 53 */
	{7, "sk_backlog.rmem_alloc.counter", -1}, /* 54 */
	{7, "sk_wmem_alloc.refs.counter", -1}, /* 55 */
	{20, "forward_deficit", -1}, /* 56 */
	{19, "copied_seq", -1}, /* 57 */
	{19, "rcv_nxt", -1}, /* 58 */
	{19, "snd_una", -1}, /* 59 */
	{19, "write_seq", -1}, /* 60 */
	{19, "inet_conn", -1}, /* 61 */
	{21, "icsk_pending", -1}, /* 62 */
	{21, "icsk_keepalive_timer", 63}, /* 63 */
	{21, "icsk_keepalive_timer.expires", 63}, /* 64 */
	{21, "icsk_keepalive_timer.entry.pprev", 63}, /* 65 */
	{21, "icsk_inet.sk", -1}, /* 66 */
	{7, "sk_timer.expires", -1}, /* 67 */
	{7, "sk_timer.entry.pprev", -1}, /* 68 */
	{21, "icsk_probes_out", -1}, /* 69 */
	{21, "icsk_retransmits", -1}, /* 70 */
	{21, "icsk_timeout", 71}, /* 71 */
	{21, "icsk_retransmit_timer", 72}, /* 72 */
	{21, "icsk_retransmit_timer.expires", 72}, /* 73 */
	{21, "icsk_inet.sk.sk_timer.expires", -1}, /* 74 */
};

/* kind, field or constant, instruction */
static const struct fastsock_relocation fastsock_files_relocations[] = {
	{FASTSOCK_FIELD_OFFSET, 0, 1},
	{FASTSOCK_FIELD_OFFSET, 1, 2},
	{FASTSOCK_FIELD_OFFSET, 2, 3},
	{FASTSOCK_FIELD_OFFSET, 3, 4},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(probe_reads), 25},
	{FASTSOCK_FIELD_OFFSET, 4, 31},
	{FASTSOCK_FIELD_OFFSET, 5, 32},
	{FASTSOCK_FIELD_OFFSET, 6, 33},
	{FASTSOCK_FIELD_OFFSET, 7, 36},
	{FASTSOCK_FIELD_OFFSET, 8, 38},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(states), 41},
	{FASTSOCK_FIELD_OFFSET, 9, 46},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(families), 49},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(local_port), 54},
	{FASTSOCK_FIELD_OFFSET, 10, 58},
	{FASTSOCK_FIELD_OFFSET, 4, 60},
	{FASTSOCK_FIELD_OFFSET, 11, 61},
	{FASTSOCK_FIELD_OFFSET, 12, 63},
	{FASTSOCK_FIELD_OFFSET, 13, 65},
	{FASTSOCK_FIELD_OFFSET, 14, 67},
	{FASTSOCK_FIELD_OFFSET, 15, 69},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(pid_namespace), 74},
	{FASTSOCK_FIELD_OFFSET, 16, 80},
	{FASTSOCK_FIELD_OFFSET, 17, 81},
	{FASTSOCK_TYPE_SIZE, 18, 83},
	{FASTSOCK_FIELD_OFFSET, 16, 85},
	{FASTSOCK_FIELD_OFFSET, 17, 90},
	{FASTSOCK_FIELD_OFFSET, 19, 93},
	{FASTSOCK_TYPE_SIZE, 18, 103},
	{FASTSOCK_FIELD_OFFSET, 20, 107},
	{FASTSOCK_FIELD_OFFSET, 21, 108},
	{FASTSOCK_FIELD_OFFSET, 17, 111},
	{FASTSOCK_FIELD_OFFSET, 19, 113},
	{FASTSOCK_FIELD_OFFSET, 22, 128},
	{FASTSOCK_FIELD_OFFSET, 23, 131},
	{FASTSOCK_FIELD_OFFSET, 24, 132},
	{FASTSOCK_EXISTS, 25, 134},
	{FASTSOCK_FIELD_OFFSET, 25, 136},
	{FASTSOCK_FIELD_OFFSET, 26, 137},
	{FASTSOCK_FIELD_OFFSET, 27, 138},
	{FASTSOCK_EXISTS, 28, 140},
	{FASTSOCK_FIELD_OFFSET, 29, 147},
	{FASTSOCK_FIELD_OFFSET, 30, 148},
	{FASTSOCK_FIELD_OFFSET, 13, 159},
	{FASTSOCK_FIELD_OFFSET, 14, 163},
	{FASTSOCK_FIELD_OFFSET, 15, 165},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(pid_namespace), 170},
	{FASTSOCK_FIELD_OFFSET, 16, 174},
	{FASTSOCK_FIELD_OFFSET, 17, 175},
	{FASTSOCK_FIELD_OFFSET, 31, 179},
	{FASTSOCK_FIELD_OFFSET, 32, 181},
	{FASTSOCK_FIELD_OFFSET, 33, 183},
	{FASTSOCK_FIELD_OFFSET, 34, 185},
	{FASTSOCK_FIELD_OFFSET, 35, 187},
	{FASTSOCK_FIELD_OFFSET, 36, 192},
	{FASTSOCK_FIELD_OFFSET, 37, 194},
	{FASTSOCK_TYPE_SIZE, 18, 197},
	{FASTSOCK_FIELD_OFFSET, 16, 199},
	{FASTSOCK_FIELD_OFFSET, 17, 204},
	{FASTSOCK_FIELD_OFFSET, 19, 207},
	{FASTSOCK_TYPE_SIZE, 18, 216},
	{FASTSOCK_FIELD_OFFSET, 20, 220},
	{FASTSOCK_FIELD_OFFSET, 21, 221},
	{FASTSOCK_FIELD_OFFSET, 17, 224},
	{FASTSOCK_FIELD_OFFSET, 19, 226},
	{FASTSOCK_FIELD_OFFSET, 38, 241},
	{FASTSOCK_FIELD_OFFSET, 39, 243},
	{FASTSOCK_FIELD_OFFSET, 40, 245},
	{FASTSOCK_FIELD_OFFSET, 41, 247},
	{FASTSOCK_FIELD_OFFSET, 42, 249},
	{FASTSOCK_FIELD_OFFSET, 43, 251},
	{FASTSOCK_FIELD_OFFSET, 44, 253},
	{FASTSOCK_FIELD_OFFSET, 45, 255},
	{FASTSOCK_FIELD_OFFSET, 46, 257},
	{FASTSOCK_FIELD_SIZE, 46, 260},
	{FASTSOCK_LEFT_SHIFT, 46, 275},
	{FASTSOCK_FIELD_SIGNED, 46, 276},
	{FASTSOCK_RIGHT_SHIFT, 46, 278},
	{FASTSOCK_RIGHT_SHIFT, 46, 281},
	{FASTSOCK_FIELD_OFFSET, 47, 286},
	{FASTSOCK_FIELD_OFFSET, 48, 288},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(probe_reads), 295},
	{FASTSOCK_EXISTS, 49, 298},
	{FASTSOCK_FIELD_OFFSET, 49, 300},
	{FASTSOCK_FIELD_OFFSET, 50, 310},
	{FASTSOCK_FIELD_OFFSET, 51, 314},
	{FASTSOCK_FIELD_OFFSET, 52, 327},
	{FASTSOCK_FIELD_OFFSET, 51, 329},
	{FASTSOCK_FIELD_OFFSET, 53, 331},
	{FASTSOCK_FIELD_OFFSET, 54, 334},
	{FASTSOCK_FIELD_OFFSET, 55, 336},
	{FASTSOCK_FIELD_OFFSET, 55, 342},
	{FASTSOCK_FIELD_OFFSET, 54, 345},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(probe_reads), 348},
	{FASTSOCK_FIELD_OFFSET, 56, 351},
	{FASTSOCK_FIELD_OFFSET, 55, 363},
	{FASTSOCK_FIELD_OFFSET, 57, 379},
	{FASTSOCK_FIELD_OFFSET, 58, 380},
	{FASTSOCK_FIELD_OFFSET, 59, 388},
	{FASTSOCK_FIELD_OFFSET, 60, 389},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(timers), 392},
	{FASTSOCK_FIELD_OFFSET, 61, 395},
	{FASTSOCK_FIELD_OFFSET, 62, 397},
	{FASTSOCK_EXISTS, 63, 398},
	{FASTSOCK_FIELD_OFFSET, 64, 401},
	{FASTSOCK_FIELD_OFFSET, 65, 402},
	{FASTSOCK_FIELD_OFFSET, 66, 406},
	{FASTSOCK_FIELD_OFFSET, 67, 410},
	{FASTSOCK_FIELD_OFFSET, 68, 411},
	{FASTSOCK_FIELD_OFFSET, 69, 414},
	{FASTSOCK_FIELD_OFFSET, 70, 425},
	{FASTSOCK_EXISTS, 71, 426},
	{FASTSOCK_FIELD_OFFSET, 71, 428},
	{FASTSOCK_FIELD_OFFSET, 69, 432},
	{FASTSOCK_EXISTS, 71, 433},
	{FASTSOCK_FIELD_OFFSET, 71, 435},
	{FASTSOCK_EXISTS, 72, 437},
	{FASTSOCK_FIELD_OFFSET, 73, 439},
	{FASTSOCK_EXISTS, 72, 441},
	{FASTSOCK_FIELD_OFFSET, 73, 443},
	{FASTSOCK_FIELD_OFFSET, 74, 445},
	{FASTSOCK_FIELD_OFFSET, 74, 449},
};

static const uint64_t fastsock_files_instructions[] = {
	0x00000000000018bf, /*   0 */
	0x0000000000008179, /*   1  offset of bpf_iter__task_file.meta */
	0x0000000000088779, /*   2  offset of bpf_iter__task_file.task */
	0x0000000000188979, /*   3  offset of bpf_iter__task_file.file */
	0x0000000000001679, /*   4  offset of bpf_iter_meta.seq */
	0x00000000000001b7, /*   5 */
	0x00000000ffe81a7b, /*   6 */
	0x00000000ffe01a7b, /*   7 */
	0x00000000ffd81a7b, /*   8 */
	0x00000000ffd01a7b, /*   9 */
	0x00000000ffc81a7b, /*  10 */
	0x00000000ffc01a7b, /*  11 */
	0x00000000ffb81a7b, /*  12 */
	0x00000000ffb01a7b, /*  13 */
	0x00000000ffa81a7b, /*  14 */
	0x00000000ffa01a7b, /*  15 */
	0x00000000ff981a7b, /*  16 */
	0x00000000ff901a7b, /*  17 */
	0x00000000ff881a7b, /*  18 */
	0x00000000ff801a7b, /*  19 */
	0x0000000001640915, /*  20 */
	0x0000000001630715, /*  21 */
	0x00000000000091bf, /*  22 */
	0x000000a200000085, /*  23 */
	0x00000000000b0055, /*  24 */
	0x0000000e00000118, /*  25  constant probe_reads */
	0x0000000000000000, /*  26 */
	0x00000000015d0115, /*  27 */
	0x00000000000001b7, /*  28 */
	0x00000000fff81a7b, /*  29 */
	0x00000000fff01a7b, /*  30 */
	0x0000000000009179, /*  31  offset of file.f_inode */
	0x0000000000101179, /*  32  offset of inode.i_sb */
	0x0000000000001179, /*  33  offset of super_block.s_magic */
	0x0904193400700115, /*  34 */
	0x0000000001550005, /*  35 */
	0x0000000000000579, /*  36  offset of socket.sk */
	0x0000000001530515, /*  37 */
	0x00000000000e5171, /*  38  offset of sock.__sk_common.skc_state */
	0x00000000ffc91a73, /*  39 */
	0x0000003f00000157, /*  40 */
	0x0000003a00000218, /*  41  constant states */
	0x0000000000000000, /*  42 */
	0x000000000000127f, /*  43 */
	0x0000000100000257, /*  44 */
	0x00000000014b0215, /*  45 */
	0x00000000000c5169, /*  46  offset of sock.__sk_common.skc_family */
	0x00000000ffc41a6b, /*  47 */
	0x0000003f00000157, /*  48 */
	0x0000003b00000218, /*  49  constant families */
	0x0000000000000000, /*  50 */
	0x000000000000127f, /*  51 */
	0x0000000100000257, /*  52 */
	0x0000000001430215, /*  53 */
	0x0000003c00000118, /*  54  constant local_port */
	0x0000000000000000, /*  55 */
	0x0000ffff00000157, /*  56 */
	0x0000000000020115, /*  57 */
	0x00000000000a5269, /*  58  offset of sock.__sk_common.skc_num */
	0x00000000013d125d, /*  59 */
	0x0000000000009179, /*  60  offset of file.f_inode */
	0x0000000000081279, /*  61  offset of inode.i_ino */
	0x00000000ff802a7b, /*  62 */
	0x0000000000001161, /*  63  offset of inode.i_uid.val */
	0x00000000ffa81a63, /*  64 */
	0x0000000000108161, /*  65  offset of bpf_iter__task_file.fd */
	0x00000000ffa01a63, /*  66 */
	0x0000000000047861, /*  67  offset of task_struct.tgid */
	0x00000000ff988a63, /*  68 */
	0x0000000000007161, /*  69  offset of task_struct.pid */
	0x00000000ff9c1a63, /*  70 */
	0x000000000002811d, /*  71 */
	0x00000002000001b7, /*  72 */
	0x00000000ffcc1a63, /*  73 */
	0x0000004000000118, /*  74  constant pid_namespace */
	0x0000000000000000, /*  75 */
	0x00000000ff785a7b, /*  76 */
	0x00000000002f0115, /*  77 */
	0x0000009e00000085, /*  78 */
	0x00000000ff78a579, /*  79 */
	0x0000000000080179, /*  80  offset of task_struct.thread_pid */
	0x0000000000001961, /*  81  offset of pid.level */
	0x00000000002a0915, /*  82 */
	0x00000004000001b7, /*  83  size of struct upid */
	0x000000000000912f, /*  84 */
	0x0000000000087379, /*  85  offset of task_struct.thread_pid */
	0x00000000000008b7, /*  86 */
	0x00000000fff08a63, /*  87 */
	0x00000000000002b7, /*  88 */
	0x0000000000100315, /*  89 */
	0x0000000000003461, /*  90  offset of pid.level */
	0x00000000000002b7, /*  91 */
	0x00000000000d94ad, /*  92 */
	0x00000004000002b7, /*  93  offset of pid.numbers */
	0x000000000000230f, /*  94 */
	0x0000002000000167, /*  95 */
	0x0000002000000177, /*  96 */
	0x000000000000130f, /*  97 */
	0x000000000000a1bf, /*  98 */
	0xfffffff000000107, /*  99 */
	0x00000004000002b7, /* 100 */
	0x0000007100000085, /* 101 */
	0x00000000ff78a579, /* 102 */
	0x00000004000001b7, /* 103  size of struct upid */
	0x000000000000912f, /* 104 */
	0x00000000fff0a261, /* 105 */
	0x00000000ff9c2a63, /* 106 */
	0x0000000000107279, /* 107  offset of task_struct.signal */
	0x0000000000082379, /* 108  offset of signal_struct.pids[1] */
	0x00000000fff08a63, /* 109 */
	0x00000000000d0315, /* 110 */
	0x0000000000003261, /* 111  offset of pid.level */
	0x00000000000b92ad, /* 112 */
	0x00000004000002b7, /* 113  offset of pid.numbers */
	0x000000000000230f, /* 114 */
	0x0000002000000167, /* 115 */
	0x0000002000000177, /* 116 */
	0x000000000000130f, /* 117 */
	0x000000000000a1bf, /* 118 */
	0xfffffff000000107, /* 119 */
	0x00000004000002b7, /* 120 */
	0x0000007100000085, /* 121 */
	0x00000000ff78a579, /* 122 */
	0x00000000fff0a861, /* 123 */
	0x00000000ff988a63, /* 124 */
	0x0000002000000867, /* 125 */
	0x0000002000000877, /* 126 */
	0x0000000000f90815, /* 127 */
	0x00000000000001b7, /* 128  offset of sock.__sk_common */
	0x00000000000057bf, /* 129 */
	0x000000000000170f, /* 130 */
	0x0000000000187179, /* 131  offset of sock_common.skc_net.net */
	0x0000000000001161, /* 132  offset of net.ns.inum */
	0x00000000ffa41a63, /* 133 */
	0x00000001000001b7, /* 134  is there sock.sk_cgrp_data.cgroup */
	0x0000000000040115, /* 135 */
	0x0000000000785179, /* 136  offset of sock.sk_cgrp_data.cgroup */
	0x0000000000001179, /* 137  offset of cgroup.kn */
	0x0000000000001179, /* 138  offset of kernfs_node.id */
	0x00000000ff901a7b, /* 139 */
	0x0000000100000118, /* 140  is there bpf_func_id.BPF_FUNC_check_mtu */
	0x0000000000000000, /* 141 */
	0x0000000000240115, /* 142 */
	0x00000000000051bf, /* 143 */
	0x0000002e00000085, /* 144 */
	0x00000000ff78a579, /* 145 */
	0x0000000000210005, /* 146 */
	0x0000000000089179, /* 147  offset of file.f_path.dentry */
	0x0000000000001379, /* 148  offset of dentry.d_name.name */
	0x000000000000a1bf, /* 149 */
	0xfffffff000000107, /* 150 */
	0x0000000b000002b7, /* 151 */
	0x0000007100000085, /* 152 */
	0x00000000fff0a179, /* 153 */
	0x5f6f695b00000218, /* 154 */
	0x6e69727500000000, /* 155 */
	0x0000000000dc215d, /* 156 */
	0x00000000fff8a179, /* 157 */
	0x00005d6700da0155, /* 158 */
	0x0000000000108161, /* 159  offset of bpf_iter__task_file.fd */
	0x00000008000002b7, /* 160 */
	0x00000000ffcc2a63, /* 161 */
	0x00000000ffa01a63, /* 162 */
	0x0000000000047861, /* 163  offset of task_struct.tgid */
	0x00000000ff988a63, /* 164 */
	0x0000000000007161, /* 165  offset of task_struct.pid */
	0x00000000ff9c1a63, /* 166 */
	0x000000000002811d, /* 167 */
	0x0000000a000001b7, /* 168 */
	0x00000000ffcc1a63, /* 169 */
	0x0000004000000118, /* 170  constant pid_namespace */
	0x0000000000000000, /* 171 */
	0x0000000000400115, /* 172 */
	0x0000009e00000085, /* 173 */
	0x0000000000080179, /* 174  offset of task_struct.thread_pid */
	0x0000000000001961, /* 175  offset of pid.level */
	0x0000000000140955, /* 176 */
	0x00000000ff98a861, /* 177 */
	0x00000000003a0005, /* 178 */
	0x0000000000407079, /* 179  offset of sock_common.skc_cookie.counter */
	0x00000000ff880a7b, /* 180 */
	0x0000000000107161, /* 181  offset of sock_common.skc_bound_dev_if */
	0x00000000ffb41a63, /* 182 */
	0x0000000000685161, /* 183  offset of sock.sk_mark */
	0x00000000ffb81a63, /* 184 */
	0x00000000006c5169, /* 185  offset of sock.sk_protocol */
	0x00000000ffc61a6b, /* 186 */
	0x00000000006e5169, /* 187  offset of sock.sk_type */
	0x00000000ffc81a73, /* 188 */
	0x00000000ffc4a169, /* 189 */
	0x0000000a00320115, /* 190 */
	0x0000000200640155, /* 191 */
	0x0000000000047161, /* 192  offset of sock_common.skc_rcv_saddr */
	0x00000000ffd01a63, /* 193 */
	0x0000000000007161, /* 194  offset of sock_common.skc_daddr */
	0x00000000ffe01a63, /* 195 */
	0x0000000000590005, /* 196 */
	0x00000004000001b7, /* 197  size of struct upid */
	0x000000000000912f, /* 198 */
	0x0000000000087379, /* 199  offset of task_struct.thread_pid */
	0x00000000000008b7, /* 200 */
	0x00000000fff08a63, /* 201 */
	0x00000000000002b7, /* 202 */
	0x00000000000f0315, /* 203 */
	0x0000000000003461, /* 204  offset of pid.level */
	0x00000000000002b7, /* 205 */
	0x00000000000c94ad, /* 206 */
	0x00000004000002b7, /* 207  offset of pid.numbers */
	0x000000000000230f, /* 208 */
	0x0000002000000167, /* 209 */
	0x0000002000000177, /* 210 */
	0x000000000000130f, /* 211 */
	0x000000000000a1bf, /* 212 */
	0xfffffff000000107, /* 213 */
	0x00000004000002b7, /* 214 */
	0x0000007100000085, /* 215 */
	0x00000004000001b7, /* 216  size of struct upid */
	0x000000000000912f, /* 217 */
	0x00000000fff0a261, /* 218 */
	0x00000000ff9c2a63, /* 219 */
	0x0000000000107279, /* 220  offset of task_struct.signal */
	0x0000000000082379, /* 221  offset of signal_struct.pids[1] */
	0x00000000fff08a63, /* 222 */
	0x00000000000c0315, /* 223 */
	0x0000000000003261, /* 224  offset of pid.level */
	0x00000000000a92ad, /* 225 */
	0x00000004000002b7, /* 226  offset of pid.numbers */
	0x000000000000230f, /* 227 */
	0x0000002000000167, /* 228 */
	0x0000002000000177, /* 229 */
	0x000000000000130f, /* 230 */
	0x000000000000a1bf, /* 231 */
	0xfffffff000000107, /* 232 */
	0x00000004000002b7, /* 233 */
	0x0000007100000085, /* 234 */
	0x00000000fff0a861, /* 235 */
	0x00000000ff988a63, /* 236 */
	0x0000002000000867, /* 237 */
	0x0000002000000877, /* 238 */
	0x0000000000890815, /* 239 */
	0x0000000000830005, /* 240 */
	0x0000000000307161, /* 241  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[0] */
	0x00000000ffd01a63, /* 242 */
	0x0000000000347161, /* 243  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[1] */
	0x00000000ffd41a63, /* 244 */
	0x0000000000387161, /* 245  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[2] */
	0x00000000ffd81a63, /* 246 */
	0x00000000003c7161, /* 247  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[3] */
	0x00000000ffdc1a63, /* 248 */
	0x0000000000207161, /* 249  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[0] */
	0x00000000ffe01a63, /* 250 */
	0x0000000000247161, /* 251  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[1] */
	0x00000000ffe41a63, /* 252 */
	0x0000000000287161, /* 253  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[2] */
	0x00000000ffe81a63, /* 254 */
	0x00000000002c7161, /* 255  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[3] */
	0x00000000ffec1a63, /* 256 */
	0x00000008000001b7, /* 257  offset of sock_common.skc_ipv6only */
	0x00000000000072bf, /* 258 */
	0x000000000000120f, /* 259 */
	0x00000008000003b7, /* 260  size of sock_common.skc_ipv6only */
	0x0000000300050365, /* 261 */
	0x0000000100090315, /* 262 */
	0x0000000200010315, /* 263 */
	0x00000000000a0005, /* 264 */
	0x0000000000002169, /* 265 */
	0x0000000000080005, /* 266 */
	0x0000000400060315, /* 267 */
	0x0000000800010315, /* 268 */
	0x0000000000050005, /* 269 */
	0x0000000000002179, /* 270 */
	0x0000000000030005, /* 271 */
	0x0000000000002171, /* 272 */
	0x0000000000010005, /* 273 */
	0x0000000000002161, /* 274 */
	0x0000000700000167, /* 275  bits above sock_common.skc_ipv6only */
	0x00000000000002b7, /* 276  is signed: sock_common.skc_ipv6only */
	0x0000000000030215, /* 277 */
	0x0000003f000001c7, /* 278  bits above and below sock_common.skc_ipv6only */
	0x0000000000060115, /* 279 */
	0x0000000000020005, /* 280 */
	0x0000003f00000177, /* 281  bits above and below sock_common.skc_ipv6only */
	0x0000000000030115, /* 282 */
	0x00000000ffcca161, /* 283 */
	0x0000000100000147, /* 284 */
	0x00000000ffcc1a63, /* 285 */
	0x00000000000a7169, /* 286  offset of sock_common.skc_num */
	0x00000000ffc01a6b, /* 287 */
	0x0000000000087169, /* 288  offset of sock_common.skc_dport */
	0x00000010000001dc, /* 289 */
	0x00000000ffc21a6b, /* 290 */
	0x00000000ffc4a169, /* 291 */
	0x0000000100170155, /* 292 */
	0x00000001000001b7, /* 293 */
	0x00000000fff01a63, /* 294 */
	0x0000000e00000218, /* 295  constant probe_reads */
	0x0000000000000000, /* 296 */
	0x00000000000b0215, /* 297 */
	0x00000001000002b7, /* 298  is there unix_sock.scm_stat.nr_fds */
	0x0000000000090215, /* 299 */
	0x00000000000001b7, /* 300  offset of unix_sock.scm_stat.nr_fds */
	0x000000000000150f, /* 301 */
	0x000000000000a1bf, /* 302 */
	0xfffffff000000107, /* 303 */
	0x00000004000002b7, /* 304 */
	0x00000000000053bf, /* 305 */
	0x0000007100000085, /* 306 */
	0x00000000ff78a579, /* 307 */
	0x00000000fff0a161, /* 308 */
	0x00000000ffbc1a63, /* 309 */
	0x0000000000485161, /* 310  offset of sock.sk_receive_queue.qlen */
	0x00000000ffac1a63, /* 311 */
	0x00000000ffc9a271, /* 312 */
	0x0000000a00310255, /* 313 */
	0x0000000000745161, /* 314  offset of sock.sk_max_ack_backlog */
	0x0000000000160005, /* 315 */
	0x00000000ffc6a169, /* 316 */
	0x0000001100160115, /* 317 */
	0x00000006000f0155, /* 318 */
	0x00000000ffc8a171, /* 319 */
	0x00000001000d0155, /* 320 */
	0x00000000000051bf, /* 321 */
	0x0000008900000085, /* 322 */
	0x0000000000300015, /* 323 */
	0x00000000ffc9a171, /* 324 */
	0x0000000a00350155, /* 325 */
	0x00000000ff78a279, /* 326 */
	0x0000000000702161, /* 327  offset of sock.sk_ack_backlog */
	0x00000000ffac1a63, /* 328 */
	0x0000000000742161, /* 329  offset of sock.sk_max_ack_backlog */
	0x00000000ffb01a63, /* 330 */
	0x0000000000ac0161, /* 331  offset of tcp_sock.inet_conn.icsk_accept_queue.qlen.counter */
	0x00000000ffbc1a63, /* 332 */
	0x0000000000260005, /* 333 */
	0x00000000004c5161, /* 334  offset of sock.sk_backlog.rmem_alloc.counter */
	0x00000000ffac1a63, /* 335 */
	0x0000000000505161, /* 336  offset of sock.sk_wmem_alloc.refs.counter */
	0xffffffff00000107, /* 337 */
	0x00000000ffb01a63, /* 338 */
	0x0000000000200005, /* 339 */
	0x00000000000001b7, /* 340 */
	0x00000000fff01a63, /* 341 */
	0x0000000000505161, /* 342  offset of sock.sk_wmem_alloc.refs.counter */
	0xffffffff00000107, /* 343 */
	0x00000000ffb01a63, /* 344 */
	0x00000000004c5161, /* 345  offset of sock.sk_backlog.rmem_alloc.counter */
	0x00000000ffac1a63, /* 346 */
	0x0000000000180115, /* 347 */
	0x0000000e00000118, /* 348  constant probe_reads */
	0x0000000000000000, /* 349 */
	0x0000000000120115, /* 350 */
	0x00000000000001b7, /* 351  offset of udp_sock.forward_deficit */
	0x000000000000150f, /* 352 */
	0x000000000000a1bf, /* 353 */
	0xfffffff000000107, /* 354 */
	0x00000004000002b7, /* 355 */
	0x00000000000053bf, /* 356 */
	0x0000007100000085, /* 357 */
	0x00000000fff0a161, /* 358 */
	0x00000000ffaca261, /* 359 */
	0x000000000000121f, /* 360 */
	0x00000000ffac2a63, /* 361 */
	0x0000000000090005, /* 362 */
	0x0000000000505261, /* 363  offset of sock.sk_wmem_alloc.refs.counter */
	0xffffffff00000207, /* 364 */
	0x00000000ffb02a63, /* 365 */
	0x0000002000000167, /* 366 */
	0x0000002000000177, /* 367 */
	0x0000000000030115, /* 368 */
	0x00000000ffcca161, /* 369 */
	0x0000000400000147, /* 370 */
	0x00000000ffcc1a63, /* 371 */
	0x000000000000a2bf, /* 372 */
	0xffffff8000000207, /* 373 */
	0x00000000000061bf, /* 374 */
	0x00000070000003b7, /* 375 */
	0x0000007f00000085, /* 376 */
	0x00000000000000b7, /* 377 */
	0x0000000000000095, /* 378 */
	0x0000000000b40261, /* 379  offset of tcp_sock.copied_seq */
	0x0000000000b00161, /* 380  offset of tcp_sock.rcv_nxt */
	0x000000000000211f, /* 381 */
	0x00000000000012bf, /* 382 */
	0x0000002000000267, /* 383 */
	0x00000020000002c7, /* 384 */
	0x0000000000010265, /* 385 */
	0x00000000000001b7, /* 386 */
	0x00000000ffac1a63, /* 387 */
	0x0000000000bc0161, /* 388  offset of tcp_sock.snd_una */
	0x0000000000b80261, /* 389  offset of tcp_sock.write_seq */
	0x000000000000121f, /* 390 */
	0x00000000ffb02a63, /* 391 */
	0x0000005900000118, /* 392  constant timers */
	0x0000000000000000, /* 393 */
	0x00000000ffe90115, /* 394 */
	0x00000000000001b7, /* 395  offset of tcp_sock.inet_conn */
	0x000000000000100f, /* 396 */
	0x0000000000a90371, /* 397  offset of inet_connection_sock.icsk_pending */
	0x00000001000001b7, /* 398  is there inet_connection_sock.icsk_keepalive_timer */
	0x0000000000060115, /* 399 */
	0x00000000000002b7, /* 400 */
	0x0000000000a00779, /* 401  offset of inet_connection_sock.icsk_keepalive_timer.expires */
	0x0000000000980479, /* 402  offset of inet_connection_sock.icsk_keepalive_timer.entry.pprev */
	0x00000000000001b7, /* 403 */
	0x00000000000e0415, /* 404 */
	0x0000000000080005, /* 405 */
	0x00000000000001b7, /* 406  offset of inet_connection_sock.icsk_inet.sk */
	0x00000000000004bf, /* 407 */
	0x000000000000140f, /* 408 */
	0x00000000000002b7, /* 409 */
	0x0000000000604779, /* 410  offset of sock.sk_timer.expires */
	0x0000000000584479, /* 411  offset of sock.sk_timer.entry.pprev */
	0x00000000000001b7, /* 412 */
	0x0000000000050415, /* 413 */
	0x000000aa000002b7, /* 414  offset of inet_connection_sock.icsk_probes_out */
	0x00000000000001bf, /* 415 */
	0x000000000000210f, /* 416 */
	0x00000002000002b7, /* 417 */
	0x0000000000001171, /* 418 */
	0x00000000000034bf, /* 419 */
	0x0000003f00000457, /* 420 */
	0x00000062000005b7, /* 421 */
	0x000000000000457f, /* 422 */
	0x0000000100000557, /* 423 */
	0x0000000000050515, /* 424 */
	0x0000000000a80171, /* 425  offset of inet_connection_sock.icsk_retransmits */
	0x00000001000002b7, /* 426  is there inet_connection_sock.icsk_timeout */
	0x0000000000090215, /* 427 */
	0x00000080000002b7, /* 428  offset of inet_connection_sock.icsk_timeout */
	0x0000000000100005, /* 429 */
	0x000000ff00000357, /* 430 */
	0x0000000300150355, /* 431 */
	0x0000000000aa0171, /* 432  offset of inet_connection_sock.icsk_probes_out */
	0x00000001000002b7, /* 433  is there inet_connection_sock.icsk_timeout */
	0x0000000000060215, /* 434 */
	0x00000080000002b7, /* 435  offset of inet_connection_sock.icsk_timeout */
	0x00000000000d0005, /* 436 */
	0x00000001000002b7, /* 437  is there inet_connection_sock.icsk_retransmit_timer */
	0x0000000000060215, /* 438 */
	0x00000090000002b7, /* 439  offset of inet_connection_sock.icsk_retransmit_timer.expires */
	0x0000000000050005, /* 440 */
	0x00000001000002b7, /* 441  is there inet_connection_sock.icsk_retransmit_timer */
	0x0000000000060215, /* 442 */
	0x00000090000002b7, /* 443  offset of inet_connection_sock.icsk_retransmit_timer.expires */
	0x0000000000050005, /* 444 */
	0x00000060000002b7, /* 445  offset of inet_connection_sock.icsk_inet.sk.sk_timer.expires */
	0x000000000000200f, /* 446 */
	0x00000001000002b7, /* 447 */
	0x0000000000030005, /* 448 */
	0x00000060000002b7, /* 449  offset of inet_connection_sock.icsk_inet.sk.sk_timer.expires */
	0x000000000000200f, /* 450 */
	0x00000004000002b7, /* 451 */
	0x0000000000000779, /* 452 */
	0x00000000ffcb1a73, /* 453 */
	0x00000000ffca2a73, /* 454 */
	0x0000007600000085, /* 455 */
	0x000000000000071f, /* 456 */
	0x00000000ffbc7a63, /* 457 */
	0x00000000ffa90005, /* 458 */
};

const struct fastsock_program fastsock_files = {
	.name = "fastsock_files",
	.roots = fastsock_files_roots,
	.fields = fastsock_files_fields,
	.relocations = fastsock_files_relocations,
	.instructions = fastsock_files_instructions,
	.root_count = 22,
	.field_count = 75,
	.relocation_count = 122,
	.instruction_count = 459,
};
_Static_assert(22 <= FASTSOCK_MAX_ROOTS, "22 are more roots than loader.c has room for");
_Static_assert(75 <= FASTSOCK_MAX_FIELDS, "75 are more fields than loader.c has room for");
_Static_assert(122 <= FASTSOCK_MAX_RELOCATIONS, "122 are more relocations than loader.c has room for");
_Static_assert(459 <= FASTSOCK_MAX_INSTRUCTIONS, "459 are more instructions than loader.c has room for");
