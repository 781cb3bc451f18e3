/* Made by generate.py with clang 14; not to be edited. The sources' SHA-256:
 * 69e4d14bf24341288b8407608533699c6691ea8bd60d0c33a3514caf4bfe4159  sockets.bpf.c
 * 28b28b0bc9f590b83b750ddb9d36066c0c6ffe6f90684e30a596ad689f467b13  record.h
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
	{9, "name", -1}, /* 14 */
	{4, "i_ino", -1}, /* 15 */
	{4, "i_uid.val", -1}, /* 16 */
	{1, "fd", -1}, /* 17 */
	{10, "tgid", -1}, /* 18 */
	{10, "pid", -1}, /* 19 */
	{10, "thread_pid", -1}, /* 20 */
	{11, "level", -1}, /* 21 */
	{12, "", -1}, /* 22 */
	{11, "numbers", -1}, /* 23 */
	{10, "signal", -1}, /* 24 */
	{13, "pids[1]", -1}, /* 25 */
	{8, "skc_net.net", -1}, /* 26 */
	{14, "ns.inum", -1}, /* 27 */
	{7, "sk_cgrp_data.cgroup", 28}, /* 28 */
	{15, "kn", -1}, /* 29 */
	{16, "id", -1}, /* 30 */
	{17, "BPF_FUNC_check_mtu", 31}, /* 31 */
	{3, "f_path.dentry", -1}, /* 32 */
	{18, "d_name.name", -1}, /* 33 */
	{8, "skc_cookie.counter", -1}, /* 34 */
	{8, "skc_bound_dev_if", -1}, /* 35 */
	{7, "sk_mark", -1}, /* 36 */
	{7, "sk_protocol", -1}, /* 37 */
	{7, "sk_type", -1}, /* 38 */
	{8, "skc_rcv_saddr", -1}, /* 39 */
	{8, "skc_daddr", -1}, /* 40 */
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
	{FASTSOCK_FIELD_OFFSET, 9, 41},
	{FASTSOCK_FIELD_OFFSET, 10, 43},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(states), 47},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(families), 51},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(port), 59},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(port), 61},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(ends), 65},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(ends), 67},
	{FASTSOCK_FIELD_OFFSET, 11, 71},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(port), 72},
	{FASTSOCK_FIELD_OFFSET, 12, 78},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(probe_reads), 81},
	{FASTSOCK_FIELD_OFFSET, 13, 85},
	{FASTSOCK_FIELD_OFFSET, 14, 86},
	{FASTSOCK_FIELD_OFFSET, 4, 96},
	{FASTSOCK_FIELD_OFFSET, 15, 97},
	{FASTSOCK_FIELD_OFFSET, 16, 99},
	{FASTSOCK_FIELD_OFFSET, 17, 101},
	{FASTSOCK_FIELD_OFFSET, 18, 103},
	{FASTSOCK_FIELD_OFFSET, 19, 105},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(pid_namespace), 111},
	{FASTSOCK_FIELD_OFFSET, 20, 115},
	{FASTSOCK_FIELD_OFFSET, 21, 116},
	{FASTSOCK_TYPE_SIZE, 22, 120},
	{FASTSOCK_FIELD_OFFSET, 20, 122},
	{FASTSOCK_FIELD_OFFSET, 21, 127},
	{FASTSOCK_FIELD_OFFSET, 23, 130},
	{FASTSOCK_TYPE_SIZE, 22, 139},
	{FASTSOCK_FIELD_OFFSET, 24, 143},
	{FASTSOCK_FIELD_OFFSET, 25, 144},
	{FASTSOCK_FIELD_OFFSET, 21, 147},
	{FASTSOCK_FIELD_OFFSET, 23, 149},
	{FASTSOCK_FIELD_OFFSET, 10, 163},
	{FASTSOCK_FIELD_OFFSET, 26, 166},
	{FASTSOCK_FIELD_OFFSET, 27, 167},
	{FASTSOCK_EXISTS, 28, 169},
	{FASTSOCK_FIELD_OFFSET, 28, 171},
	{FASTSOCK_FIELD_OFFSET, 29, 172},
	{FASTSOCK_FIELD_OFFSET, 30, 173},
	{FASTSOCK_EXISTS, 31, 175},
	{FASTSOCK_FIELD_OFFSET, 32, 181},
	{FASTSOCK_FIELD_OFFSET, 33, 182},
	{FASTSOCK_FIELD_OFFSET, 17, 193},
	{FASTSOCK_FIELD_OFFSET, 18, 197},
	{FASTSOCK_FIELD_OFFSET, 19, 199},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(pid_namespace), 204},
	{FASTSOCK_FIELD_OFFSET, 20, 208},
	{FASTSOCK_FIELD_OFFSET, 21, 209},
	{FASTSOCK_FIELD_OFFSET, 34, 213},
	{FASTSOCK_FIELD_OFFSET, 35, 215},
	{FASTSOCK_FIELD_OFFSET, 36, 217},
	{FASTSOCK_FIELD_OFFSET, 37, 219},
	{FASTSOCK_FIELD_OFFSET, 38, 221},
	{FASTSOCK_FIELD_OFFSET, 39, 226},
	{FASTSOCK_FIELD_OFFSET, 40, 228},
	{FASTSOCK_FIELD_OFFSET, 41, 231},
	{FASTSOCK_FIELD_OFFSET, 42, 233},
	{FASTSOCK_FIELD_OFFSET, 43, 235},
	{FASTSOCK_FIELD_OFFSET, 44, 237},
	{FASTSOCK_FIELD_OFFSET, 45, 239},
	{FASTSOCK_FIELD_OFFSET, 46, 241},
	{FASTSOCK_FIELD_OFFSET, 47, 243},
	{FASTSOCK_FIELD_OFFSET, 48, 245},
	{FASTSOCK_FIELD_OFFSET, 49, 247},
	{FASTSOCK_FIELD_SIZE, 49, 250},
	{FASTSOCK_TYPE_SIZE, 22, 262},
	{FASTSOCK_FIELD_OFFSET, 20, 264},
	{FASTSOCK_FIELD_OFFSET, 21, 269},
	{FASTSOCK_FIELD_OFFSET, 23, 272},
	{FASTSOCK_TYPE_SIZE, 22, 281},
	{FASTSOCK_FIELD_OFFSET, 24, 285},
	{FASTSOCK_FIELD_OFFSET, 25, 286},
	{FASTSOCK_FIELD_OFFSET, 21, 289},
	{FASTSOCK_FIELD_OFFSET, 23, 291},
	{FASTSOCK_LEFT_SHIFT, 49, 309},
	{FASTSOCK_FIELD_SIGNED, 49, 310},
	{FASTSOCK_RIGHT_SHIFT, 49, 312},
	{FASTSOCK_RIGHT_SHIFT, 49, 315},
	{FASTSOCK_FIELD_OFFSET, 11, 320},
	{FASTSOCK_FIELD_OFFSET, 12, 322},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(probe_reads), 329},
	{FASTSOCK_EXISTS, 50, 332},
	{FASTSOCK_FIELD_OFFSET, 50, 334},
	{FASTSOCK_FIELD_OFFSET, 51, 343},
	{FASTSOCK_FIELD_OFFSET, 52, 347},
	{FASTSOCK_FIELD_OFFSET, 53, 359},
	{FASTSOCK_FIELD_OFFSET, 52, 361},
	{FASTSOCK_FIELD_OFFSET, 54, 363},
	{FASTSOCK_FIELD_OFFSET, 55, 366},
	{FASTSOCK_FIELD_OFFSET, 56, 368},
	{FASTSOCK_FIELD_OFFSET, 56, 374},
	{FASTSOCK_FIELD_OFFSET, 55, 377},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(probe_reads), 380},
	{FASTSOCK_FIELD_OFFSET, 57, 383},
	{FASTSOCK_FIELD_OFFSET, 56, 395},
	{FASTSOCK_FIELD_OFFSET, 58, 411},
	{FASTSOCK_FIELD_OFFSET, 59, 412},
	{FASTSOCK_FIELD_OFFSET, 60, 420},
	{FASTSOCK_FIELD_OFFSET, 61, 421},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(timers), 424},
	{FASTSOCK_FIELD_OFFSET, 62, 427},
	{FASTSOCK_FIELD_OFFSET, 63, 429},
	{FASTSOCK_EXISTS, 64, 430},
	{FASTSOCK_FIELD_OFFSET, 65, 433},
	{FASTSOCK_FIELD_OFFSET, 66, 434},
	{FASTSOCK_FIELD_OFFSET, 67, 438},
	{FASTSOCK_FIELD_OFFSET, 68, 442},
	{FASTSOCK_FIELD_OFFSET, 69, 443},
	{FASTSOCK_FIELD_OFFSET, 70, 446},
	{FASTSOCK_FIELD_OFFSET, 71, 457},
	{FASTSOCK_EXISTS, 72, 458},
	{FASTSOCK_FIELD_OFFSET, 72, 460},
	{FASTSOCK_FIELD_OFFSET, 70, 464},
	{FASTSOCK_EXISTS, 72, 465},
	{FASTSOCK_FIELD_OFFSET, 72, 467},
	{FASTSOCK_EXISTS, 73, 469},
	{FASTSOCK_FIELD_OFFSET, 74, 471},
	{FASTSOCK_EXISTS, 73, 473},
	{FASTSOCK_FIELD_OFFSET, 74, 475},
	{FASTSOCK_FIELD_OFFSET, 75, 477},
	{FASTSOCK_FIELD_OFFSET, 75, 481},
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
	0x0000000001830915, /*  21 */
	0x0000000001820615, /*  22 */
	0x00000000000091bf, /*  23 */
	0x000000a200000085, /*  24 */
	0x00000000000b0055, /*  25 */
	0x0000000e00000118, /*  26  constant probe_reads */
	0x0000000000000000, /*  27 */
	0x00000000017c0115, /*  28 */
	0x00000000000001b7, /*  29 */
	0x00000000fff81a7b, /*  30 */
	0x00000000fff01a7b, /*  31 */
	0x0000000000009179, /*  32  offset of file.f_inode */
	0x0000000000101179, /*  33  offset of inode.i_sb */
	0x0000000000001179, /*  34  offset of super_block.s_magic */
	0x0904193400910115, /*  35 */
	0x0000000001740005, /*  36 */
	0x0000000000000779, /*  37  offset of socket.sk */
	0x0000000001720715, /*  38 */
	0x0000000000167171, /*  39  offset of sock.__sk_common.skc_state */
	0x00000000ffc91a73, /*  40 */
	0x0000000000147269, /*  41  offset of sock.__sk_common.skc_family */
	0x00000000ffc42a6b, /*  42 */
	0x00000000000003b7, /*  43  offset of sock.__sk_common */
	0x00000000000004b7, /*  44 */
	0x00000000fff04a7b, /*  45 */
	0x0000003f00000157, /*  46 */
	0x0000003b00000418, /*  47  constant states */
	0x0000000000000000, /*  48 */
	0x000000000000147f, /*  49 */
	0x0000003f00000257, /*  50 */
	0x0000003c00000118, /*  51  constant families */
	0x0000000000000000, /*  52 */
	0x000000000000217f, /*  53 */
	0x000000000000145f, /*  54 */
	0x00000000000071bf, /*  55 */
	0x000000000000310f, /*  56 */
	0x0000000100000457, /*  57 */
	0x0000000000160415, /*  58 */
	0x0000003d00000218, /*  59  constant port */
	0x0000000000000000, /*  60 */
	0x0000003d00000318, /*  61  constant port */
	0x0000000000000000, /*  62 */
	0x0000ffff00000357, /*  63 */
	0x0000000000130315, /*  64 */
	0x0000003e00000318, /*  65  constant ends */
	0x0000000000000000, /*  66 */
	0x0000003e00000418, /*  67  constant ends */
	0x0000000000000000, /*  68 */
	0x0000000100000457, /*  69 */
	0x0000000000050415, /*  70 */
	0x0000000000121469, /*  71  offset of sock_common.skc_num */
	0x0000003d00000518, /*  72  constant port */
	0x0000000000000000, /*  73 */
	0x0000ffff00000557, /*  74 */
	0x000000000008541d, /*  75 */
	0x0000000200000357, /*  76 */
	0x0000000000030315, /*  77 */
	0x0000000000101369, /*  78  offset of sock_common.skc_dport */
	0x00000010000002dc, /*  79 */
	0x000000000003231d, /*  80 */
	0x0000000e00000218, /*  81  constant probe_reads */
	0x0000000000000000, /*  82 */
	0x0000000000010255, /*  83 */
	0x00000000000b0005, /*  84 */
	0x0000000000001379, /*  85  offset of sock_common.skc_prot */
	0x00000000000001b7, /*  86  offset of proto.name */
	0x000000000000130f, /*  87 */
	0x000000000000a1bf, /*  88 */
	0xfffffff000000107, /*  89 */
	0x00000005000002b7, /*  90 */
	0x0000007100000085, /*  91 */
	0x00000000fff0a179, /*  92 */
	0x4354504d00000218, /*  93 */
	0x0000005000000000, /*  94 */
	0x000000000139215d, /*  95 */
	0x0000000000009179, /*  96  offset of file.f_inode */
	0x0000000000081279, /*  97  offset of inode.i_ino */
	0x00000000ff802a7b, /*  98 */
	0x0000000000001161, /*  99  offset of inode.i_uid.val */
	0x00000000ffa81a63, /* 100 */
	0x0000000000108161, /* 101  offset of bpf_iter__task_file.fd */
	0x00000000ffa01a63, /* 102 */
	0x0000000000046861, /* 103  offset of task_struct.tgid */
	0x00000000ff988a63, /* 104 */
	0x0000000000006161, /* 105  offset of task_struct.pid */
	0x00000000ff9c1a63, /* 106 */
	0x000000000003811d, /* 107 */
	0x00000000ffcca161, /* 108 */
	0x0000000200000147, /* 109 */
	0x00000000ffcc1a63, /* 110 */
	0x0000004500000118, /* 111  constant pid_namespace */
	0x0000000000000000, /* 112 */
	0x00000000002e0115, /* 113 */
	0x0000009e00000085, /* 114 */
	0x0000000000080179, /* 115  offset of task_struct.thread_pid */
	0x0000000000001961, /* 116  offset of pid.level */
	0x0000000000020955, /* 117 */
	0x00000000ff98a861, /* 118 */
	0x0000000000280005, /* 119 */
	0x00000004000001b7, /* 120  size of struct upid */
	0x000000000000912f, /* 121 */
	0x0000000000086379, /* 122  offset of task_struct.thread_pid */
	0x00000000000008b7, /* 123 */
	0x00000000fff08a63, /* 124 */
	0x00000000000002b7, /* 125 */
	0x00000000000f0315, /* 126 */
	0x0000000000003461, /* 127  offset of pid.level */
	0x00000000000002b7, /* 128 */
	0x00000000000c94ad, /* 129 */
	0x00000004000002b7, /* 130  offset of pid.numbers */
	0x000000000000230f, /* 131 */
	0x0000002000000167, /* 132 */
	0x0000002000000177, /* 133 */
	0x000000000000130f, /* 134 */
	0x000000000000a1bf, /* 135 */
	0xfffffff000000107, /* 136 */
	0x00000004000002b7, /* 137 */
	0x0000007100000085, /* 138 */
	0x00000004000001b7, /* 139  size of struct upid */
	0x000000000000912f, /* 140 */
	0x00000000fff0a261, /* 141 */
	0x00000000ff9c2a63, /* 142 */
	0x0000000000106279, /* 143  offset of task_struct.signal */
	0x0000000000082379, /* 144  offset of signal_struct.pids[1] */
	0x00000000fff08a63, /* 145 */
	0x00000000000c0315, /* 146 */
	0x0000000000003261, /* 147  offset of pid.level */
	0x00000000000a92ad, /* 148 */
	0x00000004000002b7, /* 149  offset of pid.numbers */
	0x000000000000230f, /* 150 */
	0x0000002000000167, /* 151 */
	0x0000002000000177, /* 152 */
	0x000000000000130f, /* 153 */
	0x000000000000a1bf, /* 154 */
	0xfffffff000000107, /* 155 */
	0x00000004000002b7, /* 156 */
	0x0000007100000085, /* 157 */
	0x00000000fff0a861, /* 158 */
	0x00000000ff988a63, /* 159 */
	0x0000002000000867, /* 160 */
	0x0000002000000877, /* 161 */
	0x0000000000f60815, /* 162 */
	0x00000000000001b7, /* 163  offset of sock.__sk_common */
	0x00000000000076bf, /* 164 */
	0x000000000000160f, /* 165 */
	0x0000000000206179, /* 166  offset of sock_common.skc_net.net */
	0x0000000000001161, /* 167  offset of net.ns.inum */
	0x00000000ffa41a63, /* 168 */
	0x00000001000001b7, /* 169  is there sock.sk_cgrp_data.cgroup */
	0x0000000000040115, /* 170 */
	0x0000000000807179, /* 171  offset of sock.sk_cgrp_data.cgroup */
	0x0000000000001179, /* 172  offset of cgroup.kn */
	0x0000000000001179, /* 173  offset of kernfs_node.id */
	0x00000000ff901a7b, /* 174 */
	0x0000000100000118, /* 175  is there bpf_func_id.BPF_FUNC_check_mtu */
	0x0000000000000000, /* 176 */
	0x0000000000230115, /* 177 */
	0x00000000000071bf, /* 178 */
	0x0000002e00000085, /* 179 */
	0x0000000000210005, /* 180 */
	0x0000000000089179, /* 181  offset of file.f_path.dentry */
	0x0000000000001379, /* 182  offset of dentry.d_name.name */
	0x000000000000a1bf, /* 183 */
	0xfffffff000000107, /* 184 */
	0x0000000b000002b7, /* 185 */
	0x0000007100000085, /* 186 */
	0x00000000fff0a179, /* 187 */
	0x5f6f695b00000218, /* 188 */
	0x6e69727500000000, /* 189 */
	0x0000000000da215d, /* 190 */
	0x00000000fff8a179, /* 191 */
	0x00005d6700d80155, /* 192 */
	0x0000000000108161, /* 193  offset of bpf_iter__task_file.fd */
	0x00000008000002b7, /* 194 */
	0x00000000ffcc2a63, /* 195 */
	0x00000000ffa01a63, /* 196 */
	0x0000000000046761, /* 197  offset of task_struct.tgid */
	0x00000000ff987a63, /* 198 */
	0x0000000000006161, /* 199  offset of task_struct.pid */
	0x00000000ff9c1a63, /* 200 */
	0x000000000002711d, /* 201 */
	0x0000000a000001b7, /* 202 */
	0x00000000ffcc1a63, /* 203 */
	0x0000004500000118, /* 204  constant pid_namespace */
	0x0000000000000000, /* 205 */
	0x00000000005f0115, /* 206 */
	0x0000009e00000085, /* 207 */
	0x0000000000080179, /* 208  offset of task_struct.thread_pid */
	0x0000000000001861, /* 209  offset of pid.level */
	0x0000000000330855, /* 210 */
	0x00000000ff98a761, /* 211 */
	0x0000000000590005, /* 212 */
	0x0000000000486079, /* 213  offset of sock_common.skc_cookie.counter */
	0x00000000ff880a7b, /* 214 */
	0x0000000000186161, /* 215  offset of sock_common.skc_bound_dev_if */
	0x00000000ffb41a63, /* 216 */
	0x0000000000707161, /* 217  offset of sock.sk_mark */
	0x00000000ffb81a63, /* 218 */
	0x0000000000747169, /* 219  offset of sock.sk_protocol */
	0x00000000ffc61a6b, /* 220 */
	0x0000000000767169, /* 221  offset of sock.sk_type */
	0x00000000ffc81a73, /* 222 */
	0x00000000ffc4a169, /* 223 */
	0x0000000a00060115, /* 224 */
	0x0000000200640155, /* 225 */
	0x00000000000c6161, /* 226  offset of sock_common.skc_rcv_saddr */
	0x00000000ffd01a63, /* 227 */
	0x0000000000086161, /* 228  offset of sock_common.skc_daddr */
	0x00000000ffe01a63, /* 229 */
	0x0000000000590005, /* 230 */
	0x0000000000386161, /* 231  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[0] */
	0x00000000ffd01a63, /* 232 */
	0x00000000003c6161, /* 233  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[1] */
	0x00000000ffd41a63, /* 234 */
	0x0000000000406161, /* 235  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[2] */
	0x00000000ffd81a63, /* 236 */
	0x0000000000446161, /* 237  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[3] */
	0x00000000ffdc1a63, /* 238 */
	0x0000000000286161, /* 239  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[0] */
	0x00000000ffe01a63, /* 240 */
	0x00000000002c6161, /* 241  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[1] */
	0x00000000ffe41a63, /* 242 */
	0x0000000000306161, /* 243  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[2] */
	0x00000000ffe81a63, /* 244 */
	0x0000000000346161, /* 245  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[3] */
	0x00000000ffec1a63, /* 246 */
	0x00000010000001b7, /* 247  offset of sock_common.skc_ipv6only */
	0x00000000000062bf, /* 248 */
	0x000000000000120f, /* 249 */
	0x00000008000003b7, /* 250  size of sock_common.skc_ipv6only */
	0x0000000300050365, /* 251 */
	0x0000000100350315, /* 252 */
	0x0000000200010315, /* 253 */
	0x0000000000360005, /* 254 */
	0x0000000000002169, /* 255 */
	0x0000000000340005, /* 256 */
	0x0000000400320315, /* 257 */
	0x0000000800010315, /* 258 */
	0x0000000000310005, /* 259 */
	0x0000000000002179, /* 260 */
	0x00000000002f0005, /* 261 */
	0x00000004000001b7, /* 262  size of struct upid */
	0x000000000000812f, /* 263 */
	0x0000000000086379, /* 264  offset of task_struct.thread_pid */
	0x00000000000007b7, /* 265 */
	0x00000000fff07a63, /* 266 */
	0x00000000000002b7, /* 267 */
	0x00000000000f0315, /* 268 */
	0x0000000000003461, /* 269  offset of pid.level */
	0x00000000000002b7, /* 270 */
	0x00000000000c84ad, /* 271 */
	0x00000004000002b7, /* 272  offset of pid.numbers */
	0x000000000000230f, /* 273 */
	0x0000002000000167, /* 274 */
	0x0000002000000177, /* 275 */
	0x000000000000130f, /* 276 */
	0x000000000000a1bf, /* 277 */
	0xfffffff000000107, /* 278 */
	0x00000004000002b7, /* 279 */
	0x0000007100000085, /* 280 */
	0x00000004000001b7, /* 281  size of struct upid */
	0x000000000000812f, /* 282 */
	0x00000000fff0a261, /* 283 */
	0x00000000ff9c2a63, /* 284 */
	0x0000000000106279, /* 285  offset of task_struct.signal */
	0x0000000000082379, /* 286  offset of signal_struct.pids[1] */
	0x00000000fff07a63, /* 287 */
	0x00000000000c0315, /* 288 */
	0x0000000000003261, /* 289  offset of pid.level */
	0x00000000000a82ad, /* 290 */
	0x00000004000002b7, /* 291  offset of pid.numbers */
	0x000000000000230f, /* 292 */
	0x0000002000000167, /* 293 */
	0x0000002000000177, /* 294 */
	0x000000000000130f, /* 295 */
	0x000000000000a1bf, /* 296 */
	0xfffffff000000107, /* 297 */
	0x00000004000002b7, /* 298 */
	0x0000007100000085, /* 299 */
	0x00000000fff0a761, /* 300 */
	0x00000000ff987a63, /* 301 */
	0x0000002000000767, /* 302 */
	0x0000002000000777, /* 303 */
	0x0000000000680715, /* 304 */
	0x0000000000620005, /* 305 */
	0x0000000000002171, /* 306 */
	0x0000000000010005, /* 307 */
	0x0000000000002161, /* 308 */
	0x0000000700000167, /* 309  bits above sock_common.skc_ipv6only */
	0x00000000000002b7, /* 310  is signed: sock_common.skc_ipv6only */
	0x0000000000030215, /* 311 */
	0x0000003f000001c7, /* 312  bits above and below sock_common.skc_ipv6only */
	0x0000000000060115, /* 313 */
	0x0000000000020005, /* 314 */
	0x0000003f00000177, /* 315  bits above and below sock_common.skc_ipv6only */
	0x0000000000030115, /* 316 */
	0x00000000ffcca161, /* 317 */
	0x0000000100000147, /* 318 */
	0x00000000ffcc1a63, /* 319 */
	0x0000000000126169, /* 320  offset of sock_common.skc_num */
	0x00000000ffc01a6b, /* 321 */
	0x0000000000106169, /* 322  offset of sock_common.skc_dport */
	0x00000010000001dc, /* 323 */
	0x00000000ffc21a6b, /* 324 */
	0x00000000ffc4a169, /* 325 */
	0x0000000100160155, /* 326 */
	0x00000001000001b7, /* 327 */
	0x00000000fff01a63, /* 328 */
	0x0000000e00000218, /* 329  constant probe_reads */
	0x0000000000000000, /* 330 */
	0x00000000000a0215, /* 331 */
	0x00000001000002b7, /* 332  is there unix_sock.scm_stat.nr_fds */
	0x0000000000080215, /* 333 */
	0x00000000000001b7, /* 334  offset of unix_sock.scm_stat.nr_fds */
	0x00000000000073bf, /* 335 */
	0x000000000000130f, /* 336 */
	0x000000000000a1bf, /* 337 */
	0xfffffff000000107, /* 338 */
	0x00000004000002b7, /* 339 */
	0x0000007100000085, /* 340 */
	0x00000000fff0a161, /* 341 */
	0x00000000ffbc1a63, /* 342 */
	0x0000000000507161, /* 343  offset of sock.sk_receive_queue.qlen */
	0x00000000ffac1a63, /* 344 */
	0x00000000ffc9a271, /* 345 */
	0x0000000a00300255, /* 346 */
	0x00000000007c7161, /* 347  offset of sock.sk_max_ack_backlog */
	0x0000000000150005, /* 348 */
	0x00000000ffc6a169, /* 349 */
	0x0000001100150115, /* 350 */
	0x00000006000e0155, /* 351 */
	0x00000000ffc8a171, /* 352 */
	0x00000001000c0155, /* 353 */
	0x00000000000071bf, /* 354 */
	0x0000008900000085, /* 355 */
	0x00000000002f0015, /* 356 */
	0x00000000ffc9a171, /* 357 */
	0x0000000a00340155, /* 358 */
	0x0000000000787161, /* 359  offset of sock.sk_ack_backlog */
	0x00000000ffac1a63, /* 360 */
	0x00000000007c7161, /* 361  offset of sock.sk_max_ack_backlog */
	0x00000000ffb01a63, /* 362 */
	0x0000000000b40161, /* 363  offset of tcp_sock.inet_conn.icsk_accept_queue.qlen.counter */
	0x00000000ffbc1a63, /* 364 */
	0x0000000000260005, /* 365 */
	0x0000000000547161, /* 366  offset of sock.sk_backlog.rmem_alloc.counter */
	0x00000000ffac1a63, /* 367 */
	0x0000000000587161, /* 368  offset of sock.sk_wmem_alloc.refs.counter */
	0xffffffff00000107, /* 369 */
	0x00000000ffb01a63, /* 370 */
	0x0000000000200005, /* 371 */
	0x00000000000001b7, /* 372 */
	0x00000000fff01a63, /* 373 */
	0x0000000000587161, /* 374  offset of sock.sk_wmem_alloc.refs.counter */
	0xffffffff00000107, /* 375 */
	0x00000000ffb01a63, /* 376 */
	0x0000000000547161, /* 377  offset of sock.sk_backlog.rmem_alloc.counter */
	0x00000000ffac1a63, /* 378 */
	0x0000000000180115, /* 379 */
	0x0000000e00000118, /* 380  constant probe_reads */
	0x0000000000000000, /* 381 */
	0x0000000000120115, /* 382 */
	0x00000000000001b7, /* 383  offset of udp_sock.forward_deficit */
	0x000000000000170f, /* 384 */
	0x000000000000a1bf, /* 385 */
	0xfffffff000000107, /* 386 */
	0x00000004000002b7, /* 387 */
	0x00000000000073bf, /* 388 */
	0x0000007100000085, /* 389 */
	0x00000000fff0a161, /* 390 */
	0x00000000ffaca261, /* 391 */
	0x000000000000121f, /* 392 */
	0x00000000ffac2a63, /* 393 */
	0x0000000000090005, /* 394 */
	0x0000000000587261, /* 395  offset of sock.sk_wmem_alloc.refs.counter */
	0xffffffff00000207, /* 396 */
	0x00000000ffb02a63, /* 397 */
	0x0000002000000167, /* 398 */
	0x0000002000000177, /* 399 */
	0x0000000000030115, /* 400 */
	0x00000000ffcca161, /* 401 */
	0x0000000400000147, /* 402 */
	0x00000000ffcc1a63, /* 403 */
	0x000000000000a2bf, /* 404 */
	0xffffff8000000207, /* 405 */
	0x00000000ff78a179, /* 406 */
	0x00000070000003b7, /* 407 */
	0x0000007f00000085, /* 408 */
	0x00000000000000b7, /* 409 */
	0x0000000000000095, /* 410 */
	0x0000000000bc0261, /* 411  offset of tcp_sock.copied_seq */
	0x0000000000b80161, /* 412  offset of tcp_sock.rcv_nxt */
	0x000000000000211f, /* 413 */
	0x00000000000012bf, /* 414 */
	0x0000002000000267, /* 415 */
	0x00000020000002c7, /* 416 */
	0x0000000000010265, /* 417 */
	0x00000000000001b7, /* 418 */
	0x00000000ffac1a63, /* 419 */
	0x0000000000c40161, /* 420  offset of tcp_sock.snd_una */
	0x0000000000c00261, /* 421  offset of tcp_sock.write_seq */
	0x000000000000121f, /* 422 */
	0x00000000ffb02a63, /* 423 */
	0x0000005e00000118, /* 424  constant timers */
	0x0000000000000000, /* 425 */
	0x00000000ffe90115, /* 426 */
	0x00000000000001b7, /* 427  offset of tcp_sock.inet_conn */
	0x000000000000100f, /* 428 */
	0x0000000000b10371, /* 429  offset of inet_connection_sock.icsk_pending */
	0x00000001000001b7, /* 430  is there inet_connection_sock.icsk_keepalive_timer */
	0x0000000000060115, /* 431 */
	0x00000000000002b7, /* 432 */
	0x0000000000a80679, /* 433  offset of inet_connection_sock.icsk_keepalive_timer.expires */
	0x0000000000a00479, /* 434  offset of inet_connection_sock.icsk_keepalive_timer.entry.pprev */
	0x00000000000001b7, /* 435 */
	0x00000000000e0415, /* 436 */
	0x0000000000080005, /* 437 */
	0x00000000000001b7, /* 438  offset of inet_connection_sock.icsk_inet.sk */
	0x00000000000004bf, /* 439 */
	0x000000000000140f, /* 440 */
	0x00000000000002b7, /* 441 */
	0x0000000000684679, /* 442  offset of sock.sk_timer.expires */
	0x0000000000604479, /* 443  offset of sock.sk_timer.entry.pprev */
	0x00000000000001b7, /* 444 */
	0x0000000000050415, /* 445 */
	0x000000b2000002b7, /* 446  offset of inet_connection_sock.icsk_probes_out */
	0x00000000000001bf, /* 447 */
	0x000000000000210f, /* 448 */
	0x00000002000002b7, /* 449 */
	0x0000000000001171, /* 450 */
	0x00000000000034bf, /* 451 */
	0x0000003f00000457, /* 452 */
	0x00000062000005b7, /* 453 */
	0x000000000000457f, /* 454 */
	0x0000000100000557, /* 455 */
	0x0000000000050515, /* 456 */
	0x0000000000b00171, /* 457  offset of inet_connection_sock.icsk_retransmits */
	0x00000001000002b7, /* 458  is there inet_connection_sock.icsk_timeout */
	0x0000000000090215, /* 459 */
	0x00000088000002b7, /* 460  offset of inet_connection_sock.icsk_timeout */
	0x0000000000100005, /* 461 */
	0x000000ff00000357, /* 462 */
	0x0000000300150355, /* 463 */
	0x0000000000b20171, /* 464  offset of inet_connection_sock.icsk_probes_out */
	0x00000001000002b7, /* 465  is there inet_connection_sock.icsk_timeout */
	0x0000000000060215, /* 466 */
	0x00000088000002b7, /* 467  offset of inet_connection_sock.icsk_timeout */
	0x00000000000d0005, /* 468 */
	0x00000001000002b7, /* 469  is there inet_connection_sock.icsk_retransmit_timer */
	0x0000000000060215, /* 470 */
	0x00000098000002b7, /* 471  offset of inet_connection_sock.icsk_retransmit_timer.expires */
	0x0000000000050005, /* 472 */
	0x00000001000002b7, /* 473  is there inet_connection_sock.icsk_retransmit_timer */
	0x0000000000060215, /* 474 */
	0x00000098000002b7, /* 475  offset of inet_connection_sock.icsk_retransmit_timer.expires */
	0x0000000000050005, /* 476 */
	0x00000068000002b7, /* 477  offset of inet_connection_sock.icsk_inet.sk.sk_timer.expires */
	0x000000000000200f, /* 478 */
	0x00000001000002b7, /* 479 */
	0x0000000000030005, /* 480 */
	0x00000068000002b7, /* 481  offset of inet_connection_sock.icsk_inet.sk.sk_timer.expires */
	0x000000000000200f, /* 482 */
	0x00000004000002b7, /* 483 */
	0x0000000000000679, /* 484 */
	0x00000000ffcb1a73, /* 485 */
	0x00000000ffca2a73, /* 486 */
	0x0000007600000085, /* 487 */
	0x000000000000061f, /* 488 */
	0x00000000ffbc6a63, /* 489 */
	0x00000000ffa90005, /* 490 */
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
	.instruction_count = 491,
};
_Static_assert(23 <= FASTSOCK_MAX_ROOTS, "23 are more roots than loader.c has room for");
_Static_assert(76 <= FASTSOCK_MAX_FIELDS, "76 are more fields than loader.c has room for");
_Static_assert(131 <= FASTSOCK_MAX_RELOCATIONS, "131 are more relocations than loader.c has room for");
_Static_assert(491 <= FASTSOCK_MAX_INSTRUCTIONS, "491 are more instructions than loader.c has room for");
