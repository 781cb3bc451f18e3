/* Made by generate.py with clang 14; not to be edited. The sources' SHA-256:
 * 5088af38a583e2efadd41d2a427cd74283ad6aeed3c484e40078adebf1ebc18e  sockets.bpf.c
 * 183211ea5a02488492f1656f459cb33cf50acd267ec719b91d345c0147e2dbfd  record.h
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
	{4, "udp_sock"}, /* 18 */
	{4, "tcp_sock"}, /* 19 */
	{4, "inet_connection_sock"}, /* 20 */
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
	{7, "sk_receive_queue.qlen", -1}, /* 49 */
	{7, "sk_max_ack_backlog", -1}, /* 50 */
	{7, "sk_ack_backlog", -1}, /* 51 */
	{7, "sk_backlog.rmem_alloc.counter", -1}, /* 52 */
	{7, "sk_wmem_alloc.refs.counter", -1}, /* 53 */
	{18, "forward_deficit", -1}, /* 54 */
	{19, "copied_seq", -1}, /* 55 */
	{19, "rcv_nxt", -1}, /* 56 */
	{19, "snd_una", -1}, /* 57 */
	{19, "write_seq", -1}, /* 58 */
	{19, "inet_conn", -1}, /* 59 */
	{20, "icsk_pending", -1}, /* 60 */
	{20, "icsk_keepalive_timer", 61}, /* 61 */
	{20, "icsk_keepalive_timer.expires", 61}, /* 62 */
	{20, "icsk_keepalive_timer.entry.pprev", 61}, /* 63 */
	{20, "icsk_inet.sk", -1}, /* 64 */
	{7, "sk_timer.expires", -1}, /* 65 */
	{7, "sk_timer.entry.pprev", -1}, /* 66 */
	{20, "icsk_probes_out", -1}, /* 67 */
	{20, "icsk_retransmits", -1}, /* 68 */
	{20, "icsk_timeout", 69}, /* 69 */
	{20, "icsk_retransmit_timer", 70}, /* 70 */
	{20, "icsk_retransmit_timer.expires", 70}, /* 71 */
	{20, "icsk_inet.sk.sk_timer.expires", -1}, /* 72 */
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
	{FASTSOCK_FIELD_OFFSET, 29, 148},
	{FASTSOCK_FIELD_OFFSET, 30, 149},
	{FASTSOCK_FIELD_OFFSET, 13, 160},
	{FASTSOCK_FIELD_OFFSET, 14, 164},
	{FASTSOCK_FIELD_OFFSET, 15, 166},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(pid_namespace), 171},
	{FASTSOCK_FIELD_OFFSET, 16, 175},
	{FASTSOCK_FIELD_OFFSET, 17, 176},
	{FASTSOCK_FIELD_OFFSET, 31, 180},
	{FASTSOCK_FIELD_OFFSET, 32, 182},
	{FASTSOCK_FIELD_OFFSET, 33, 184},
	{FASTSOCK_FIELD_OFFSET, 34, 186},
	{FASTSOCK_FIELD_OFFSET, 35, 188},
	{FASTSOCK_FIELD_OFFSET, 36, 193},
	{FASTSOCK_FIELD_OFFSET, 37, 195},
	{FASTSOCK_TYPE_SIZE, 18, 198},
	{FASTSOCK_FIELD_OFFSET, 16, 200},
	{FASTSOCK_FIELD_OFFSET, 17, 205},
	{FASTSOCK_FIELD_OFFSET, 19, 208},
	{FASTSOCK_TYPE_SIZE, 18, 217},
	{FASTSOCK_FIELD_OFFSET, 20, 221},
	{FASTSOCK_FIELD_OFFSET, 21, 222},
	{FASTSOCK_FIELD_OFFSET, 17, 225},
	{FASTSOCK_FIELD_OFFSET, 19, 227},
	{FASTSOCK_FIELD_OFFSET, 38, 242},
	{FASTSOCK_FIELD_OFFSET, 39, 244},
	{FASTSOCK_FIELD_OFFSET, 40, 246},
	{FASTSOCK_FIELD_OFFSET, 41, 248},
	{FASTSOCK_FIELD_OFFSET, 42, 250},
	{FASTSOCK_FIELD_OFFSET, 43, 252},
	{FASTSOCK_FIELD_OFFSET, 44, 254},
	{FASTSOCK_FIELD_OFFSET, 45, 256},
	{FASTSOCK_FIELD_OFFSET, 46, 258},
	{FASTSOCK_FIELD_SIZE, 46, 261},
	{FASTSOCK_LEFT_SHIFT, 46, 276},
	{FASTSOCK_FIELD_SIGNED, 46, 277},
	{FASTSOCK_RIGHT_SHIFT, 46, 279},
	{FASTSOCK_RIGHT_SHIFT, 46, 282},
	{FASTSOCK_FIELD_OFFSET, 47, 287},
	{FASTSOCK_FIELD_OFFSET, 48, 289},
	{FASTSOCK_FIELD_OFFSET, 49, 294},
	{FASTSOCK_FIELD_OFFSET, 50, 298},
	{FASTSOCK_FIELD_OFFSET, 51, 307},
	{FASTSOCK_FIELD_OFFSET, 50, 309},
	{FASTSOCK_FIELD_OFFSET, 52, 311},
	{FASTSOCK_FIELD_OFFSET, 53, 313},
	{FASTSOCK_FIELD_OFFSET, 53, 319},
	{FASTSOCK_FIELD_OFFSET, 52, 322},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(probe_reads), 325},
	{FASTSOCK_FIELD_OFFSET, 54, 328},
	{FASTSOCK_FIELD_OFFSET, 53, 340},
	{FASTSOCK_FIELD_OFFSET, 55, 359},
	{FASTSOCK_FIELD_OFFSET, 56, 360},
	{FASTSOCK_FIELD_OFFSET, 57, 368},
	{FASTSOCK_FIELD_OFFSET, 58, 369},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(timers), 372},
	{FASTSOCK_FIELD_OFFSET, 59, 375},
	{FASTSOCK_FIELD_OFFSET, 60, 377},
	{FASTSOCK_EXISTS, 61, 378},
	{FASTSOCK_FIELD_OFFSET, 62, 381},
	{FASTSOCK_FIELD_OFFSET, 63, 382},
	{FASTSOCK_FIELD_OFFSET, 64, 386},
	{FASTSOCK_FIELD_OFFSET, 65, 390},
	{FASTSOCK_FIELD_OFFSET, 66, 391},
	{FASTSOCK_FIELD_OFFSET, 67, 394},
	{FASTSOCK_FIELD_OFFSET, 68, 405},
	{FASTSOCK_EXISTS, 69, 406},
	{FASTSOCK_FIELD_OFFSET, 69, 408},
	{FASTSOCK_FIELD_OFFSET, 67, 412},
	{FASTSOCK_EXISTS, 69, 413},
	{FASTSOCK_FIELD_OFFSET, 69, 415},
	{FASTSOCK_EXISTS, 70, 417},
	{FASTSOCK_FIELD_OFFSET, 71, 419},
	{FASTSOCK_EXISTS, 70, 421},
	{FASTSOCK_FIELD_OFFSET, 71, 423},
	{FASTSOCK_FIELD_OFFSET, 72, 425},
	{FASTSOCK_FIELD_OFFSET, 72, 429},
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
	0x00000000014d0915, /*  20 */
	0x00000000014c0715, /*  21 */
	0x00000000000091bf, /*  22 */
	0x000000a200000085, /*  23 */
	0x00000000000b0055, /*  24 */
	0x0000000e00000118, /*  25  constant probe_reads */
	0x0000000000000000, /*  26 */
	0x0000000001460115, /*  27 */
	0x00000000000001b7, /*  28 */
	0x00000000fff81a7b, /*  29 */
	0x00000000fff01a7b, /*  30 */
	0x0000000000009179, /*  31  offset of file.f_inode */
	0x0000000000101179, /*  32  offset of inode.i_sb */
	0x0000000000001179, /*  33  offset of super_block.s_magic */
	0x0904193400710115, /*  34 */
	0x00000000013e0005, /*  35 */
	0x0000000000000579, /*  36  offset of socket.sk */
	0x00000000013c0515, /*  37 */
	0x00000000000e5171, /*  38  offset of sock.__sk_common.skc_state */
	0x00000000ffc91a73, /*  39 */
	0x0000003f00000157, /*  40 */
	0x0000003a00000218, /*  41  constant states */
	0x0000000000000000, /*  42 */
	0x000000000000127f, /*  43 */
	0x0000000100000257, /*  44 */
	0x0000000001340215, /*  45 */
	0x00000000000c5169, /*  46  offset of sock.__sk_common.skc_family */
	0x00000000ffc41a6b, /*  47 */
	0x0000003f00000157, /*  48 */
	0x0000003b00000218, /*  49  constant families */
	0x0000000000000000, /*  50 */
	0x000000000000127f, /*  51 */
	0x0000000100000257, /*  52 */
	0x00000000012c0215, /*  53 */
	0x0000003c00000118, /*  54  constant local_port */
	0x0000000000000000, /*  55 */
	0x0000ffff00000157, /*  56 */
	0x0000000000020115, /*  57 */
	0x00000000000a5269, /*  58  offset of sock.__sk_common.skc_num */
	0x000000000126125d, /*  59 */
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
	0x0000000000300115, /*  76 */
	0x00000000ff785a7b, /*  77 */
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
	0x0000000000e20815, /* 127 */
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
	0x0000000000250115, /* 142 */
	0x00000000000051bf, /* 143 */
	0x00000000000058bf, /* 144 */
	0x0000002e00000085, /* 145 */
	0x00000000000085bf, /* 146 */
	0x0000000000210005, /* 147 */
	0x0000000000089179, /* 148  offset of file.f_path.dentry */
	0x0000000000001379, /* 149  offset of dentry.d_name.name */
	0x000000000000a1bf, /* 150 */
	0xfffffff000000107, /* 151 */
	0x0000000b000002b7, /* 152 */
	0x0000007100000085, /* 153 */
	0x00000000fff0a179, /* 154 */
	0x5f6f695b00000218, /* 155 */
	0x6e69727500000000, /* 156 */
	0x0000000000c4215d, /* 157 */
	0x00000000fff8a179, /* 158 */
	0x00005d6700c20155, /* 159 */
	0x0000000000108161, /* 160  offset of bpf_iter__task_file.fd */
	0x00000008000002b7, /* 161 */
	0x00000000ffcc2a63, /* 162 */
	0x00000000ffa01a63, /* 163 */
	0x0000000000047861, /* 164  offset of task_struct.tgid */
	0x00000000ff988a63, /* 165 */
	0x0000000000007161, /* 166  offset of task_struct.pid */
	0x00000000ff9c1a63, /* 167 */
	0x000000000002811d, /* 168 */
	0x0000000a000001b7, /* 169 */
	0x00000000ffcc1a63, /* 170 */
	0x0000004000000118, /* 171  constant pid_namespace */
	0x0000000000000000, /* 172 */
	0x0000000000400115, /* 173 */
	0x0000009e00000085, /* 174 */
	0x0000000000080179, /* 175  offset of task_struct.thread_pid */
	0x0000000000001961, /* 176  offset of pid.level */
	0x0000000000140955, /* 177 */
	0x00000000ff98a861, /* 178 */
	0x00000000003a0005, /* 179 */
	0x0000000000407079, /* 180  offset of sock_common.skc_cookie.counter */
	0x00000000ff880a7b, /* 181 */
	0x0000000000107161, /* 182  offset of sock_common.skc_bound_dev_if */
	0x00000000ffb41a63, /* 183 */
	0x0000000000685161, /* 184  offset of sock.sk_mark */
	0x00000000ffb81a63, /* 185 */
	0x00000000006c5169, /* 186  offset of sock.sk_protocol */
	0x00000000ffc61a6b, /* 187 */
	0x00000000006e5169, /* 188  offset of sock.sk_type */
	0x00000000ffc81a73, /* 189 */
	0x00000000ffc4a169, /* 190 */
	0x0000000a00320115, /* 191 */
	0x0000000200640155, /* 192 */
	0x0000000000047161, /* 193  offset of sock_common.skc_rcv_saddr */
	0x00000000ffd01a63, /* 194 */
	0x0000000000007161, /* 195  offset of sock_common.skc_daddr */
	0x00000000ffe01a63, /* 196 */
	0x0000000000590005, /* 197 */
	0x00000004000001b7, /* 198  size of struct upid */
	0x000000000000912f, /* 199 */
	0x0000000000087379, /* 200  offset of task_struct.thread_pid */
	0x00000000000008b7, /* 201 */
	0x00000000fff08a63, /* 202 */
	0x00000000000002b7, /* 203 */
	0x00000000000f0315, /* 204 */
	0x0000000000003461, /* 205  offset of pid.level */
	0x00000000000002b7, /* 206 */
	0x00000000000c94ad, /* 207 */
	0x00000004000002b7, /* 208  offset of pid.numbers */
	0x000000000000230f, /* 209 */
	0x0000002000000167, /* 210 */
	0x0000002000000177, /* 211 */
	0x000000000000130f, /* 212 */
	0x000000000000a1bf, /* 213 */
	0xfffffff000000107, /* 214 */
	0x00000004000002b7, /* 215 */
	0x0000007100000085, /* 216 */
	0x00000004000001b7, /* 217  size of struct upid */
	0x000000000000912f, /* 218 */
	0x00000000fff0a261, /* 219 */
	0x00000000ff9c2a63, /* 220 */
	0x0000000000107279, /* 221  offset of task_struct.signal */
	0x0000000000082379, /* 222  offset of signal_struct.pids[1] */
	0x00000000fff08a63, /* 223 */
	0x00000000000c0315, /* 224 */
	0x0000000000003261, /* 225  offset of pid.level */
	0x00000000000a92ad, /* 226 */
	0x00000004000002b7, /* 227  offset of pid.numbers */
	0x000000000000230f, /* 228 */
	0x0000002000000167, /* 229 */
	0x0000002000000177, /* 230 */
	0x000000000000130f, /* 231 */
	0x000000000000a1bf, /* 232 */
	0xfffffff000000107, /* 233 */
	0x00000004000002b7, /* 234 */
	0x0000007100000085, /* 235 */
	0x00000000fff0a861, /* 236 */
	0x00000000ff988a63, /* 237 */
	0x0000002000000867, /* 238 */
	0x0000002000000877, /* 239 */
	0x0000000000710815, /* 240 */
	0x00000000006b0005, /* 241 */
	0x0000000000307161, /* 242  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[0] */
	0x00000000ffd01a63, /* 243 */
	0x0000000000347161, /* 244  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[1] */
	0x00000000ffd41a63, /* 245 */
	0x0000000000387161, /* 246  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[2] */
	0x00000000ffd81a63, /* 247 */
	0x00000000003c7161, /* 248  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[3] */
	0x00000000ffdc1a63, /* 249 */
	0x0000000000207161, /* 250  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[0] */
	0x00000000ffe01a63, /* 251 */
	0x0000000000247161, /* 252  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[1] */
	0x00000000ffe41a63, /* 253 */
	0x0000000000287161, /* 254  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[2] */
	0x00000000ffe81a63, /* 255 */
	0x00000000002c7161, /* 256  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[3] */
	0x00000000ffec1a63, /* 257 */
	0x00000008000001b7, /* 258  offset of sock_common.skc_ipv6only */
	0x00000000000072bf, /* 259 */
	0x000000000000120f, /* 260 */
	0x00000008000003b7, /* 261  size of sock_common.skc_ipv6only */
	0x0000000300050365, /* 262 */
	0x0000000100090315, /* 263 */
	0x0000000200010315, /* 264 */
	0x00000000000a0005, /* 265 */
	0x0000000000002169, /* 266 */
	0x0000000000080005, /* 267 */
	0x0000000400060315, /* 268 */
	0x0000000800010315, /* 269 */
	0x0000000000050005, /* 270 */
	0x0000000000002179, /* 271 */
	0x0000000000030005, /* 272 */
	0x0000000000002171, /* 273 */
	0x0000000000010005, /* 274 */
	0x0000000000002161, /* 275 */
	0x0000000700000167, /* 276  bits above sock_common.skc_ipv6only */
	0x00000000000002b7, /* 277  is signed: sock_common.skc_ipv6only */
	0x0000000000030215, /* 278 */
	0x0000003f000001c7, /* 279  bits above and below sock_common.skc_ipv6only */
	0x0000000000060115, /* 280 */
	0x0000000000020005, /* 281 */
	0x0000003f00000177, /* 282  bits above and below sock_common.skc_ipv6only */
	0x0000000000030115, /* 283 */
	0x00000000ffcca161, /* 284 */
	0x0000000100000147, /* 285 */
	0x00000000ffcc1a63, /* 286 */
	0x00000000000a7169, /* 287  offset of sock_common.skc_num */
	0x00000000ffc01a6b, /* 288 */
	0x0000000000087169, /* 289  offset of sock_common.skc_dport */
	0x00000010000001dc, /* 290 */
	0x00000000ffc21a6b, /* 291 */
	0x00000000ffc4a169, /* 292 */
	0x0000000100060155, /* 293 */
	0x0000000000485161, /* 294  offset of sock.sk_receive_queue.qlen */
	0x00000000ffac1a63, /* 295 */
	0x00000000ffc9a271, /* 296 */
	0x0000000a002a0255, /* 297 */
	0x0000000000745161, /* 298  offset of sock.sk_max_ack_backlog */
	0x00000000000f0005, /* 299 */
	0x00000000ffc6a169, /* 300 */
	0x00000011000f0115, /* 301 */
	0x0000000600080155, /* 302 */
	0x00000000ffc8a171, /* 303 */
	0x0000000100060155, /* 304 */
	0x00000000ffc9a171, /* 305 */
	0x0000000a00310155, /* 306 */
	0x0000000000705161, /* 307  offset of sock.sk_ack_backlog */
	0x00000000ffac1a63, /* 308 */
	0x0000000000745161, /* 309  offset of sock.sk_max_ack_backlog */
	0x0000000000040005, /* 310 */
	0x00000000004c5161, /* 311  offset of sock.sk_backlog.rmem_alloc.counter */
	0x00000000ffac1a63, /* 312 */
	0x0000000000505161, /* 313  offset of sock.sk_wmem_alloc.refs.counter */
	0xffffffff00000107, /* 314 */
	0x00000000ffb01a63, /* 315 */
	0x0000000000200005, /* 316 */
	0x00000000000001b7, /* 317 */
	0x00000000fff01a63, /* 318 */
	0x0000000000505161, /* 319  offset of sock.sk_wmem_alloc.refs.counter */
	0xffffffff00000107, /* 320 */
	0x00000000ffb01a63, /* 321 */
	0x00000000004c5161, /* 322  offset of sock.sk_backlog.rmem_alloc.counter */
	0x00000000ffac1a63, /* 323 */
	0x0000000000180115, /* 324 */
	0x0000000e00000118, /* 325  constant probe_reads */
	0x0000000000000000, /* 326 */
	0x0000000000120115, /* 327 */
	0x00000000000001b7, /* 328  offset of udp_sock.forward_deficit */
	0x000000000000150f, /* 329 */
	0x000000000000a1bf, /* 330 */
	0xfffffff000000107, /* 331 */
	0x00000004000002b7, /* 332 */
	0x00000000000053bf, /* 333 */
	0x0000007100000085, /* 334 */
	0x00000000fff0a161, /* 335 */
	0x00000000ffaca261, /* 336 */
	0x000000000000121f, /* 337 */
	0x00000000ffac2a63, /* 338 */
	0x0000000000090005, /* 339 */
	0x0000000000505261, /* 340  offset of sock.sk_wmem_alloc.refs.counter */
	0xffffffff00000207, /* 341 */
	0x00000000ffb02a63, /* 342 */
	0x0000002000000167, /* 343 */
	0x0000002000000177, /* 344 */
	0x0000000000030115, /* 345 */
	0x00000000ffcca161, /* 346 */
	0x0000000400000147, /* 347 */
	0x00000000ffcc1a63, /* 348 */
	0x000000000000a2bf, /* 349 */
	0xffffff8000000207, /* 350 */
	0x00000000000061bf, /* 351 */
	0x00000070000003b7, /* 352 */
	0x0000007f00000085, /* 353 */
	0x00000000000000b7, /* 354 */
	0x0000000000000095, /* 355 */
	0x00000000000051bf, /* 356 */
	0x0000008900000085, /* 357 */
	0x00000000fff60015, /* 358 */
	0x0000000000b40261, /* 359  offset of tcp_sock.copied_seq */
	0x0000000000b00161, /* 360  offset of tcp_sock.rcv_nxt */
	0x000000000000211f, /* 361 */
	0x00000000000012bf, /* 362 */
	0x0000002000000267, /* 363 */
	0x00000020000002c7, /* 364 */
	0x0000000000010265, /* 365 */
	0x00000000000001b7, /* 366 */
	0x00000000ffac1a63, /* 367 */
	0x0000000000bc0161, /* 368  offset of tcp_sock.snd_una */
	0x0000000000b80261, /* 369  offset of tcp_sock.write_seq */
	0x000000000000121f, /* 370 */
	0x00000000ffb02a63, /* 371 */
	0x0000005600000118, /* 372  constant timers */
	0x0000000000000000, /* 373 */
	0x00000000ffe60115, /* 374 */
	0x00000000000001b7, /* 375  offset of tcp_sock.inet_conn */
	0x000000000000100f, /* 376 */
	0x0000000000a90371, /* 377  offset of inet_connection_sock.icsk_pending */
	0x00000001000001b7, /* 378  is there inet_connection_sock.icsk_keepalive_timer */
	0x0000000000060115, /* 379 */
	0x00000000000002b7, /* 380 */
	0x0000000000a00779, /* 381  offset of inet_connection_sock.icsk_keepalive_timer.expires */
	0x0000000000980479, /* 382  offset of inet_connection_sock.icsk_keepalive_timer.entry.pprev */
	0x00000000000001b7, /* 383 */
	0x00000000000e0415, /* 384 */
	0x0000000000080005, /* 385 */
	0x00000000000001b7, /* 386  offset of inet_connection_sock.icsk_inet.sk */
	0x00000000000004bf, /* 387 */
	0x000000000000140f, /* 388 */
	0x00000000000002b7, /* 389 */
	0x0000000000604779, /* 390  offset of sock.sk_timer.expires */
	0x0000000000584479, /* 391  offset of sock.sk_timer.entry.pprev */
	0x00000000000001b7, /* 392 */
	0x0000000000050415, /* 393 */
	0x000000aa000002b7, /* 394  offset of inet_connection_sock.icsk_probes_out */
	0x00000000000001bf, /* 395 */
	0x000000000000210f, /* 396 */
	0x00000002000002b7, /* 397 */
	0x0000000000001171, /* 398 */
	0x00000000000034bf, /* 399 */
	0x0000003f00000457, /* 400 */
	0x00000062000005b7, /* 401 */
	0x000000000000457f, /* 402 */
	0x0000000100000557, /* 403 */
	0x0000000000050515, /* 404 */
	0x0000000000a80171, /* 405  offset of inet_connection_sock.icsk_retransmits */
	0x00000001000002b7, /* 406  is there inet_connection_sock.icsk_timeout */
	0x0000000000090215, /* 407 */
	0x00000080000002b7, /* 408  offset of inet_connection_sock.icsk_timeout */
	0x0000000000100005, /* 409 */
	0x000000ff00000357, /* 410 */
	0x0000000300150355, /* 411 */
	0x0000000000aa0171, /* 412  offset of inet_connection_sock.icsk_probes_out */
	0x00000001000002b7, /* 413  is there inet_connection_sock.icsk_timeout */
	0x0000000000060215, /* 414 */
	0x00000080000002b7, /* 415  offset of inet_connection_sock.icsk_timeout */
	0x00000000000d0005, /* 416 */
	0x00000001000002b7, /* 417  is there inet_connection_sock.icsk_retransmit_timer */
	0x0000000000060215, /* 418 */
	0x00000090000002b7, /* 419  offset of inet_connection_sock.icsk_retransmit_timer.expires */
	0x0000000000050005, /* 420 */
	0x00000001000002b7, /* 421  is there inet_connection_sock.icsk_retransmit_timer */
	0x0000000000060215, /* 422 */
	0x00000090000002b7, /* 423  offset of inet_connection_sock.icsk_retransmit_timer.expires */
	0x0000000000050005, /* 424 */
	0x00000060000002b7, /* 425  offset of inet_connection_sock.icsk_inet.sk.sk_timer.expires */
	0x000000000000200f, /* 426 */
	0x00000001000002b7, /* 427 */
	0x0000000000030005, /* 428 */
	0x00000060000002b7, /* 429  offset of inet_connection_sock.icsk_inet.sk.sk_timer.expires */
	0x000000000000200f, /* 430 */
	0x00000004000002b7, /* 431 */
	0x0000000000000779, /* 432 */
	0x00000000ffcb1a73, /* 433 */
	0x00000000ffca2a73, /* 434 */
	0x0000007600000085, /* 435 */
	0x000000000000071f, /* 436 */
	0x00000000ffbc7a63, /* 437 */
	0x00000000ffa60005, /* 438 */
};

const struct fastsock_program fastsock_files = {
	.name = "fastsock_files",
	.roots = fastsock_files_roots,
	.fields = fastsock_files_fields,
	.relocations = fastsock_files_relocations,
	.instructions = fastsock_files_instructions,
	.root_count = 21,
	.field_count = 73,
	.relocation_count = 118,
	.instruction_count = 439,
};
_Static_assert(21 <= FASTSOCK_MAX_ROOTS, "21 are more roots than loader.c has room for");
_Static_assert(73 <= FASTSOCK_MAX_FIELDS, "73 are more fields than loader.c has room for");
_Static_assert(118 <= FASTSOCK_MAX_RELOCATIONS, "118 are more relocations than loader.c has room for");
_Static_assert(439 <= FASTSOCK_MAX_INSTRUCTIONS, "439 are more instructions than loader.c has room for");
