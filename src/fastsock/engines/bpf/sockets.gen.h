/* Made by generate.py with clang 14; not to be edited. The sources' SHA-256:
 * ad892dcbda51a2dc2e3639f5db30e22e9d1e752f251374451995e4d6101b65ae  sockets.bpf.c
 * 5bf28ea41ee36434dbab6656fee24e14a9f47517627de395265e5a60c692d03d  record.h
 */
static const struct fastsock_root fastsock_files_roots[] = {
	{12, "bpf_iter_task_file"}, /* 0 */
	{4, "bpf_iter__task_file"}, /* 1 */
	{4, "bpf_iter_meta"}, /* 2 */
	{4, "socket"}, /* 3 */
	{4, "sock"}, /* 4 */
	{4, "file"}, /* 5 */
	{4, "inode"}, /* 6 */
	{4, "task_struct"}, /* 7 */
	{4, "pid"}, /* 8 */
	{4, "upid"}, /* 9 */
	{4, "signal_struct"}, /* 10 */
	{4, "sock_common"}, /* 11 */
	{4, "net"}, /* 12 */
	{4, "cgroup"}, /* 13 */
	{4, "kernfs_node"}, /* 14 */
	{6, "bpf_func_id"}, /* 15 */
	{4, "udp_sock"}, /* 16 */
	{4, "tcp_sock"}, /* 17 */
	{4, "inet_connection_sock"}, /* 18 */
};

/* root, path, and the field whose absence excuses this one's */
static const struct fastsock_field fastsock_files_fields[] = {
	{1, "meta", -1}, /* 0 */
	{1, "task", -1}, /* 1 */
	{1, "file", -1}, /* 2 */
	{2, "seq", -1}, /* 3 */
	{3, "sk", -1}, /* 4 */
	{4, "__sk_common.skc_state", -1}, /* 5 */
	{4, "__sk_common.skc_family", -1}, /* 6 */
	{4, "__sk_common.skc_num", -1}, /* 7 */
	{5, "f_inode", -1}, /* 8 */
	{6, "i_ino", -1}, /* 9 */
	{6, "i_uid.val", -1}, /* 10 */
	{1, "fd", -1}, /* 11 */
	{7, "tgid", -1}, /* 12 */
	{7, "pid", -1}, /* 13 */
	{7, "thread_pid", -1}, /* 14 */
	{8, "level", -1}, /* 15 */
	{9, "", -1}, /* 16 */
	{8, "numbers", -1}, /* 17 */
	{7, "signal", -1}, /* 18 */
	{10, "pids[1]", -1}, /* 19 */
	{4, "__sk_common", -1}, /* 20 */
	{11, "skc_net.net", -1}, /* 21 */
	{12, "ns.inum", -1}, /* 22 */
	{4, "sk_cgrp_data.cgroup", 23}, /* 23 */
	{13, "kn", -1}, /* 24 */
	{14, "id", -1}, /* 25 */
	{15, "BPF_FUNC_check_mtu", 26}, /* 26 */
	{11, "skc_cookie.counter", -1}, /* 27 */
	{11, "skc_bound_dev_if", -1}, /* 28 */
	{4, "sk_mark", -1}, /* 29 */
	{4, "sk_protocol", -1}, /* 30 */
	{4, "sk_type", -1}, /* 31 */
	{11, "skc_rcv_saddr", -1}, /* 32 */
	{11, "skc_daddr", -1}, /* 33 */
	{11, "skc_v6_rcv_saddr.in6_u.u6_addr32[0]", -1}, /* 34 */
	{11, "skc_v6_rcv_saddr.in6_u.u6_addr32[1]", -1}, /* 35 */
	{11, "skc_v6_rcv_saddr.in6_u.u6_addr32[2]", -1}, /* 36 */
	{11, "skc_v6_rcv_saddr.in6_u.u6_addr32[3]", -1}, /* 37 */
	{11, "skc_v6_daddr.in6_u.u6_addr32[0]", -1}, /* 38 */
	{11, "skc_v6_daddr.in6_u.u6_addr32[1]", -1}, /* 39 */
	{11, "skc_v6_daddr.in6_u.u6_addr32[2]", -1}, /* 40 */
	{11, "skc_v6_daddr.in6_u.u6_addr32[3]", -1}, /* 41 */
	{11, "skc_ipv6only", -1}, /* 42 */
	{11, "skc_num", -1}, /* 43 */
	{11, "skc_dport", -1}, /* 44 */
	{4, "sk_receive_queue.qlen", -1}, /* 45 */
	{4, "sk_max_ack_backlog", -1}, /* 46 */
	{4, "sk_ack_backlog", -1}, /* 47 */
	{4, "sk_backlog.rmem_alloc.counter", -1}, /* 48 */
	{4, "sk_wmem_alloc.refs.counter", -1}, /* 49 */
	{16, "forward_deficit", -1}, /* 50 */
	{17, "copied_seq", -1}, /* 51 */
	{17, "rcv_nxt", -1}, /* 52 */
	{17, "snd_una", -1}, /* 53 */
	{17, "write_seq", -1}, /* 54 */
	{17, "inet_conn", -1}, /* 55 */
	{18, "icsk_pending", -1}, /* 56 */
	{18, "icsk_keepalive_timer", 57}, /* 57 */
	{18, "icsk_keepalive_timer.expires", 57}, /* 58 */
	{18, "icsk_keepalive_timer.entry.pprev", 57}, /* 59 */
	{18, "icsk_inet.sk", -1}, /* 60 */
	{4, "sk_timer.expires", -1}, /* 61 */
	{4, "sk_timer.entry.pprev", -1}, /* 62 */
	{18, "icsk_probes_out", -1}, /* 63 */
	{18, "icsk_retransmits", -1}, /* 64 */
	{18, "icsk_timeout", 65}, /* 65 */
	{18, "icsk_retransmit_timer", 66}, /* 66 */
	{18, "icsk_retransmit_timer.expires", 66}, /* 67 */
	{18, "icsk_inet.sk.sk_timer.expires", -1}, /* 68 */
};

/* kind, field or constant, instruction */
static const struct fastsock_relocation fastsock_files_relocations[] = {
	{FASTSOCK_FIELD_OFFSET, 0, 1},
	{FASTSOCK_FIELD_OFFSET, 1, 2},
	{FASTSOCK_FIELD_OFFSET, 2, 3},
	{FASTSOCK_FIELD_OFFSET, 3, 4},
	{FASTSOCK_FIELD_OFFSET, 4, 25},
	{FASTSOCK_FIELD_OFFSET, 5, 27},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(states), 30},
	{FASTSOCK_FIELD_OFFSET, 6, 35},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(families), 38},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(local_port), 43},
	{FASTSOCK_FIELD_OFFSET, 7, 47},
	{FASTSOCK_FIELD_OFFSET, 8, 49},
	{FASTSOCK_FIELD_OFFSET, 9, 50},
	{FASTSOCK_FIELD_OFFSET, 10, 52},
	{FASTSOCK_FIELD_OFFSET, 11, 54},
	{FASTSOCK_FIELD_OFFSET, 12, 56},
	{FASTSOCK_FIELD_OFFSET, 13, 58},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(pid_namespace), 63},
	{FASTSOCK_FIELD_OFFSET, 14, 69},
	{FASTSOCK_FIELD_OFFSET, 15, 70},
	{FASTSOCK_TYPE_SIZE, 16, 72},
	{FASTSOCK_FIELD_OFFSET, 14, 74},
	{FASTSOCK_FIELD_OFFSET, 15, 79},
	{FASTSOCK_FIELD_OFFSET, 17, 82},
	{FASTSOCK_TYPE_SIZE, 16, 92},
	{FASTSOCK_FIELD_OFFSET, 18, 96},
	{FASTSOCK_FIELD_OFFSET, 19, 97},
	{FASTSOCK_FIELD_OFFSET, 15, 100},
	{FASTSOCK_FIELD_OFFSET, 17, 102},
	{FASTSOCK_FIELD_OFFSET, 20, 117},
	{FASTSOCK_FIELD_OFFSET, 21, 120},
	{FASTSOCK_FIELD_OFFSET, 22, 121},
	{FASTSOCK_EXISTS, 23, 123},
	{FASTSOCK_FIELD_OFFSET, 23, 125},
	{FASTSOCK_FIELD_OFFSET, 24, 126},
	{FASTSOCK_FIELD_OFFSET, 25, 127},
	{FASTSOCK_EXISTS, 26, 129},
	{FASTSOCK_FIELD_OFFSET, 27, 137},
	{FASTSOCK_FIELD_OFFSET, 28, 139},
	{FASTSOCK_FIELD_OFFSET, 29, 141},
	{FASTSOCK_FIELD_OFFSET, 30, 143},
	{FASTSOCK_FIELD_OFFSET, 31, 145},
	{FASTSOCK_FIELD_OFFSET, 32, 150},
	{FASTSOCK_FIELD_OFFSET, 33, 152},
	{FASTSOCK_FIELD_OFFSET, 34, 155},
	{FASTSOCK_FIELD_OFFSET, 35, 157},
	{FASTSOCK_FIELD_OFFSET, 36, 159},
	{FASTSOCK_FIELD_OFFSET, 37, 161},
	{FASTSOCK_FIELD_OFFSET, 38, 163},
	{FASTSOCK_FIELD_OFFSET, 39, 165},
	{FASTSOCK_FIELD_OFFSET, 40, 167},
	{FASTSOCK_FIELD_OFFSET, 41, 169},
	{FASTSOCK_FIELD_OFFSET, 42, 171},
	{FASTSOCK_FIELD_SIZE, 42, 174},
	{FASTSOCK_LEFT_SHIFT, 42, 189},
	{FASTSOCK_FIELD_SIGNED, 42, 190},
	{FASTSOCK_RIGHT_SHIFT, 42, 192},
	{FASTSOCK_RIGHT_SHIFT, 42, 195},
	{FASTSOCK_FIELD_OFFSET, 43, 200},
	{FASTSOCK_FIELD_OFFSET, 44, 202},
	{FASTSOCK_FIELD_OFFSET, 45, 207},
	{FASTSOCK_FIELD_OFFSET, 46, 211},
	{FASTSOCK_FIELD_OFFSET, 47, 220},
	{FASTSOCK_FIELD_OFFSET, 46, 222},
	{FASTSOCK_FIELD_OFFSET, 48, 224},
	{FASTSOCK_FIELD_OFFSET, 49, 226},
	{FASTSOCK_FIELD_OFFSET, 49, 232},
	{FASTSOCK_FIELD_OFFSET, 48, 235},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(probe_reads), 238},
	{FASTSOCK_FIELD_OFFSET, 50, 241},
	{FASTSOCK_FIELD_OFFSET, 49, 253},
	{FASTSOCK_FIELD_OFFSET, 51, 272},
	{FASTSOCK_FIELD_OFFSET, 52, 273},
	{FASTSOCK_FIELD_OFFSET, 53, 281},
	{FASTSOCK_FIELD_OFFSET, 54, 282},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(timers), 285},
	{FASTSOCK_FIELD_OFFSET, 55, 288},
	{FASTSOCK_FIELD_OFFSET, 56, 290},
	{FASTSOCK_EXISTS, 57, 291},
	{FASTSOCK_FIELD_OFFSET, 58, 294},
	{FASTSOCK_FIELD_OFFSET, 59, 295},
	{FASTSOCK_FIELD_OFFSET, 60, 299},
	{FASTSOCK_FIELD_OFFSET, 61, 303},
	{FASTSOCK_FIELD_OFFSET, 62, 304},
	{FASTSOCK_FIELD_OFFSET, 63, 307},
	{FASTSOCK_FIELD_OFFSET, 64, 318},
	{FASTSOCK_EXISTS, 65, 319},
	{FASTSOCK_FIELD_OFFSET, 65, 321},
	{FASTSOCK_FIELD_OFFSET, 63, 325},
	{FASTSOCK_EXISTS, 65, 326},
	{FASTSOCK_FIELD_OFFSET, 65, 328},
	{FASTSOCK_EXISTS, 66, 330},
	{FASTSOCK_FIELD_OFFSET, 67, 332},
	{FASTSOCK_EXISTS, 66, 334},
	{FASTSOCK_FIELD_OFFSET, 67, 336},
	{FASTSOCK_FIELD_OFFSET, 68, 338},
	{FASTSOCK_FIELD_OFFSET, 68, 342},
};

static const uint64_t fastsock_files_instructions[] = {
	0x00000000000018bf, /*   0 */
	0x0000000000008179, /*   1  offset of bpf_iter__task_file.meta */
	0x0000000000088779, /*   2  offset of bpf_iter__task_file.task */
	0x0000000000188979, /*   3  offset of bpf_iter__task_file.file */
	0x0000000000001679, /*   4  offset of bpf_iter_meta.seq */
	0x00000000000001b7, /*   5 */
	0x00000000fff01a7b, /*   6 */
	0x00000000ffe81a7b, /*   7 */
	0x00000000ffe01a7b, /*   8 */
	0x00000000ffd81a7b, /*   9 */
	0x00000000ffd01a7b, /*  10 */
	0x00000000ffc81a7b, /*  11 */
	0x00000000ffc01a7b, /*  12 */
	0x00000000ffb81a7b, /*  13 */
	0x00000000ffb01a7b, /*  14 */
	0x00000000ffa81a7b, /*  15 */
	0x00000000ffa01a7b, /*  16 */
	0x00000000ff981a7b, /*  17 */
	0x00000000ff901a7b, /*  18 */
	0x00000000ff881a7b, /*  19 */
	0x0000000000f60915, /*  20 */
	0x0000000000f50715, /*  21 */
	0x00000000000091bf, /*  22 */
	0x000000a200000085, /*  23 */
	0x0000000000f20015, /*  24 */
	0x0000000000000579, /*  25  offset of socket.sk */
	0x0000000000f00515, /*  26 */
	0x00000000000e5171, /*  27  offset of sock.__sk_common.skc_state */
	0x00000000ffd11a73, /*  28 */
	0x0000003f00000157, /*  29 */
	0x0000003000000218, /*  30  constant states */
	0x0000000000000000, /*  31 */
	0x000000000000127f, /*  32 */
	0x0000000100000257, /*  33 */
	0x0000000000e80215, /*  34 */
	0x00000000000c5169, /*  35  offset of sock.__sk_common.skc_family */
	0x00000000ffcc1a6b, /*  36 */
	0x0000003f00000157, /*  37 */
	0x0000003100000218, /*  38  constant families */
	0x0000000000000000, /*  39 */
	0x000000000000127f, /*  40 */
	0x0000000100000257, /*  41 */
	0x0000000000e00215, /*  42 */
	0x0000003200000118, /*  43  constant local_port */
	0x0000000000000000, /*  44 */
	0x0000ffff00000157, /*  45 */
	0x0000000000020115, /*  46 */
	0x00000000000a5269, /*  47  offset of sock.__sk_common.skc_num */
	0x0000000000da125d, /*  48 */
	0x0000000000009179, /*  49  offset of file.f_inode */
	0x0000000000081279, /*  50  offset of inode.i_ino */
	0x00000000ff882a7b, /*  51 */
	0x0000000000001161, /*  52  offset of inode.i_uid.val */
	0x00000000ffb01a63, /*  53 */
	0x0000000000108161, /*  54  offset of bpf_iter__task_file.fd */
	0x00000000ffa81a63, /*  55 */
	0x0000000000047861, /*  56  offset of task_struct.tgid */
	0x00000000ffa08a63, /*  57 */
	0x0000000000007161, /*  58  offset of task_struct.pid */
	0x00000000ffa41a63, /*  59 */
	0x000000000002811d, /*  60 */
	0x00000002000001b7, /*  61 */
	0x00000000ffd41a63, /*  62 */
	0x0000003b00000118, /*  63  constant pid_namespace */
	0x0000000000000000, /*  64 */
	0x0000000000300115, /*  65 */
	0x00000000ff805a7b, /*  66 */
	0x0000009e00000085, /*  67 */
	0x00000000ff80a579, /*  68 */
	0x0000000000080179, /*  69  offset of task_struct.thread_pid */
	0x0000000000001961, /*  70  offset of pid.level */
	0x00000000002a0915, /*  71 */
	0x00000004000001b7, /*  72  size of struct upid */
	0x000000000000912f, /*  73 */
	0x0000000000087379, /*  74  offset of task_struct.thread_pid */
	0x00000000000008b7, /*  75 */
	0x00000000fffc8a63, /*  76 */
	0x00000000000002b7, /*  77 */
	0x0000000000100315, /*  78 */
	0x0000000000003461, /*  79  offset of pid.level */
	0x00000000000002b7, /*  80 */
	0x00000000000d94ad, /*  81 */
	0x00000004000002b7, /*  82  offset of pid.numbers */
	0x000000000000230f, /*  83 */
	0x0000002000000167, /*  84 */
	0x0000002000000177, /*  85 */
	0x000000000000130f, /*  86 */
	0x000000000000a1bf, /*  87 */
	0xfffffffc00000107, /*  88 */
	0x00000004000002b7, /*  89 */
	0x0000007100000085, /*  90 */
	0x00000000ff80a579, /*  91 */
	0x00000004000001b7, /*  92  size of struct upid */
	0x000000000000912f, /*  93 */
	0x00000000fffca261, /*  94 */
	0x00000000ffa42a63, /*  95 */
	0x0000000000107279, /*  96  offset of task_struct.signal */
	0x0000000000082379, /*  97  offset of signal_struct.pids[1] */
	0x00000000fffc8a63, /*  98 */
	0x00000000000d0315, /*  99 */
	0x0000000000003261, /* 100  offset of pid.level */
	0x00000000000b92ad, /* 101 */
	0x00000004000002b7, /* 102  offset of pid.numbers */
	0x000000000000230f, /* 103 */
	0x0000002000000167, /* 104 */
	0x0000002000000177, /* 105 */
	0x000000000000130f, /* 106 */
	0x000000000000a1bf, /* 107 */
	0xfffffffc00000107, /* 108 */
	0x00000004000002b7, /* 109 */
	0x0000007100000085, /* 110 */
	0x00000000ff80a579, /* 111 */
	0x00000000fffca861, /* 112 */
	0x00000000ffa08a63, /* 113 */
	0x0000002000000867, /* 114 */
	0x0000002000000877, /* 115 */
	0x0000000000960815, /* 116 */
	0x00000000000001b7, /* 117  offset of sock.__sk_common */
	0x00000000000057bf, /* 118 */
	0x000000000000170f, /* 119 */
	0x0000000000187179, /* 120  offset of sock_common.skc_net.net */
	0x0000000000001161, /* 121  offset of net.ns.inum */
	0x00000000ffac1a63, /* 122 */
	0x00000001000001b7, /* 123  is there sock.sk_cgrp_data.cgroup */
	0x0000000000040115, /* 124 */
	0x0000000000785179, /* 125  offset of sock.sk_cgrp_data.cgroup */
	0x0000000000001179, /* 126  offset of cgroup.kn */
	0x0000000000001179, /* 127  offset of kernfs_node.id */
	0x00000000ff981a7b, /* 128 */
	0x0000000100000118, /* 129  is there bpf_func_id.BPF_FUNC_check_mtu */
	0x0000000000000000, /* 130 */
	0x0000000000050115, /* 131 */
	0x00000000000051bf, /* 132 */
	0x00000000000058bf, /* 133 */
	0x0000002e00000085, /* 134 */
	0x00000000000085bf, /* 135 */
	0x0000000000010005, /* 136 */
	0x0000000000407079, /* 137  offset of sock_common.skc_cookie.counter */
	0x00000000ff900a7b, /* 138 */
	0x0000000000107161, /* 139  offset of sock_common.skc_bound_dev_if */
	0x00000000ffbc1a63, /* 140 */
	0x0000000000685161, /* 141  offset of sock.sk_mark */
	0x00000000ffc01a63, /* 142 */
	0x00000000006c5169, /* 143  offset of sock.sk_protocol */
	0x00000000ffce1a6b, /* 144 */
	0x00000000006e5169, /* 145  offset of sock.sk_type */
	0x00000000ffd01a73, /* 146 */
	0x00000000ffcca169, /* 147 */
	0x0000000a00060115, /* 148 */
	0x0000000200380155, /* 149 */
	0x0000000000047161, /* 150  offset of sock_common.skc_rcv_saddr */
	0x00000000ffd81a63, /* 151 */
	0x0000000000007161, /* 152  offset of sock_common.skc_daddr */
	0x00000000ffe81a63, /* 153 */
	0x00000000002d0005, /* 154 */
	0x0000000000307161, /* 155  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[0] */
	0x00000000ffd81a63, /* 156 */
	0x0000000000347161, /* 157  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[1] */
	0x00000000ffdc1a63, /* 158 */
	0x0000000000387161, /* 159  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[2] */
	0x00000000ffe01a63, /* 160 */
	0x00000000003c7161, /* 161  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[3] */
	0x00000000ffe41a63, /* 162 */
	0x0000000000207161, /* 163  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[0] */
	0x00000000ffe81a63, /* 164 */
	0x0000000000247161, /* 165  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[1] */
	0x00000000ffec1a63, /* 166 */
	0x0000000000287161, /* 167  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[2] */
	0x00000000fff01a63, /* 168 */
	0x00000000002c7161, /* 169  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[3] */
	0x00000000fff41a63, /* 170 */
	0x00000008000001b7, /* 171  offset of sock_common.skc_ipv6only */
	0x00000000000072bf, /* 172 */
	0x000000000000120f, /* 173 */
	0x00000008000003b7, /* 174  size of sock_common.skc_ipv6only */
	0x0000000300050365, /* 175 */
	0x0000000100090315, /* 176 */
	0x0000000200010315, /* 177 */
	0x00000000000a0005, /* 178 */
	0x0000000000002169, /* 179 */
	0x0000000000080005, /* 180 */
	0x0000000400060315, /* 181 */
	0x0000000800010315, /* 182 */
	0x0000000000050005, /* 183 */
	0x0000000000002179, /* 184 */
	0x0000000000030005, /* 185 */
	0x0000000000002171, /* 186 */
	0x0000000000010005, /* 187 */
	0x0000000000002161, /* 188 */
	0x0000000700000167, /* 189  bits above sock_common.skc_ipv6only */
	0x00000000000002b7, /* 190  is signed: sock_common.skc_ipv6only */
	0x0000000000030215, /* 191 */
	0x0000003f000001c7, /* 192  bits above and below sock_common.skc_ipv6only */
	0x0000000000060115, /* 193 */
	0x0000000000020005, /* 194 */
	0x0000003f00000177, /* 195  bits above and below sock_common.skc_ipv6only */
	0x0000000000030115, /* 196 */
	0x00000000ffd4a161, /* 197 */
	0x0000000100000147, /* 198 */
	0x00000000ffd41a63, /* 199 */
	0x00000000000a7169, /* 200  offset of sock_common.skc_num */
	0x00000000ffc81a6b, /* 201 */
	0x0000000000087169, /* 202  offset of sock_common.skc_dport */
	0x00000010000001dc, /* 203 */
	0x00000000ffca1a6b, /* 204 */
	0x00000000ffcca169, /* 205 */
	0x0000000100060155, /* 206 */
	0x0000000000485161, /* 207  offset of sock.sk_receive_queue.qlen */
	0x00000000ffb41a63, /* 208 */
	0x00000000ffd1a271, /* 209 */
	0x0000000a002a0255, /* 210 */
	0x0000000000745161, /* 211  offset of sock.sk_max_ack_backlog */
	0x00000000000f0005, /* 212 */
	0x00000000ffcea169, /* 213 */
	0x00000011000f0115, /* 214 */
	0x0000000600080155, /* 215 */
	0x00000000ffd0a171, /* 216 */
	0x0000000100060155, /* 217 */
	0x00000000ffd1a171, /* 218 */
	0x0000000a00310155, /* 219 */
	0x0000000000705161, /* 220  offset of sock.sk_ack_backlog */
	0x00000000ffb41a63, /* 221 */
	0x0000000000745161, /* 222  offset of sock.sk_max_ack_backlog */
	0x0000000000040005, /* 223 */
	0x00000000004c5161, /* 224  offset of sock.sk_backlog.rmem_alloc.counter */
	0x00000000ffb41a63, /* 225 */
	0x0000000000505161, /* 226  offset of sock.sk_wmem_alloc.refs.counter */
	0xffffffff00000107, /* 227 */
	0x00000000ffb81a63, /* 228 */
	0x0000000000200005, /* 229 */
	0x00000000000001b7, /* 230 */
	0x00000000fffc1a63, /* 231 */
	0x0000000000505161, /* 232  offset of sock.sk_wmem_alloc.refs.counter */
	0xffffffff00000107, /* 233 */
	0x00000000ffb81a63, /* 234 */
	0x00000000004c5161, /* 235  offset of sock.sk_backlog.rmem_alloc.counter */
	0x00000000ffb41a63, /* 236 */
	0x0000000000180115, /* 237 */
	0x0000004900000118, /* 238  constant probe_reads */
	0x0000000000000000, /* 239 */
	0x0000000000120115, /* 240 */
	0x00000000000001b7, /* 241  offset of udp_sock.forward_deficit */
	0x000000000000150f, /* 242 */
	0x000000000000a1bf, /* 243 */
	0xfffffffc00000107, /* 244 */
	0x00000004000002b7, /* 245 */
	0x00000000000053bf, /* 246 */
	0x0000007100000085, /* 247 */
	0x00000000fffca161, /* 248 */
	0x00000000ffb4a261, /* 249 */
	0x000000000000121f, /* 250 */
	0x00000000ffb42a63, /* 251 */
	0x0000000000090005, /* 252 */
	0x0000000000505261, /* 253  offset of sock.sk_wmem_alloc.refs.counter */
	0xffffffff00000207, /* 254 */
	0x00000000ffb82a63, /* 255 */
	0x0000002000000167, /* 256 */
	0x0000002000000177, /* 257 */
	0x0000000000030115, /* 258 */
	0x00000000ffd4a161, /* 259 */
	0x0000000400000147, /* 260 */
	0x00000000ffd41a63, /* 261 */
	0x000000000000a2bf, /* 262 */
	0xffffff8800000207, /* 263 */
	0x00000000000061bf, /* 264 */
	0x00000070000003b7, /* 265 */
	0x0000007f00000085, /* 266 */
	0x00000000000000b7, /* 267 */
	0x0000000000000095, /* 268 */
	0x00000000000051bf, /* 269 */
	0x0000008900000085, /* 270 */
	0x00000000fff60015, /* 271 */
	0x0000000000b40261, /* 272  offset of tcp_sock.copied_seq */
	0x0000000000b00161, /* 273  offset of tcp_sock.rcv_nxt */
	0x000000000000211f, /* 274 */
	0x00000000000012bf, /* 275 */
	0x0000002000000267, /* 276 */
	0x00000020000002c7, /* 277 */
	0x0000000000010265, /* 278 */
	0x00000000000001b7, /* 279 */
	0x00000000ffb41a63, /* 280 */
	0x0000000000bc0161, /* 281  offset of tcp_sock.snd_una */
	0x0000000000b80261, /* 282  offset of tcp_sock.write_seq */
	0x000000000000121f, /* 283 */
	0x00000000ffb82a63, /* 284 */
	0x0000004e00000118, /* 285  constant timers */
	0x0000000000000000, /* 286 */
	0x00000000ffe60115, /* 287 */
	0x00000000000001b7, /* 288  offset of tcp_sock.inet_conn */
	0x000000000000100f, /* 289 */
	0x0000000000a90371, /* 290  offset of inet_connection_sock.icsk_pending */
	0x00000001000001b7, /* 291  is there inet_connection_sock.icsk_keepalive_timer */
	0x0000000000060115, /* 292 */
	0x00000000000002b7, /* 293 */
	0x0000000000a00779, /* 294  offset of inet_connection_sock.icsk_keepalive_timer.expires */
	0x0000000000980479, /* 295  offset of inet_connection_sock.icsk_keepalive_timer.entry.pprev */
	0x00000000000001b7, /* 296 */
	0x00000000000e0415, /* 297 */
	0x0000000000080005, /* 298 */
	0x00000000000001b7, /* 299  offset of inet_connection_sock.icsk_inet.sk */
	0x00000000000004bf, /* 300 */
	0x000000000000140f, /* 301 */
	0x00000000000002b7, /* 302 */
	0x0000000000604779, /* 303  offset of sock.sk_timer.expires */
	0x0000000000584479, /* 304  offset of sock.sk_timer.entry.pprev */
	0x00000000000001b7, /* 305 */
	0x0000000000050415, /* 306 */
	0x000000aa000002b7, /* 307  offset of inet_connection_sock.icsk_probes_out */
	0x00000000000001bf, /* 308 */
	0x000000000000210f, /* 309 */
	0x00000002000002b7, /* 310 */
	0x0000000000001171, /* 311 */
	0x00000000000034bf, /* 312 */
	0x0000003f00000457, /* 313 */
	0x00000062000005b7, /* 314 */
	0x000000000000457f, /* 315 */
	0x0000000100000557, /* 316 */
	0x0000000000050515, /* 317 */
	0x0000000000a80171, /* 318  offset of inet_connection_sock.icsk_retransmits */
	0x00000001000002b7, /* 319  is there inet_connection_sock.icsk_timeout */
	0x0000000000090215, /* 320 */
	0x00000080000002b7, /* 321  offset of inet_connection_sock.icsk_timeout */
	0x0000000000100005, /* 322 */
	0x000000ff00000357, /* 323 */
	0x0000000300150355, /* 324 */
	0x0000000000aa0171, /* 325  offset of inet_connection_sock.icsk_probes_out */
	0x00000001000002b7, /* 326  is there inet_connection_sock.icsk_timeout */
	0x0000000000060215, /* 327 */
	0x00000080000002b7, /* 328  offset of inet_connection_sock.icsk_timeout */
	0x00000000000d0005, /* 329 */
	0x00000001000002b7, /* 330  is there inet_connection_sock.icsk_retransmit_timer */
	0x0000000000060215, /* 331 */
	0x00000090000002b7, /* 332  offset of inet_connection_sock.icsk_retransmit_timer.expires */
	0x0000000000050005, /* 333 */
	0x00000001000002b7, /* 334  is there inet_connection_sock.icsk_retransmit_timer */
	0x0000000000060215, /* 335 */
	0x00000090000002b7, /* 336  offset of inet_connection_sock.icsk_retransmit_timer.expires */
	0x0000000000050005, /* 337 */
	0x00000060000002b7, /* 338  offset of inet_connection_sock.icsk_inet.sk.sk_timer.expires */
	0x000000000000200f, /* 339 */
	0x00000001000002b7, /* 340 */
	0x0000000000030005, /* 341 */
	0x00000060000002b7, /* 342  offset of inet_connection_sock.icsk_inet.sk.sk_timer.expires */
	0x000000000000200f, /* 343 */
	0x00000004000002b7, /* 344 */
	0x0000000000000779, /* 345 */
	0x00000000ffd31a73, /* 346 */
	0x00000000ffd22a73, /* 347 */
	0x0000007600000085, /* 348 */
	0x000000000000071f, /* 349 */
	0x00000000ffc47a63, /* 350 */
	0x00000000ffa60005, /* 351 */
};

const struct fastsock_program fastsock_files = {
	.name = "fastsock_files",
	.roots = fastsock_files_roots,
	.fields = fastsock_files_fields,
	.relocations = fastsock_files_relocations,
	.instructions = fastsock_files_instructions,
	.root_count = 19,
	.field_count = 69,
	.relocation_count = 97,
	.instruction_count = 352,
};
_Static_assert(19 <= FASTSOCK_MAX_ROOTS, "19 are more roots than loader.c has room for");
_Static_assert(69 <= FASTSOCK_MAX_FIELDS, "69 are more fields than loader.c has room for");
_Static_assert(97 <= FASTSOCK_MAX_RELOCATIONS, "97 are more relocations than loader.c has room for");
_Static_assert(352 <= FASTSOCK_MAX_INSTRUCTIONS, "352 are more instructions than loader.c has room for");
