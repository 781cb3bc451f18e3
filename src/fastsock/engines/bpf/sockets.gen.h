/* Made by generate.py with clang 14; not to be edited. The sources' SHA-256:
 * 0a6f3fbe69cd2afdfd4f340edfef9251c7983c85e55f56a3782c92a9846509ec  sockets.bpf.c
 * ccfb8ec127d84d4cd102d5b20b8661c0dbf9512c7d8daef6fb576c045e829205  record.h
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
	{4, "sock_common"}, /* 8 */
	{4, "proto"}, /* 9 */
	{4, "task_struct"}, /* 10 */
	{4, "pid"}, /* 11 */
	{4, "upid"}, /* 12 */
	{4, "signal_struct"}, /* 13 */
	{4, "net"}, /* 14 */
	{4, "cgroup"}, /* 15 */
	{4, "kernfs_node"}, /* 16 */
	{6, "bpf_func_id"}, /* 17 */
	{4, "dentry"}, /* 18 */
	{4, "unix_sock"}, /* 19 */
	{4, "tcp_sock"}, /* 20 */
	{4, "udp_sock"}, /* 21 */
	{4, "inet_connection_sock"}, /* 22 */
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
	{7, "__sk_common", -1}, /* 10 */
	{8, "skc_num", -1}, /* 11 */
	{8, "skc_dport", -1}, /* 12 */
	{8, "skc_prot", -1}, /* 13 */
	{9, "twsk_prot", -1}, /* 14 */
	{4, "i_ino", -1}, /* 15 */
	{1, "fd", -1}, /* 16 */
	{10, "tgid", -1}, /* 17 */
	{10, "pid", -1}, /* 18 */
	{10, "thread_pid", -1}, /* 19 */
	{11, "level", -1}, /* 20 */
	{12, "", -1}, /* 21 */
	{11, "numbers", -1}, /* 22 */
	{10, "signal", -1}, /* 23 */
	{13, "pids[1]", -1}, /* 24 */
	{8, "skc_net.net", -1}, /* 25 */
	{14, "ns.inum", -1}, /* 26 */
	{7, "sk_cgrp_data.cgroup", 27}, /* 27 */
	{15, "kn", -1}, /* 28 */
	{16, "id", -1}, /* 29 */
	{8, "skc_cookie.counter", -1}, /* 30 */
	{17, "BPF_FUNC_check_mtu", 31}, /* 31 */
	{8, "skc_bound_dev_if", -1}, /* 32 */
	{7, "sk_mark", -1}, /* 33 */
	{7, "sk_uid.val", -1}, /* 34 */
	{7, "sk_protocol", -1}, /* 35 */
	{7, "sk_type", -1}, /* 36 */
	{8, "skc_rcv_saddr", -1}, /* 37 */
	{8, "skc_daddr", -1}, /* 38 */
	{3, "f_path.dentry", -1}, /* 39 */
	{18, "d_name.name", -1}, /* 40 */
	{8, "skc_v6_rcv_saddr.in6_u.u6_addr32[0]", -1}, /* 41 */
	{8, "skc_v6_rcv_saddr.in6_u.u6_addr32[1]", -1}, /* 42 */
	{8, "skc_v6_rcv_saddr.in6_u.u6_addr32[2]", -1}, /* 43 */
	{8, "skc_v6_rcv_saddr.in6_u.u6_addr32[3]", -1}, /* 44 */
	{8, "skc_v6_daddr.in6_u.u6_addr32[0]", -1}, /* 45 */
	{8, "skc_v6_daddr.in6_u.u6_addr32[1]", -1}, /* 46 */
	{8, "skc_v6_daddr.in6_u.u6_addr32[2]", -1}, /* 47 */
	{8, "skc_v6_daddr.in6_u.u6_addr32[3]", -1}, /* 48 */
	{8, "skc_ipv6only", -1}, /* 49 */
	{19, "scm_stat.nr_fds", 50}, /* 50 */
	{7, "sk_receive_queue.qlen", -1}, /* 51 */
	{7, "sk_max_ack_backlog", -1}, /* 52 */
	{7, "sk_ack_backlog", -1}, /* 53 */
	{20, "inet_conn.icsk_accept_queue.qlen.counter", -1}, /* 54 */
	{7, "sk_backlog.rmem_alloc.counter", -1}, /* 55 */
	{7, "sk_wmem_alloc.refs.counter", -1}, /* 56 */
	{21, "forward_deficit", -1}, /* 57 */
	{20, "copied_seq", -1}, /* 58 */
	{20, "rcv_nxt", -1}, /* 59 */
	{20, "snd_una", -1}, /* 60 */
	{20, "write_seq", -1}, /* 61 */
	{20, "inet_conn", -1}, /* 62 */
	{22, "icsk_pending", -1}, /* 63 */
	{22, "icsk_keepalive_timer", 64}, /* 64 */
	{22, "icsk_keepalive_timer.expires", 64}, /* 65 */
	{22, "icsk_keepalive_timer.entry.pprev", 64}, /* 66 */
	{22, "icsk_inet.sk", -1}, /* 67 */
	{7, "sk_timer.expires", -1}, /* 68 */
	{7, "sk_timer.entry.pprev", -1}, /* 69 */
	{22, "icsk_probes_out", -1}, /* 70 */
	{22, "icsk_retransmits", -1}, /* 71 */
	{22, "icsk_timeout", 72}, /* 72 */
	{22, "icsk_retransmit_timer", 73}, /* 73 */
	{22, "icsk_retransmit_timer.expires", 73}, /* 74 */
	{22, "icsk_inet.sk.sk_timer.expires", -1}, /* 75 */
};

/* kind, field or constant, instruction */
static const struct fastsock_relocation fastsock_files_relocations[] = {
	{FASTSOCK_FIELD_OFFSET, 0, 1},
	{FASTSOCK_FIELD_OFFSET, 1, 2},
	{FASTSOCK_FIELD_OFFSET, 2, 3},
	{FASTSOCK_FIELD_OFFSET, 3, 4},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(probe_reads), 26},
	{FASTSOCK_FIELD_OFFSET, 4, 32},
	{FASTSOCK_FIELD_OFFSET, 5, 33},
	{FASTSOCK_FIELD_OFFSET, 6, 34},
	{FASTSOCK_FIELD_OFFSET, 7, 37},
	{FASTSOCK_FIELD_OFFSET, 8, 39},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(states), 42},
	{FASTSOCK_FIELD_OFFSET, 9, 45},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(families), 46},
	{FASTSOCK_FIELD_OFFSET, 10, 53},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(port), 58},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(port), 60},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(ends), 64},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(ends), 66},
	{FASTSOCK_FIELD_OFFSET, 11, 70},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(port), 71},
	{FASTSOCK_FIELD_OFFSET, 12, 77},
	{FASTSOCK_FIELD_OFFSET, 13, 80},
	{FASTSOCK_FIELD_OFFSET, 14, 81},
	{FASTSOCK_FIELD_OFFSET, 4, 83},
	{FASTSOCK_FIELD_OFFSET, 15, 84},
	{FASTSOCK_FIELD_OFFSET, 16, 86},
	{FASTSOCK_FIELD_OFFSET, 17, 88},
	{FASTSOCK_FIELD_OFFSET, 18, 90},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(pid_namespace), 95},
	{FASTSOCK_FIELD_OFFSET, 19, 99},
	{FASTSOCK_FIELD_OFFSET, 20, 100},
	{FASTSOCK_TYPE_SIZE, 21, 102},
	{FASTSOCK_FIELD_OFFSET, 19, 104},
	{FASTSOCK_FIELD_OFFSET, 20, 109},
	{FASTSOCK_FIELD_OFFSET, 22, 112},
	{FASTSOCK_TYPE_SIZE, 21, 121},
	{FASTSOCK_FIELD_OFFSET, 23, 125},
	{FASTSOCK_FIELD_OFFSET, 24, 126},
	{FASTSOCK_FIELD_OFFSET, 20, 129},
	{FASTSOCK_FIELD_OFFSET, 22, 131},
	{FASTSOCK_FIELD_OFFSET, 10, 145},
	{FASTSOCK_FIELD_OFFSET, 25, 148},
	{FASTSOCK_FIELD_OFFSET, 26, 149},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(cgroups), 151},
	{FASTSOCK_EXISTS, 27, 154},
	{FASTSOCK_FIELD_OFFSET, 27, 156},
	{FASTSOCK_FIELD_OFFSET, 28, 157},
	{FASTSOCK_FIELD_OFFSET, 29, 158},
	{FASTSOCK_FIELD_OFFSET, 30, 160},
	{FASTSOCK_EXISTS, 31, 163},
	{FASTSOCK_FIELD_OFFSET, 32, 169},
	{FASTSOCK_FIELD_OFFSET, 33, 171},
	{FASTSOCK_FIELD_OFFSET, 34, 173},
	{FASTSOCK_FIELD_OFFSET, 35, 175},
	{FASTSOCK_FIELD_OFFSET, 36, 177},
	{FASTSOCK_FIELD_OFFSET, 37, 182},
	{FASTSOCK_FIELD_OFFSET, 38, 184},
	{FASTSOCK_FIELD_OFFSET, 39, 187},
	{FASTSOCK_FIELD_OFFSET, 40, 188},
	{FASTSOCK_FIELD_OFFSET, 16, 199},
	{FASTSOCK_FIELD_OFFSET, 17, 203},
	{FASTSOCK_FIELD_OFFSET, 18, 205},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(pid_namespace), 210},
	{FASTSOCK_FIELD_OFFSET, 19, 214},
	{FASTSOCK_FIELD_OFFSET, 20, 215},
	{FASTSOCK_FIELD_OFFSET, 41, 219},
	{FASTSOCK_FIELD_OFFSET, 42, 221},
	{FASTSOCK_FIELD_OFFSET, 43, 223},
	{FASTSOCK_FIELD_OFFSET, 44, 225},
	{FASTSOCK_FIELD_OFFSET, 45, 227},
	{FASTSOCK_FIELD_OFFSET, 46, 229},
	{FASTSOCK_FIELD_OFFSET, 47, 231},
	{FASTSOCK_FIELD_OFFSET, 48, 233},
	{FASTSOCK_FIELD_OFFSET, 49, 235},
	{FASTSOCK_FIELD_SIZE, 49, 238},
	{FASTSOCK_TYPE_SIZE, 21, 250},
	{FASTSOCK_FIELD_OFFSET, 19, 252},
	{FASTSOCK_FIELD_OFFSET, 20, 257},
	{FASTSOCK_FIELD_OFFSET, 22, 260},
	{FASTSOCK_TYPE_SIZE, 21, 269},
	{FASTSOCK_FIELD_OFFSET, 23, 273},
	{FASTSOCK_FIELD_OFFSET, 24, 274},
	{FASTSOCK_FIELD_OFFSET, 20, 277},
	{FASTSOCK_FIELD_OFFSET, 22, 279},
	{FASTSOCK_LEFT_SHIFT, 49, 297},
	{FASTSOCK_FIELD_SIGNED, 49, 298},
	{FASTSOCK_RIGHT_SHIFT, 49, 300},
	{FASTSOCK_RIGHT_SHIFT, 49, 303},
	{FASTSOCK_FIELD_OFFSET, 11, 308},
	{FASTSOCK_FIELD_OFFSET, 12, 310},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(probe_reads), 318},
	{FASTSOCK_EXISTS, 50, 321},
	{FASTSOCK_FIELD_OFFSET, 50, 323},
	{FASTSOCK_FIELD_OFFSET, 51, 332},
	{FASTSOCK_FIELD_OFFSET, 52, 336},
	{FASTSOCK_FIELD_OFFSET, 53, 348},
	{FASTSOCK_FIELD_OFFSET, 52, 350},
	{FASTSOCK_FIELD_OFFSET, 54, 352},
	{FASTSOCK_FIELD_OFFSET, 55, 355},
	{FASTSOCK_FIELD_OFFSET, 56, 357},
	{FASTSOCK_FIELD_OFFSET, 56, 363},
	{FASTSOCK_FIELD_OFFSET, 55, 366},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(probe_reads), 369},
	{FASTSOCK_FIELD_OFFSET, 57, 372},
	{FASTSOCK_FIELD_OFFSET, 56, 384},
	{FASTSOCK_FIELD_OFFSET, 58, 400},
	{FASTSOCK_FIELD_OFFSET, 59, 401},
	{FASTSOCK_FIELD_OFFSET, 60, 409},
	{FASTSOCK_FIELD_OFFSET, 61, 410},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(timers), 413},
	{FASTSOCK_FIELD_OFFSET, 62, 416},
	{FASTSOCK_FIELD_OFFSET, 63, 418},
	{FASTSOCK_EXISTS, 64, 419},
	{FASTSOCK_FIELD_OFFSET, 65, 422},
	{FASTSOCK_FIELD_OFFSET, 66, 423},
	{FASTSOCK_FIELD_OFFSET, 67, 427},
	{FASTSOCK_FIELD_OFFSET, 68, 431},
	{FASTSOCK_FIELD_OFFSET, 69, 432},
	{FASTSOCK_FIELD_OFFSET, 70, 435},
	{FASTSOCK_FIELD_OFFSET, 71, 446},
	{FASTSOCK_EXISTS, 72, 447},
	{FASTSOCK_FIELD_OFFSET, 72, 449},
	{FASTSOCK_FIELD_OFFSET, 70, 453},
	{FASTSOCK_EXISTS, 72, 454},
	{FASTSOCK_FIELD_OFFSET, 72, 456},
	{FASTSOCK_EXISTS, 73, 458},
	{FASTSOCK_FIELD_OFFSET, 74, 460},
	{FASTSOCK_EXISTS, 73, 462},
	{FASTSOCK_FIELD_OFFSET, 74, 464},
	{FASTSOCK_FIELD_OFFSET, 75, 466},
	{FASTSOCK_FIELD_OFFSET, 75, 470},
};

static const uint64_t fastsock_files_instructions[] = {
	0x00000000000018bf, /*   0 */
	0x0000000000008179, /*   1  offset of bpf_iter__task_file.meta */
	0x0000000000088679, /*   2  offset of bpf_iter__task_file.task */
	0x0000000000188979, /*   3  offset of bpf_iter__task_file.file */
	0x0000000000001279, /*   4  offset of bpf_iter_meta.seq */
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
	0x00000000ff782a7b, /*  20 */
	0x0000000001780915, /*  21 */
	0x0000000001770615, /*  22 */
	0x00000000000091bf, /*  23 */
	0x000000a200000085, /*  24 */
	0x00000000000b0055, /*  25 */
	0x0000000e00000118, /*  26  constant probe_reads */
	0x0000000000000000, /*  27 */
	0x0000000001710115, /*  28 */
	0x00000000000001b7, /*  29 */
	0x00000000fff81a7b, /*  30 */
	0x00000000fff01a7b, /*  31 */
	0x0000000000009179, /*  32  offset of file.f_inode */
	0x0000000000081179, /*  33  offset of inode.i_sb */
	0x0000000000001179, /*  34  offset of super_block.s_magic */
	0x0904193400970115, /*  35 */
	0x0000000001690005, /*  36 */
	0x0000000000000779, /*  37  offset of socket.sk */
	0x0000000001670715, /*  38 */
	0x0000000000167171, /*  39  offset of sock.__sk_common.skc_state */
	0x00000000ffc91a73, /*  40 */
	0x0000003f00000157, /*  41 */
	0x0000003b00000218, /*  42  constant states */
	0x0000000000000000, /*  43 */
	0x000000000000127f, /*  44 */
	0x0000000000147169, /*  45  offset of sock.__sk_common.skc_family */
	0x0000003c00000318, /*  46  constant families */
	0x0000000000000000, /*  47 */
	0x00000000000014bf, /*  48 */
	0x0000003f00000457, /*  49 */
	0x000000000000437f, /*  50 */
	0x00000000ffc41a6b, /*  51 */
	0x000000000000325f, /*  52 */
	0x00000000000003b7, /*  53  offset of sock.__sk_common */
	0x00000000000071bf, /*  54 */
	0x000000000000310f, /*  55 */
	0x0000000100000257, /*  56 */
	0x0000000000160215, /*  57 */
	0x0000003d00000218, /*  58  constant port */
	0x0000000000000000, /*  59 */
	0x0000003d00000318, /*  60  constant port */
	0x0000000000000000, /*  61 */
	0x0000ffff00000357, /*  62 */
	0x0000000000130315, /*  63 */
	0x0000003e00000318, /*  64  constant ends */
	0x0000000000000000, /*  65 */
	0x0000003e00000418, /*  66  constant ends */
	0x0000000000000000, /*  67 */
	0x0000000100000457, /*  68 */
	0x0000000000050415, /*  69 */
	0x0000000000121469, /*  70  offset of sock_common.skc_num */
	0x0000003d00000518, /*  71  constant port */
	0x0000000000000000, /*  72 */
	0x0000ffff00000557, /*  73 */
	0x000000000008541d, /*  74 */
	0x0000000200000357, /*  75 */
	0x0000000000030315, /*  76 */
	0x0000000000101369, /*  77  offset of sock_common.skc_dport */
	0x00000010000002dc, /*  78 */
	0x000000000003231d, /*  79 */
	0x0000000000001179, /*  80  offset of sock_common.skc_prot */
	0x0000000000001179, /*  81  offset of proto.twsk_prot */
	0x00000000013b0155, /*  82 */
	0x0000000000009179, /*  83  offset of file.f_inode */
	0x0000000000001179, /*  84  offset of inode.i_ino */
	0x00000000ff801a7b, /*  85 */
	0x0000000000108161, /*  86  offset of bpf_iter__task_file.fd */
	0x00000000ffa01a63, /*  87 */
	0x0000000000046861, /*  88  offset of task_struct.tgid */
	0x00000000ff988a63, /*  89 */
	0x0000000000006161, /*  90  offset of task_struct.pid */
	0x00000000ff9c1a63, /*  91 */
	0x000000000002811d, /*  92 */
	0x00000002000001b7, /*  93 */
	0x00000000ffcc1a63, /*  94 */
	0x0000004500000118, /*  95  constant pid_namespace */
	0x0000000000000000, /*  96 */
	0x00000000002c0115, /*  97 */
	0x0000009e00000085, /*  98 */
	0x0000000000080179, /*  99  offset of task_struct.thread_pid */
	0x0000000000001961, /* 100  offset of pid.level */
	0x0000000000280915, /* 101 */
	0x00000004000001b7, /* 102  size of struct upid */
	0x000000000000912f, /* 103 */
	0x0000000000086379, /* 104  offset of task_struct.thread_pid */
	0x00000000000008b7, /* 105 */
	0x00000000fff08a63, /* 106 */
	0x00000000000002b7, /* 107 */
	0x00000000000f0315, /* 108 */
	0x0000000000003461, /* 109  offset of pid.level */
	0x00000000000002b7, /* 110 */
	0x00000000000c94ad, /* 111 */
	0x00000004000002b7, /* 112  offset of pid.numbers */
	0x000000000000230f, /* 113 */
	0x0000002000000167, /* 114 */
	0x0000002000000177, /* 115 */
	0x000000000000130f, /* 116 */
	0x000000000000a1bf, /* 117 */
	0xfffffff000000107, /* 118 */
	0x00000004000002b7, /* 119 */
	0x0000007100000085, /* 120 */
	0x00000004000001b7, /* 121  size of struct upid */
	0x000000000000912f, /* 122 */
	0x00000000fff0a261, /* 123 */
	0x00000000ff9c2a63, /* 124 */
	0x0000000000106279, /* 125  offset of task_struct.signal */
	0x0000000000082379, /* 126  offset of signal_struct.pids[1] */
	0x00000000fff08a63, /* 127 */
	0x00000000000c0315, /* 128 */
	0x0000000000003261, /* 129  offset of pid.level */
	0x00000000000a92ad, /* 130 */
	0x00000004000002b7, /* 131  offset of pid.numbers */
	0x000000000000230f, /* 132 */
	0x0000002000000167, /* 133 */
	0x0000002000000177, /* 134 */
	0x000000000000130f, /* 135 */
	0x000000000000a1bf, /* 136 */
	0xfffffff000000107, /* 137 */
	0x00000004000002b7, /* 138 */
	0x0000007100000085, /* 139 */
	0x00000000fff0a861, /* 140 */
	0x00000000ff988a63, /* 141 */
	0x0000002000000867, /* 142 */
	0x0000002000000877, /* 143 */
	0x0000000000fd0815, /* 144 */
	0x00000000000001b7, /* 145  offset of sock.__sk_common */
	0x00000000000076bf, /* 146 */
	0x000000000000160f, /* 147 */
	0x0000000000206179, /* 148  offset of sock_common.skc_net.net */
	0x0000000000001161, /* 149  offset of net.ns.inum */
	0x00000000ffa41a63, /* 150 */
	0x0000004d00000118, /* 151  constant cgroups */
	0x0000000000000000, /* 152 */
	0x0000000000060115, /* 153 */
	0x00000001000001b7, /* 154  is there sock.sk_cgrp_data.cgroup */
	0x0000000000040115, /* 155 */
	0x0000000000887179, /* 156  offset of sock.sk_cgrp_data.cgroup */
	0x0000000000001179, /* 157  offset of cgroup.kn */
	0x0000000000001179, /* 158  offset of kernfs_node.id */
	0x00000000ff901a7b, /* 159 */
	0x0000000000486179, /* 160  offset of sock_common.skc_cookie.counter */
	0x00000000ff881a7b, /* 161 */
	0x0000000000060155, /* 162 */
	0x0000000100000118, /* 163  is there bpf_func_id.BPF_FUNC_check_mtu */
	0x0000000000000000, /* 164 */
	0x0000000000030115, /* 165 */
	0x00000000000071bf, /* 166 */
	0x0000002e00000085, /* 167 */
	0x00000000ff880a7b, /* 168 */
	0x0000000000186161, /* 169  offset of sock_common.skc_bound_dev_if */
	0x00000000ffb41a63, /* 170 */
	0x0000000000707161, /* 171  offset of sock.sk_mark */
	0x00000000ffb81a63, /* 172 */
	0x0000000000747161, /* 173  offset of sock.sk_uid.val */
	0x00000000ffa81a63, /* 174 */
	0x0000000000787169, /* 175  offset of sock.sk_protocol */
	0x00000000ffc61a6b, /* 176 */
	0x00000000007a7169, /* 177  offset of sock.sk_type */
	0x00000000ffc81a73, /* 178 */
	0x00000000ffc4a169, /* 179 */
	0x0000000a00260115, /* 180 */
	0x0000000200840155, /* 181 */
	0x00000000000c6161, /* 182  offset of sock_common.skc_rcv_saddr */
	0x00000000ffd01a63, /* 183 */
	0x0000000000086161, /* 184  offset of sock_common.skc_daddr */
	0x00000000ffe01a63, /* 185 */
	0x0000000000790005, /* 186 */
	0x0000000000089179, /* 187  offset of file.f_path.dentry */
	0x0000000000001379, /* 188  offset of dentry.d_name.name */
	0x000000000000a1bf, /* 189 */
	0xfffffff000000107, /* 190 */
	0x0000000b000002b7, /* 191 */
	0x0000007100000085, /* 192 */
	0x00000000fff0a179, /* 193 */
	0x5f6f695b00000218, /* 194 */
	0x6e69727500000000, /* 195 */
	0x0000000000c9215d, /* 196 */
	0x00000000fff8a179, /* 197 */
	0x00005d6700c70155, /* 198 */
	0x0000000000108161, /* 199  offset of bpf_iter__task_file.fd */
	0x00000008000002b7, /* 200 */
	0x00000000ffcc2a63, /* 201 */
	0x00000000ffa01a63, /* 202 */
	0x0000000000046761, /* 203  offset of task_struct.tgid */
	0x00000000ff987a63, /* 204 */
	0x0000000000006161, /* 205  offset of task_struct.pid */
	0x00000000ff9c1a63, /* 206 */
	0x000000000002711d, /* 207 */
	0x0000000a000001b7, /* 208 */
	0x00000000ffcc1a63, /* 209 */
	0x0000004500000118, /* 210  constant pid_namespace */
	0x0000000000000000, /* 211 */
	0x00000000004d0115, /* 212 */
	0x0000009e00000085, /* 213 */
	0x0000000000080179, /* 214  offset of task_struct.thread_pid */
	0x0000000000001861, /* 215  offset of pid.level */
	0x0000000000210855, /* 216 */
	0x00000000ff98a761, /* 217 */
	0x0000000000470005, /* 218 */
	0x0000000000386161, /* 219  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[0] */
	0x00000000ffd01a63, /* 220 */
	0x00000000003c6161, /* 221  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[1] */
	0x00000000ffd41a63, /* 222 */
	0x0000000000406161, /* 223  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[2] */
	0x00000000ffd81a63, /* 224 */
	0x0000000000446161, /* 225  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[3] */
	0x00000000ffdc1a63, /* 226 */
	0x0000000000286161, /* 227  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[0] */
	0x00000000ffe01a63, /* 228 */
	0x00000000002c6161, /* 229  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[1] */
	0x00000000ffe41a63, /* 230 */
	0x0000000000306161, /* 231  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[2] */
	0x00000000ffe81a63, /* 232 */
	0x0000000000346161, /* 233  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[3] */
	0x00000000ffec1a63, /* 234 */
	0x00000010000001b7, /* 235  offset of sock_common.skc_ipv6only */
	0x00000000000062bf, /* 236 */
	0x000000000000120f, /* 237 */
	0x00000008000003b7, /* 238  size of sock_common.skc_ipv6only */
	0x0000000300050365, /* 239 */
	0x0000000100350315, /* 240 */
	0x0000000200010315, /* 241 */
	0x0000000000360005, /* 242 */
	0x0000000000002169, /* 243 */
	0x0000000000340005, /* 244 */
	0x0000000400320315, /* 245 */
	0x0000000800010315, /* 246 */
	0x0000000000310005, /* 247 */
	0x0000000000002179, /* 248 */
	0x00000000002f0005, /* 249 */
	0x00000004000001b7, /* 250  size of struct upid */
	0x000000000000812f, /* 251 */
	0x0000000000086379, /* 252  offset of task_struct.thread_pid */
	0x00000000000007b7, /* 253 */
	0x00000000fff07a63, /* 254 */
	0x00000000000002b7, /* 255 */
	0x00000000000f0315, /* 256 */
	0x0000000000003461, /* 257  offset of pid.level */
	0x00000000000002b7, /* 258 */
	0x00000000000c84ad, /* 259 */
	0x00000004000002b7, /* 260  offset of pid.numbers */
	0x000000000000230f, /* 261 */
	0x0000002000000167, /* 262 */
	0x0000002000000177, /* 263 */
	0x000000000000130f, /* 264 */
	0x000000000000a1bf, /* 265 */
	0xfffffff000000107, /* 266 */
	0x00000004000002b7, /* 267 */
	0x0000007100000085, /* 268 */
	0x00000004000001b7, /* 269  size of struct upid */
	0x000000000000812f, /* 270 */
	0x00000000fff0a261, /* 271 */
	0x00000000ff9c2a63, /* 272 */
	0x0000000000106279, /* 273  offset of task_struct.signal */
	0x0000000000082379, /* 274  offset of signal_struct.pids[1] */
	0x00000000fff07a63, /* 275 */
	0x00000000000c0315, /* 276 */
	0x0000000000003261, /* 277  offset of pid.level */
	0x00000000000a82ad, /* 278 */
	0x00000004000002b7, /* 279  offset of pid.numbers */
	0x000000000000230f, /* 280 */
	0x0000002000000167, /* 281 */
	0x0000002000000177, /* 282 */
	0x000000000000130f, /* 283 */
	0x000000000000a1bf, /* 284 */
	0xfffffff000000107, /* 285 */
	0x00000004000002b7, /* 286 */
	0x0000007100000085, /* 287 */
	0x00000000fff0a761, /* 288 */
	0x00000000ff987a63, /* 289 */
	0x0000002000000767, /* 290 */
	0x0000002000000777, /* 291 */
	0x0000000000690715, /* 292 */
	0x0000000000630005, /* 293 */
	0x0000000000002171, /* 294 */
	0x0000000000010005, /* 295 */
	0x0000000000002161, /* 296 */
	0x0000000700000167, /* 297  bits above sock_common.skc_ipv6only */
	0x00000000000002b7, /* 298  is signed: sock_common.skc_ipv6only */
	0x0000000000030215, /* 299 */
	0x0000003f000001c7, /* 300  bits above and below sock_common.skc_ipv6only */
	0x0000000000060115, /* 301 */
	0x0000000000020005, /* 302 */
	0x0000003f00000177, /* 303  bits above and below sock_common.skc_ipv6only */
	0x0000000000030115, /* 304 */
	0x00000000ffcca161, /* 305 */
	0x0000000100000147, /* 306 */
	0x00000000ffcc1a63, /* 307 */
	0x0000000000126169, /* 308  offset of sock_common.skc_num */
	0x00000000ffc01a6b, /* 309 */
	0x0000000000106169, /* 310  offset of sock_common.skc_dport */
	0x00000010000001dc, /* 311 */
	0x00000000ffc21a6b, /* 312 */
	0x00000000ffc4a169, /* 313 */
	0x0000ffff00000157, /* 314 */
	0x0000000100160155, /* 315 */
	0x00000001000001b7, /* 316 */
	0x00000000fff01a63, /* 317 */
	0x0000000e00000218, /* 318  constant probe_reads */
	0x0000000000000000, /* 319 */
	0x00000000000a0215, /* 320 */
	0x00000001000002b7, /* 321  is there unix_sock.scm_stat.nr_fds */
	0x0000000000080215, /* 322 */
	0x00000000000001b7, /* 323  offset of unix_sock.scm_stat.nr_fds */
	0x00000000000073bf, /* 324 */
	0x000000000000130f, /* 325 */
	0x000000000000a1bf, /* 326 */
	0xfffffff000000107, /* 327 */
	0x00000004000002b7, /* 328 */
	0x0000007100000085, /* 329 */
	0x00000000fff0a161, /* 330 */
	0x00000000ffbc1a63, /* 331 */
	0x0000000000507161, /* 332  offset of sock.sk_receive_queue.qlen */
	0x00000000ffac1a63, /* 333 */
	0x00000000ffc9a271, /* 334 */
	0x0000000a00300255, /* 335 */
	0x0000000000807161, /* 336  offset of sock.sk_max_ack_backlog */
	0x0000000000150005, /* 337 */
	0x00000000ffc6a169, /* 338 */
	0x0000001100150115, /* 339 */
	0x00000006000e0155, /* 340 */
	0x00000000ffc8a171, /* 341 */
	0x00000001000c0155, /* 342 */
	0x00000000000071bf, /* 343 */
	0x0000008900000085, /* 344 */
	0x00000000002f0015, /* 345 */
	0x00000000ffc9a171, /* 346 */
	0x0000000a00340155, /* 347 */
	0x00000000007c7161, /* 348  offset of sock.sk_ack_backlog */
	0x00000000ffac1a63, /* 349 */
	0x0000000000807161, /* 350  offset of sock.sk_max_ack_backlog */
	0x00000000ffb01a63, /* 351 */
	0x0000000000bc0161, /* 352  offset of tcp_sock.inet_conn.icsk_accept_queue.qlen.counter */
	0x00000000ffbc1a63, /* 353 */
	0x0000000000260005, /* 354 */
	0x0000000000547161, /* 355  offset of sock.sk_backlog.rmem_alloc.counter */
	0x00000000ffac1a63, /* 356 */
	0x0000000000587161, /* 357  offset of sock.sk_wmem_alloc.refs.counter */
	0xffffffff00000107, /* 358 */
	0x00000000ffb01a63, /* 359 */
	0x0000000000200005, /* 360 */
	0x00000000000001b7, /* 361 */
	0x00000000fff01a63, /* 362 */
	0x0000000000587161, /* 363  offset of sock.sk_wmem_alloc.refs.counter */
	0xffffffff00000107, /* 364 */
	0x00000000ffb01a63, /* 365 */
	0x0000000000547161, /* 366  offset of sock.sk_backlog.rmem_alloc.counter */
	0x00000000ffac1a63, /* 367 */
	0x0000000000180115, /* 368 */
	0x0000000e00000118, /* 369  constant probe_reads */
	0x0000000000000000, /* 370 */
	0x0000000000120115, /* 371 */
	0x00000000000001b7, /* 372  offset of udp_sock.forward_deficit */
	0x000000000000170f, /* 373 */
	0x000000000000a1bf, /* 374 */
	0xfffffff000000107, /* 375 */
	0x00000004000002b7, /* 376 */
	0x00000000000073bf, /* 377 */
	0x0000007100000085, /* 378 */
	0x00000000fff0a161, /* 379 */
	0x00000000ffaca261, /* 380 */
	0x000000000000121f, /* 381 */
	0x00000000ffac2a63, /* 382 */
	0x0000000000090005, /* 383 */
	0x0000000000587261, /* 384  offset of sock.sk_wmem_alloc.refs.counter */
	0xffffffff00000207, /* 385 */
	0x00000000ffb02a63, /* 386 */
	0x0000002000000167, /* 387 */
	0x0000002000000177, /* 388 */
	0x0000000000030115, /* 389 */
	0x00000000ffcca161, /* 390 */
	0x0000000400000147, /* 391 */
	0x00000000ffcc1a63, /* 392 */
	0x000000000000a2bf, /* 393 */
	0xffffff8000000207, /* 394 */
	0x00000000ff78a179, /* 395 */
	0x00000070000003b7, /* 396 */
	0x0000007f00000085, /* 397 */
	0x00000000000000b7, /* 398 */
	0x0000000000000095, /* 399 */
	0x0000000000c40261, /* 400  offset of tcp_sock.copied_seq */
	0x0000000000c00161, /* 401  offset of tcp_sock.rcv_nxt */
	0x000000000000211f, /* 402 */
	0x00000000000012bf, /* 403 */
	0x0000002000000267, /* 404 */
	0x00000020000002c7, /* 405 */
	0x0000000000010265, /* 406 */
	0x00000000000001b7, /* 407 */
	0x00000000ffac1a63, /* 408 */
	0x0000000000cc0161, /* 409  offset of tcp_sock.snd_una */
	0x0000000000c80261, /* 410  offset of tcp_sock.write_seq */
	0x000000000000121f, /* 411 */
	0x00000000ffb02a63, /* 412 */
	0x0000005f00000118, /* 413  constant timers */
	0x0000000000000000, /* 414 */
	0x00000000ffe90115, /* 415 */
	0x00000000000001b7, /* 416  offset of tcp_sock.inet_conn */
	0x000000000000100f, /* 417 */
	0x0000000000b90371, /* 418  offset of inet_connection_sock.icsk_pending */
	0x00000001000001b7, /* 419  is there inet_connection_sock.icsk_keepalive_timer */
	0x0000000000060115, /* 420 */
	0x00000000000002b7, /* 421 */
	0x0000000000b00679, /* 422  offset of inet_connection_sock.icsk_keepalive_timer.expires */
	0x0000000000a80479, /* 423  offset of inet_connection_sock.icsk_keepalive_timer.entry.pprev */
	0x00000000000001b7, /* 424 */
	0x00000000000e0415, /* 425 */
	0x0000000000080005, /* 426 */
	0x00000000000001b7, /* 427  offset of inet_connection_sock.icsk_inet.sk */
	0x00000000000004bf, /* 428 */
	0x000000000000140f, /* 429 */
	0x00000000000002b7, /* 430 */
	0x0000000000684679, /* 431  offset of sock.sk_timer.expires */
	0x0000000000604479, /* 432  offset of sock.sk_timer.entry.pprev */
	0x00000000000001b7, /* 433 */
	0x0000000000050415, /* 434 */
	0x000000ba000002b7, /* 435  offset of inet_connection_sock.icsk_probes_out */
	0x00000000000001bf, /* 436 */
	0x000000000000210f, /* 437 */
	0x00000002000002b7, /* 438 */
	0x0000000000001171, /* 439 */
	0x00000000000034bf, /* 440 */
	0x0000003f00000457, /* 441 */
	0x00000062000005b7, /* 442 */
	0x000000000000457f, /* 443 */
	0x0000000100000557, /* 444 */
	0x0000000000050515, /* 445 */
	0x0000000000b80171, /* 446  offset of inet_connection_sock.icsk_retransmits */
	0x00000001000002b7, /* 447  is there inet_connection_sock.icsk_timeout */
	0x0000000000090215, /* 448 */
	0x00000090000002b7, /* 449  offset of inet_connection_sock.icsk_timeout */
	0x0000000000100005, /* 450 */
	0x000000ff00000357, /* 451 */
	0x0000000300150355, /* 452 */
	0x0000000000ba0171, /* 453  offset of inet_connection_sock.icsk_probes_out */
	0x00000001000002b7, /* 454  is there inet_connection_sock.icsk_timeout */
	0x0000000000060215, /* 455 */
	0x00000090000002b7, /* 456  offset of inet_connection_sock.icsk_timeout */
	0x00000000000d0005, /* 457 */
	0x00000001000002b7, /* 458  is there inet_connection_sock.icsk_retransmit_timer */
	0x0000000000060215, /* 459 */
	0x000000a0000002b7, /* 460  offset of inet_connection_sock.icsk_retransmit_timer.expires */
	0x0000000000050005, /* 461 */
	0x00000001000002b7, /* 462  is there inet_connection_sock.icsk_retransmit_timer */
	0x0000000000060215, /* 463 */
	0x000000a0000002b7, /* 464  offset of inet_connection_sock.icsk_retransmit_timer.expires */
	0x0000000000050005, /* 465 */
	0x00000068000002b7, /* 466  offset of inet_connection_sock.icsk_inet.sk.sk_timer.expires */
	0x000000000000200f, /* 467 */
	0x00000001000002b7, /* 468 */
	0x0000000000030005, /* 469 */
	0x00000068000002b7, /* 470  offset of inet_connection_sock.icsk_inet.sk.sk_timer.expires */
	0x000000000000200f, /* 471 */
	0x00000004000002b7, /* 472 */
	0x0000000000000679, /* 473 */
	0x00000000ffcb1a73, /* 474 */
	0x00000000ffca2a73, /* 475 */
	0x0000007600000085, /* 476 */
	0x000000000000061f, /* 477 */
	0x00000000ffbc6a63, /* 478 */
	0x00000000ffa90005, /* 479 */
};

const struct fastsock_program fastsock_files = {
	.name = "fastsock_files",
	.roots = fastsock_files_roots,
	.fields = fastsock_files_fields,
	.relocations = fastsock_files_relocations,
	.instructions = fastsock_files_instructions,
	.root_count = 23,
	.field_count = 76,
	.relocation_count = 131,
	.instruction_count = 480,
};
_Static_assert(23 <= FASTSOCK_MAX_ROOTS, "23 are more roots than loader.c has room for");
_Static_assert(76 <= FASTSOCK_MAX_FIELDS, "76 are more fields than loader.c has room for");
_Static_assert(131 <= FASTSOCK_MAX_RELOCATIONS, "131 are more relocations than loader.c has room for");
_Static_assert(480 <= FASTSOCK_MAX_INSTRUCTIONS, "480 are more instructions than loader.c has room for");
