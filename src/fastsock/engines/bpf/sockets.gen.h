/* Made by generate.py with clang 14; not to be edited. The sources' SHA-256:
 * 67da6f579ebde884371e7be0b84ff4a07e7c0bd5c982a44dc037fd1237e11125  sockets.bpf.c
 * 983a0c688246b7032effe90bb40d7847f46d24226fac7ed2f7b1ccc59b05bccf  record.h
 */
static const struct fastsock_root fastsock_files_roots[] = {
	{12, "bpf_iter_task_file"}, /* 0 */
	{4, "bpf_iter__task_file"}, /* 1 */
	{4, "socket"}, /* 2 */
	{4, "sock"}, /* 3 */
	{4, "file"}, /* 4 */
	{4, "inode"}, /* 5 */
	{4, "task_struct"}, /* 6 */
	{4, "pid"}, /* 7 */
	{4, "upid"}, /* 8 */
	{4, "signal_struct"}, /* 9 */
	{4, "sock_common"}, /* 10 */
	{4, "net"}, /* 11 */
	{4, "cgroup"}, /* 12 */
	{4, "kernfs_node"}, /* 13 */
	{6, "bpf_func_id"}, /* 14 */
	{4, "udp_sock"}, /* 15 */
	{4, "bpf_iter_meta"}, /* 16 */
	{4, "tcp_sock"}, /* 17 */
	{4, "inet_connection_sock"}, /* 18 */
};

/* root, path, and the field whose absence excuses this one's */
static const struct fastsock_field fastsock_files_fields[] = {
	{1, "task", -1}, /* 0 */
	{1, "file", -1}, /* 1 */
	{2, "sk", -1}, /* 2 */
	{3, "__sk_common.skc_state", -1}, /* 3 */
	{3, "__sk_common.skc_family", -1}, /* 4 */
	{3, "__sk_common.skc_num", -1}, /* 5 */
	{4, "f_inode", -1}, /* 6 */
	{5, "i_ino", -1}, /* 7 */
	{5, "i_uid.val", -1}, /* 8 */
	{1, "fd", -1}, /* 9 */
	{6, "tgid", -1}, /* 10 */
	{6, "pid", -1}, /* 11 */
	{6, "thread_pid", -1}, /* 12 */
	{7, "level", -1}, /* 13 */
	{8, "", -1}, /* 14 */
	{7, "numbers", -1}, /* 15 */
	{6, "signal", -1}, /* 16 */
	{9, "pids[1]", -1}, /* 17 */
	{3, "__sk_common", -1}, /* 18 */
	{10, "skc_net.net", -1}, /* 19 */
	{11, "ns.inum", -1}, /* 20 */
	{3, "sk_cgrp_data.cgroup", 21}, /* 21 */
	{12, "kn", -1}, /* 22 */
	{13, "id", -1}, /* 23 */
	{10, "skc_cookie.counter", -1}, /* 24 */
	{14, "BPF_FUNC_check_mtu", 25}, /* 25 */
	{10, "skc_bound_dev_if", -1}, /* 26 */
	{3, "sk_mark", -1}, /* 27 */
	{3, "sk_protocol", -1}, /* 28 */
	{3, "sk_type", -1}, /* 29 */
	{10, "skc_rcv_saddr", -1}, /* 30 */
	{10, "skc_daddr", -1}, /* 31 */
	{10, "skc_v6_rcv_saddr.in6_u.u6_addr32[0]", -1}, /* 32 */
	{10, "skc_v6_rcv_saddr.in6_u.u6_addr32[1]", -1}, /* 33 */
	{10, "skc_v6_rcv_saddr.in6_u.u6_addr32[2]", -1}, /* 34 */
	{10, "skc_v6_rcv_saddr.in6_u.u6_addr32[3]", -1}, /* 35 */
	{10, "skc_v6_daddr.in6_u.u6_addr32[0]", -1}, /* 36 */
	{10, "skc_v6_daddr.in6_u.u6_addr32[1]", -1}, /* 37 */
	{10, "skc_v6_daddr.in6_u.u6_addr32[2]", -1}, /* 38 */
	{10, "skc_v6_daddr.in6_u.u6_addr32[3]", -1}, /* 39 */
	{10, "skc_ipv6only", -1}, /* 40 */
	{10, "skc_num", -1}, /* 41 */
	{10, "skc_dport", -1}, /* 42 */
	{3, "sk_receive_queue.qlen", -1}, /* 43 */
	{3, "sk_max_ack_backlog", -1}, /* 44 */
	{3, "sk_ack_backlog", -1}, /* 45 */
	{3, "sk_backlog.rmem_alloc.counter", -1}, /* 46 */
	{3, "sk_wmem_alloc.refs.counter", -1}, /* 47 */
	{15, "forward_deficit", -1}, /* 48 */
	{1, "meta", -1}, /* 49 */
	{16, "seq", -1}, /* 50 */
	{17, "copied_seq", -1}, /* 51 */
	{17, "rcv_nxt", -1}, /* 52 */
	{17, "snd_una", -1}, /* 53 */
	{17, "write_seq", -1}, /* 54 */
	{17, "inet_conn", -1}, /* 55 */
	{18, "icsk_inet.sk", -1}, /* 56 */
	{18, "icsk_pending", -1}, /* 57 */
	{18, "icsk_probes_out", -1}, /* 58 */
	{18, "icsk_timeout", 59}, /* 59 */
	{18, "icsk_retransmits", -1}, /* 60 */
	{18, "icsk_keepalive_timer", 61}, /* 61 */
	{18, "icsk_keepalive_timer.entry.pprev", 61}, /* 62 */
	{18, "icsk_keepalive_timer.expires", 61}, /* 63 */
	{18, "icsk_retransmit_timer", 64}, /* 64 */
	{18, "icsk_retransmit_timer.expires", 64}, /* 65 */
	{3, "sk_timer.entry.pprev", -1}, /* 66 */
	{3, "sk_timer.expires", -1}, /* 67 */
};

/* kind, field or constant, instruction */
static const struct fastsock_relocation fastsock_files_relocations[] = {
	{FASTSOCK_FIELD_OFFSET, 0, 1},
	{FASTSOCK_FIELD_OFFSET, 1, 2},
	{FASTSOCK_FIELD_OFFSET, 2, 23},
	{FASTSOCK_FIELD_OFFSET, 3, 25},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(states), 28},
	{FASTSOCK_FIELD_OFFSET, 4, 33},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(families), 36},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(local_port), 41},
	{FASTSOCK_FIELD_OFFSET, 5, 45},
	{FASTSOCK_FIELD_OFFSET, 6, 47},
	{FASTSOCK_FIELD_OFFSET, 7, 48},
	{FASTSOCK_FIELD_OFFSET, 8, 50},
	{FASTSOCK_FIELD_OFFSET, 9, 52},
	{FASTSOCK_FIELD_OFFSET, 10, 54},
	{FASTSOCK_FIELD_OFFSET, 11, 56},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(pid_namespace), 61},
	{FASTSOCK_FIELD_OFFSET, 12, 65},
	{FASTSOCK_FIELD_OFFSET, 13, 66},
	{FASTSOCK_TYPE_SIZE, 14, 68},
	{FASTSOCK_FIELD_OFFSET, 12, 70},
	{FASTSOCK_FIELD_OFFSET, 13, 75},
	{FASTSOCK_FIELD_OFFSET, 15, 78},
	{FASTSOCK_TYPE_SIZE, 14, 89},
	{FASTSOCK_FIELD_OFFSET, 16, 93},
	{FASTSOCK_FIELD_OFFSET, 17, 94},
	{FASTSOCK_FIELD_OFFSET, 13, 97},
	{FASTSOCK_FIELD_OFFSET, 15, 99},
	{FASTSOCK_FIELD_OFFSET, 18, 113},
	{FASTSOCK_FIELD_OFFSET, 19, 116},
	{FASTSOCK_FIELD_OFFSET, 20, 117},
	{FASTSOCK_EXISTS, 21, 119},
	{FASTSOCK_FIELD_OFFSET, 21, 121},
	{FASTSOCK_FIELD_OFFSET, 22, 122},
	{FASTSOCK_FIELD_OFFSET, 23, 123},
	{FASTSOCK_FIELD_OFFSET, 24, 125},
	{FASTSOCK_EXISTS, 25, 128},
	{FASTSOCK_FIELD_OFFSET, 26, 134},
	{FASTSOCK_FIELD_OFFSET, 27, 136},
	{FASTSOCK_FIELD_OFFSET, 28, 138},
	{FASTSOCK_FIELD_OFFSET, 29, 140},
	{FASTSOCK_FIELD_OFFSET, 30, 145},
	{FASTSOCK_FIELD_OFFSET, 31, 147},
	{FASTSOCK_FIELD_OFFSET, 32, 150},
	{FASTSOCK_FIELD_OFFSET, 33, 152},
	{FASTSOCK_FIELD_OFFSET, 34, 154},
	{FASTSOCK_FIELD_OFFSET, 35, 156},
	{FASTSOCK_FIELD_OFFSET, 36, 158},
	{FASTSOCK_FIELD_OFFSET, 37, 160},
	{FASTSOCK_FIELD_OFFSET, 38, 162},
	{FASTSOCK_FIELD_OFFSET, 39, 164},
	{FASTSOCK_FIELD_OFFSET, 40, 166},
	{FASTSOCK_FIELD_SIZE, 40, 169},
	{FASTSOCK_LEFT_SHIFT, 40, 184},
	{FASTSOCK_FIELD_SIGNED, 40, 185},
	{FASTSOCK_RIGHT_SHIFT, 40, 187},
	{FASTSOCK_RIGHT_SHIFT, 40, 190},
	{FASTSOCK_FIELD_OFFSET, 41, 195},
	{FASTSOCK_FIELD_OFFSET, 42, 197},
	{FASTSOCK_FIELD_OFFSET, 43, 202},
	{FASTSOCK_FIELD_OFFSET, 44, 206},
	{FASTSOCK_FIELD_OFFSET, 45, 215},
	{FASTSOCK_FIELD_OFFSET, 44, 217},
	{FASTSOCK_FIELD_OFFSET, 46, 219},
	{FASTSOCK_FIELD_OFFSET, 47, 221},
	{FASTSOCK_FIELD_OFFSET, 47, 227},
	{FASTSOCK_FIELD_OFFSET, 46, 230},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(probe_reads), 233},
	{FASTSOCK_FIELD_OFFSET, 48, 236},
	{FASTSOCK_FIELD_OFFSET, 47, 248},
	{FASTSOCK_FIELD_OFFSET, 49, 257},
	{FASTSOCK_FIELD_OFFSET, 50, 258},
	{FASTSOCK_FIELD_OFFSET, 51, 268},
	{FASTSOCK_FIELD_OFFSET, 52, 269},
	{FASTSOCK_FIELD_OFFSET, 53, 277},
	{FASTSOCK_FIELD_OFFSET, 54, 278},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(timers), 281},
	{FASTSOCK_FIELD_OFFSET, 55, 284},
	{FASTSOCK_FIELD_OFFSET, 56, 286},
	{FASTSOCK_FIELD_OFFSET, 57, 289},
	{FASTSOCK_FIELD_OFFSET, 58, 298},
	{FASTSOCK_EXISTS, 59, 300},
	{FASTSOCK_FIELD_OFFSET, 60, 305},
	{FASTSOCK_EXISTS, 59, 307},
	{FASTSOCK_FIELD_OFFSET, 59, 309},
	{FASTSOCK_EXISTS, 61, 312},
	{FASTSOCK_FIELD_OFFSET, 62, 314},
	{FASTSOCK_FIELD_OFFSET, 58, 318},
	{FASTSOCK_FIELD_OFFSET, 63, 320},
	{FASTSOCK_EXISTS, 64, 323},
	{FASTSOCK_EXISTS, 64, 326},
	{FASTSOCK_FIELD_OFFSET, 65, 328},
	{FASTSOCK_FIELD_OFFSET, 66, 331},
	{FASTSOCK_FIELD_OFFSET, 58, 335},
	{FASTSOCK_FIELD_OFFSET, 67, 337},
};

static const uint64_t fastsock_files_instructions[] = {
	0x00000000000016bf, /*   0 */
	0x0000000000086979, /*   1  offset of bpf_iter__task_file.task */
	0x0000000000186879, /*   2  offset of bpf_iter__task_file.file */
	0x00000000000001b7, /*   3 */
	0x00000000fff01a7b, /*   4 */
	0x00000000ffe81a7b, /*   5 */
	0x00000000ffe01a7b, /*   6 */
	0x00000000ffd81a7b, /*   7 */
	0x00000000ffd01a7b, /*   8 */
	0x00000000ffc81a7b, /*   9 */
	0x00000000ffc01a7b, /*  10 */
	0x00000000ffb81a7b, /*  11 */
	0x00000000ffb01a7b, /*  12 */
	0x00000000ffa81a7b, /*  13 */
	0x00000000ffa01a7b, /*  14 */
	0x00000000ff981a7b, /*  15 */
	0x00000000ff901a7b, /*  16 */
	0x00000000ff881a7b, /*  17 */
	0x0000000000f40815, /*  18 */
	0x0000000000f30915, /*  19 */
	0x00000000000081bf, /*  20 */
	0x000000a200000085, /*  21 */
	0x0000000000f00015, /*  22 */
	0x0000000000000779, /*  23  offset of socket.sk */
	0x0000000000ee0715, /*  24 */
	0x00000000000e7171, /*  25  offset of sock.__sk_common.skc_state */
	0x00000000ffd11a73, /*  26 */
	0x0000003f00000157, /*  27 */
	0x0000002d00000218, /*  28  constant states */
	0x0000000000000000, /*  29 */
	0x000000000000127f, /*  30 */
	0x0000000100000257, /*  31 */
	0x0000000000e60215, /*  32 */
	0x00000000000c7169, /*  33  offset of sock.__sk_common.skc_family */
	0x00000000ffcc1a6b, /*  34 */
	0x0000003f00000157, /*  35 */
	0x0000002e00000218, /*  36  constant families */
	0x0000000000000000, /*  37 */
	0x000000000000127f, /*  38 */
	0x0000000100000257, /*  39 */
	0x0000000000de0215, /*  40 */
	0x0000002f00000118, /*  41  constant local_port */
	0x0000000000000000, /*  42 */
	0x0000ffff00000157, /*  43 */
	0x0000000000020115, /*  44 */
	0x00000000000a7269, /*  45  offset of sock.__sk_common.skc_num */
	0x0000000000d8125d, /*  46 */
	0x0000000000008179, /*  47  offset of file.f_inode */
	0x0000000000081279, /*  48  offset of inode.i_ino */
	0x00000000ff882a7b, /*  49 */
	0x0000000000001161, /*  50  offset of inode.i_uid.val */
	0x00000000ffb01a63, /*  51 */
	0x0000000000106161, /*  52  offset of bpf_iter__task_file.fd */
	0x00000000ffa81a63, /*  53 */
	0x0000000000049861, /*  54  offset of task_struct.tgid */
	0x00000000ffa08a63, /*  55 */
	0x0000000000009161, /*  56  offset of task_struct.pid */
	0x00000000ffa41a63, /*  57 */
	0x000000000002811d, /*  58 */
	0x00000002000001b7, /*  59 */
	0x00000000ffd41a63, /*  60 */
	0x0000003800000118, /*  61  constant pid_namespace */
	0x0000000000000000, /*  62 */
	0x00000000002e0115, /*  63 */
	0x0000009e00000085, /*  64 */
	0x0000000000080179, /*  65  offset of task_struct.thread_pid */
	0x0000000000001561, /*  66  offset of pid.level */
	0x00000000002a0515, /*  67 */
	0x00000004000001b7, /*  68  size of struct upid */
	0x000000000000512f, /*  69 */
	0x0000000000089379, /*  70  offset of task_struct.thread_pid */
	0x00000000000008b7, /*  71 */
	0x00000000fffc8a63, /*  72 */
	0x00000000000002b7, /*  73 */
	0x0000000000110315, /*  74 */
	0x0000000000003461, /*  75  offset of pid.level */
	0x00000000000002b7, /*  76 */
	0x00000000000e54ad, /*  77 */
	0x00000004000002b7, /*  78  offset of pid.numbers */
	0x000000000000230f, /*  79 */
	0x0000002000000167, /*  80 */
	0x0000002000000177, /*  81 */
	0x000000000000130f, /*  82 */
	0x000000000000a1bf, /*  83 */
	0xfffffffc00000107, /*  84 */
	0x00000004000002b7, /*  85 */
	0x00000000ff805a7b, /*  86 */
	0x0000007100000085, /*  87 */
	0x00000000ff80a579, /*  88 */
	0x00000004000001b7, /*  89  size of struct upid */
	0x000000000000512f, /*  90 */
	0x00000000fffca261, /*  91 */
	0x00000000ffa42a63, /*  92 */
	0x0000000000109279, /*  93  offset of task_struct.signal */
	0x0000000000082379, /*  94  offset of signal_struct.pids[1] */
	0x00000000fffc8a63, /*  95 */
	0x00000000000c0315, /*  96 */
	0x0000000000003261, /*  97  offset of pid.level */
	0x00000000000a52ad, /*  98 */
	0x00000004000002b7, /*  99  offset of pid.numbers */
	0x000000000000230f, /* 100 */
	0x0000002000000167, /* 101 */
	0x0000002000000177, /* 102 */
	0x000000000000130f, /* 103 */
	0x000000000000a1bf, /* 104 */
	0xfffffffc00000107, /* 105 */
	0x00000004000002b7, /* 106 */
	0x0000007100000085, /* 107 */
	0x00000000fffca861, /* 108 */
	0x00000000ffa08a63, /* 109 */
	0x0000002000000867, /* 110 */
	0x0000002000000877, /* 111 */
	0x0000000000960815, /* 112 */
	0x00000000000001b7, /* 113  offset of sock.__sk_common */
	0x00000000000078bf, /* 114 */
	0x000000000000180f, /* 115 */
	0x0000000000188179, /* 116  offset of sock_common.skc_net.net */
	0x0000000000001161, /* 117  offset of net.ns.inum */
	0x00000000ffac1a63, /* 118 */
	0x00000001000001b7, /* 119  is there sock.sk_cgrp_data.cgroup */
	0x0000000000040115, /* 120 */
	0x0000000000787179, /* 121  offset of sock.sk_cgrp_data.cgroup */
	0x0000000000001179, /* 122  offset of cgroup.kn */
	0x0000000000001179, /* 123  offset of kernfs_node.id */
	0x00000000ff981a7b, /* 124 */
	0x0000000000408179, /* 125  offset of sock_common.skc_cookie.counter */
	0x00000000ff901a7b, /* 126 */
	0x0000000000060155, /* 127 */
	0x0000000100000118, /* 128  is there bpf_func_id.BPF_FUNC_check_mtu */
	0x0000000000000000, /* 129 */
	0x0000000000030115, /* 130 */
	0x00000000000071bf, /* 131 */
	0x0000002e00000085, /* 132 */
	0x00000000ff900a7b, /* 133 */
	0x0000000000108161, /* 134  offset of sock_common.skc_bound_dev_if */
	0x00000000ffbc1a63, /* 135 */
	0x0000000000687161, /* 136  offset of sock.sk_mark */
	0x00000000ffc01a63, /* 137 */
	0x00000000006c7169, /* 138  offset of sock.sk_protocol */
	0x00000000ffce1a6b, /* 139 */
	0x00000000006e7169, /* 140  offset of sock.sk_type */
	0x00000000ffd01a73, /* 141 */
	0x00000000ffcca169, /* 142 */
	0x0000000a00060115, /* 143 */
	0x0000000200380155, /* 144 */
	0x0000000000048161, /* 145  offset of sock_common.skc_rcv_saddr */
	0x00000000ffd81a63, /* 146 */
	0x0000000000008161, /* 147  offset of sock_common.skc_daddr */
	0x00000000ffe81a63, /* 148 */
	0x00000000002d0005, /* 149 */
	0x0000000000308161, /* 150  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[0] */
	0x00000000ffd81a63, /* 151 */
	0x0000000000348161, /* 152  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[1] */
	0x00000000ffdc1a63, /* 153 */
	0x0000000000388161, /* 154  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[2] */
	0x00000000ffe01a63, /* 155 */
	0x00000000003c8161, /* 156  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[3] */
	0x00000000ffe41a63, /* 157 */
	0x0000000000208161, /* 158  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[0] */
	0x00000000ffe81a63, /* 159 */
	0x0000000000248161, /* 160  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[1] */
	0x00000000ffec1a63, /* 161 */
	0x0000000000288161, /* 162  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[2] */
	0x00000000fff01a63, /* 163 */
	0x00000000002c8161, /* 164  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[3] */
	0x00000000fff41a63, /* 165 */
	0x00000008000001b7, /* 166  offset of sock_common.skc_ipv6only */
	0x00000000000082bf, /* 167 */
	0x000000000000120f, /* 168 */
	0x00000008000003b7, /* 169  size of sock_common.skc_ipv6only */
	0x0000000300050365, /* 170 */
	0x0000000100090315, /* 171 */
	0x0000000200010315, /* 172 */
	0x00000000000a0005, /* 173 */
	0x0000000000002169, /* 174 */
	0x0000000000080005, /* 175 */
	0x0000000400060315, /* 176 */
	0x0000000800010315, /* 177 */
	0x0000000000050005, /* 178 */
	0x0000000000002179, /* 179 */
	0x0000000000030005, /* 180 */
	0x0000000000002171, /* 181 */
	0x0000000000010005, /* 182 */
	0x0000000000002161, /* 183 */
	0x0000000700000167, /* 184  bits above sock_common.skc_ipv6only */
	0x00000000000002b7, /* 185  is signed: sock_common.skc_ipv6only */
	0x0000000000030215, /* 186 */
	0x0000003f000001c7, /* 187  bits above and below sock_common.skc_ipv6only */
	0x0000000000060115, /* 188 */
	0x0000000000020005, /* 189 */
	0x0000003f00000177, /* 190  bits above and below sock_common.skc_ipv6only */
	0x0000000000030115, /* 191 */
	0x00000000ffd4a161, /* 192 */
	0x0000000100000147, /* 193 */
	0x00000000ffd41a63, /* 194 */
	0x00000000000a8169, /* 195  offset of sock_common.skc_num */
	0x00000000ffc81a6b, /* 196 */
	0x0000000000088169, /* 197  offset of sock_common.skc_dport */
	0x00000010000001dc, /* 198 */
	0x00000000ffca1a6b, /* 199 */
	0x00000000ffcca169, /* 200 */
	0x0000000100060155, /* 201 */
	0x0000000000487161, /* 202  offset of sock.sk_receive_queue.qlen */
	0x00000000ffb41a63, /* 203 */
	0x00000000ffd1a271, /* 204 */
	0x0000000a002a0255, /* 205 */
	0x0000000000747161, /* 206  offset of sock.sk_max_ack_backlog */
	0x00000000000f0005, /* 207 */
	0x00000000ffcea169, /* 208 */
	0x00000011000f0115, /* 209 */
	0x0000000600080155, /* 210 */
	0x00000000ffd0a171, /* 211 */
	0x0000000100060155, /* 212 */
	0x00000000ffd1a171, /* 213 */
	0x0000000a00320155, /* 214 */
	0x0000000000707161, /* 215  offset of sock.sk_ack_backlog */
	0x00000000ffb41a63, /* 216 */
	0x0000000000747161, /* 217  offset of sock.sk_max_ack_backlog */
	0x0000000000040005, /* 218 */
	0x00000000004c7161, /* 219  offset of sock.sk_backlog.rmem_alloc.counter */
	0x00000000ffb41a63, /* 220 */
	0x0000000000507161, /* 221  offset of sock.sk_wmem_alloc.refs.counter */
	0xffffffff00000107, /* 222 */
	0x00000000ffb81a63, /* 223 */
	0x0000000000200005, /* 224 */
	0x00000000000001b7, /* 225 */
	0x00000000fffc1a63, /* 226 */
	0x0000000000507161, /* 227  offset of sock.sk_wmem_alloc.refs.counter */
	0xffffffff00000107, /* 228 */
	0x00000000ffb81a63, /* 229 */
	0x00000000004c7161, /* 230  offset of sock.sk_backlog.rmem_alloc.counter */
	0x00000000ffb41a63, /* 231 */
	0x0000000000180115, /* 232 */
	0x0000004600000118, /* 233  constant probe_reads */
	0x0000000000000000, /* 234 */
	0x0000000000120115, /* 235 */
	0x00000000000001b7, /* 236  offset of udp_sock.forward_deficit */
	0x000000000000170f, /* 237 */
	0x000000000000a1bf, /* 238 */
	0xfffffffc00000107, /* 239 */
	0x00000004000002b7, /* 240 */
	0x00000000000073bf, /* 241 */
	0x0000007100000085, /* 242 */
	0x00000000fffca161, /* 243 */
	0x00000000ffb4a261, /* 244 */
	0x000000000000121f, /* 245 */
	0x00000000ffb42a63, /* 246 */
	0x0000000000090005, /* 247 */
	0x0000000000507261, /* 248  offset of sock.sk_wmem_alloc.refs.counter */
	0xffffffff00000207, /* 249 */
	0x00000000ffb82a63, /* 250 */
	0x0000002000000167, /* 251 */
	0x0000002000000177, /* 252 */
	0x0000000000030115, /* 253 */
	0x00000000ffd4a161, /* 254 */
	0x0000000400000147, /* 255 */
	0x00000000ffd41a63, /* 256 */
	0x0000000000006179, /* 257  offset of bpf_iter__task_file.meta */
	0x0000000000001179, /* 258  offset of bpf_iter_meta.seq */
	0x000000000000a2bf, /* 259 */
	0xffffff8800000207, /* 260 */
	0x00000070000003b7, /* 261 */
	0x0000007f00000085, /* 262 */
	0x00000000000000b7, /* 263 */
	0x0000000000000095, /* 264 */
	0x00000000000071bf, /* 265 */
	0x0000008900000085, /* 266 */
	0x00000000fff50015, /* 267 */
	0x0000000000b40261, /* 268  offset of tcp_sock.copied_seq */
	0x0000000000b00161, /* 269  offset of tcp_sock.rcv_nxt */
	0x000000000000211f, /* 270 */
	0x00000000000012bf, /* 271 */
	0x0000002000000267, /* 272 */
	0x00000020000002c7, /* 273 */
	0x0000000000010265, /* 274 */
	0x00000000000001b7, /* 275 */
	0x00000000ffb41a63, /* 276 */
	0x0000000000bc0161, /* 277  offset of tcp_sock.snd_una */
	0x0000000000b80261, /* 278  offset of tcp_sock.write_seq */
	0x000000000000121f, /* 279 */
	0x00000000ffb82a63, /* 280 */
	0x0000004e00000118, /* 281  constant timers */
	0x0000000000000000, /* 282 */
	0x00000000ffe50115, /* 283 */
	0x00000000000001b7, /* 284  offset of tcp_sock.inet_conn */
	0x000000000000100f, /* 285 */
	0x00000000000002b7, /* 286  offset of inet_connection_sock.icsk_inet.sk */
	0x00000000000001bf, /* 287 */
	0x000000000000210f, /* 288 */
	0x0000000000a90271, /* 289  offset of inet_connection_sock.icsk_pending */
	0x00000001000c0215, /* 290 */
	0x00000000000023bf, /* 291 */
	0xfffffffb00000307, /* 292 */
	0x00000002000903a5, /* 293 */
	0x0000000300010215, /* 294 */
	0x0000000000100005, /* 295 */
	0x00000004000002b7, /* 296 */
	0x00000000ffd22a73, /* 297 */
	0x0000000000aa0271, /* 298  offset of inet_connection_sock.icsk_probes_out */
	0x00000000ffd32a73, /* 299 */
	0x00000001000002b7, /* 300  is there inet_connection_sock.icsk_timeout */
	0x0000000000150215, /* 301 */
	0x0000000000060005, /* 302 */
	0x00000001000002b7, /* 303 */
	0x00000000ffd22a73, /* 304 */
	0x0000000000a80271, /* 305  offset of inet_connection_sock.icsk_retransmits */
	0x00000000ffd32a73, /* 306 */
	0x00000001000002b7, /* 307  is there inet_connection_sock.icsk_timeout */
	0x0000000000110215, /* 308 */
	0x00000080000001b7, /* 309  offset of inet_connection_sock.icsk_timeout */
	0x000000000000100f, /* 310 */
	0x00000000001c0005, /* 311 */
	0x00000001000002b7, /* 312  is there inet_connection_sock.icsk_keepalive_timer */
	0x0000000000110215, /* 313 */
	0x0000000000980179, /* 314  offset of inet_connection_sock.icsk_keepalive_timer.entry.pprev */
	0x00000000ffc50115, /* 315 */
	0x00000002000001b7, /* 316 */
	0x00000000ffd21a73, /* 317 */
	0x0000000000aa0171, /* 318  offset of inet_connection_sock.icsk_probes_out */
	0x00000000ffd31a73, /* 319 */
	0x000000a0000001b7, /* 320  offset of inet_connection_sock.icsk_keepalive_timer.expires */
	0x000000000000100f, /* 321 */
	0x0000000000110005, /* 322 */
	0x00000001000002b7, /* 323  is there inet_connection_sock.icsk_retransmit_timer */
	0x00000000000c0215, /* 324 */
	0x0000000000020005, /* 325 */
	0x00000001000002b7, /* 326  is there inet_connection_sock.icsk_retransmit_timer */
	0x0000000000090215, /* 327 */
	0x00000090000001b7, /* 328  offset of inet_connection_sock.icsk_retransmit_timer.expires */
	0x000000000000100f, /* 329 */
	0x0000000000090005, /* 330 */
	0x0000000000581279, /* 331  offset of sock.sk_timer.entry.pprev */
	0x00000000ffb40215, /* 332 */
	0x00000002000002b7, /* 333 */
	0x00000000ffd22a73, /* 334 */
	0x0000000000aa0271, /* 335  offset of inet_connection_sock.icsk_probes_out */
	0x00000000ffd32a73, /* 336 */
	0x00000060000002b7, /* 337  offset of sock.sk_timer.expires */
	0x000000000000210f, /* 338 */
	0x00000000000010bf, /* 339 */
	0x0000000000000779, /* 340 */
	0x0000007600000085, /* 341 */
	0x000000000000071f, /* 342 */
	0x00000000000071bf, /* 343 */
	0x0000002000000167, /* 344 */
	0x00000020000001c7, /* 345 */
	0x0000000000010165, /* 346 */
	0x00000000000007b7, /* 347 */
	0x00000000ffc47a63, /* 348 */
	0x00000000ffa30005, /* 349 */
};

const struct fastsock_program fastsock_files = {
	.name = "fastsock_files",
	.roots = fastsock_files_roots,
	.fields = fastsock_files_fields,
	.relocations = fastsock_files_relocations,
	.instructions = fastsock_files_instructions,
	.root_count = 19,
	.field_count = 68,
	.relocation_count = 94,
	.instruction_count = 350,
};
_Static_assert(19 <= FASTSOCK_MAX_ROOTS, "19 are more roots than loader.c has room for");
_Static_assert(68 <= FASTSOCK_MAX_FIELDS, "68 are more fields than loader.c has room for");
_Static_assert(94 <= FASTSOCK_MAX_RELOCATIONS, "94 are more relocations than loader.c has room for");
_Static_assert(350 <= FASTSOCK_MAX_INSTRUCTIONS, "350 are more instructions than loader.c has room for");
