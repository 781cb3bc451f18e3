/* Made by generate.py with clang 14; not to be edited. The sources' SHA-256:
 * 3177a32cce14aab14b87ac4edda39defbd57c862aff7829a21b3bb2d204498a2  sockets.bpf.c
 * ccfb8ec127d84d4cd102d5b20b8661c0dbf9512c7d8daef6fb576c045e829205  record.h
 */
static const struct fastsock_root fastsock_files_roots[] = {
	{12, "bpf_iter_task_file"}, /* 0 */
	{4, "bpf_iter__task_file"}, /* 1 */
	{4, "bpf_iter_meta"}, /* 2 */
	{4, "file"}, /* 3 */
	{4, "inode"}, /* 4 */
	{4, "super_block"}, /* 5 */
	{12, "bpf_rdonly_cast"}, /* 6 */
	{4, "task_struct"}, /* 7 */
	{4, "files_struct"}, /* 8 */
	{4, "fdtable"}, /* 9 */
	{4, "socket"}, /* 10 */
	{4, "sock"}, /* 11 */
	{4, "tcp_sock"}, /* 12 */
	{4, "sock_common"}, /* 13 */
	{4, "proto"}, /* 14 */
	{4, "pid"}, /* 15 */
	{4, "upid"}, /* 16 */
	{4, "signal_struct"}, /* 17 */
	{4, "net"}, /* 18 */
	{4, "cgroup"}, /* 19 */
	{4, "kernfs_node"}, /* 20 */
	{6, "bpf_func_id"}, /* 21 */
	{4, "dentry"}, /* 22 */
	{4, "unix_sock"}, /* 23 */
	{4, "udp_sock"}, /* 24 */
	{4, "inet_connection_sock"}, /* 25 */
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
	{3, "f_op", -1}, /* 7 */
	{1, "fd", -1}, /* 8 */
	{6, "", 9}, /* 9 */
	{7, "", -1}, /* 10 */
	{7, "files", -1}, /* 11 */
	{8, "fdt", -1}, /* 12 */
	{9, "fd", -1}, /* 13 */
	{9, "max_fds", -1}, /* 14 */
	{9, "", -1}, /* 15 */
	{3, "", -1}, /* 16 */
	{3, "f_ref", 17}, /* 17 */
	{3, "f_ref.refcnt.counter", 17}, /* 18 */
	{3, "private_data", -1}, /* 19 */
	{10, "", -1}, /* 20 */
	{10, "sk", -1}, /* 21 */
	{11, "__sk_common.skc_prot", -1}, /* 22 */
	{4, "i_ino", -1}, /* 23 */
	{11, "__sk_common.skc_cookie.counter", -1}, /* 24 */
	{11, "sk_mark", -1}, /* 25 */
	{11, "sk_cgrp_data.cgroup", 26}, /* 26 */
	{12, "", -1}, /* 27 */
	{12, "copied_seq", -1}, /* 28 */
	{12, "write_seq", -1}, /* 29 */
	{12, "rcv_nxt", -1}, /* 30 */
	{11, "sk_timer.expires", -1}, /* 31 */
	{12, "inet_conn.icsk_pending", -1}, /* 32 */
	{11, "__sk_common.skc_state", -1}, /* 33 */
	{11, "__sk_common.skc_family", -1}, /* 34 */
	{11, "__sk_common", -1}, /* 35 */
	{13, "skc_num", -1}, /* 36 */
	{13, "skc_dport", -1}, /* 37 */
	{13, "skc_prot", -1}, /* 38 */
	{14, "twsk_prot", -1}, /* 39 */
	{7, "tgid", -1}, /* 40 */
	{7, "pid", -1}, /* 41 */
	{7, "thread_pid", -1}, /* 42 */
	{15, "level", -1}, /* 43 */
	{16, "", -1}, /* 44 */
	{15, "numbers", -1}, /* 45 */
	{7, "signal", -1}, /* 46 */
	{17, "pids[1]", -1}, /* 47 */
	{13, "skc_net.net", -1}, /* 48 */
	{18, "ns.inum", -1}, /* 49 */
	{19, "kn", -1}, /* 50 */
	{20, "id", -1}, /* 51 */
	{13, "skc_cookie.counter", -1}, /* 52 */
	{21, "BPF_FUNC_check_mtu", 53}, /* 53 */
	{13, "skc_bound_dev_if", -1}, /* 54 */
	{11, "sk_uid.val", -1}, /* 55 */
	{11, "sk_protocol", -1}, /* 56 */
	{11, "sk_type", -1}, /* 57 */
	{13, "skc_rcv_saddr", -1}, /* 58 */
	{13, "skc_daddr", -1}, /* 59 */
	{3, "f_path.dentry", -1}, /* 60 */
	{22, "d_name.name", -1}, /* 61 */
	{13, "skc_v6_rcv_saddr.in6_u.u6_addr32[0]", -1}, /* 62 */
	{13, "skc_v6_rcv_saddr.in6_u.u6_addr32[1]", -1}, /* 63 */
	{13, "skc_v6_rcv_saddr.in6_u.u6_addr32[2]", -1}, /* 64 */
	{13, "skc_v6_rcv_saddr.in6_u.u6_addr32[3]", -1}, /* 65 */
	{13, "skc_v6_daddr.in6_u.u6_addr32[0]", -1}, /* 66 */
	{13, "skc_v6_daddr.in6_u.u6_addr32[1]", -1}, /* 67 */
	{13, "skc_v6_daddr.in6_u.u6_addr32[2]", -1}, /* 68 */
	{13, "skc_v6_daddr.in6_u.u6_addr32[3]", -1}, /* 69 */
	{13, "skc_ipv6only", -1}, /* 70 */
	{23, "scm_stat.nr_fds", 71}, /* 71 */
	{11, "sk_receive_queue.qlen", -1}, /* 72 */
	{11, "sk_max_ack_backlog", -1}, /* 73 */
	{11, "sk_ack_backlog", -1}, /* 74 */
	{12, "inet_conn.icsk_accept_queue.qlen.counter", -1}, /* 75 */
	{11, "sk_backlog.rmem_alloc.counter", -1}, /* 76 */
	{11, "sk_wmem_alloc.refs.counter", -1}, /* 77 */
	{24, "forward_deficit", -1}, /* 78 */
	{12, "snd_una", -1}, /* 79 */
	{12, "inet_conn", -1}, /* 80 */
	{25, "icsk_pending", -1}, /* 81 */
	{25, "icsk_keepalive_timer", 82}, /* 82 */
	{25, "icsk_keepalive_timer.expires", 82}, /* 83 */
	{25, "icsk_keepalive_timer.entry.pprev", 82}, /* 84 */
	{25, "icsk_inet.sk", -1}, /* 85 */
	{11, "sk_timer.entry.pprev", -1}, /* 86 */
	{25, "icsk_probes_out", -1}, /* 87 */
	{25, "icsk_retransmits", -1}, /* 88 */
	{25, "icsk_timeout", 89}, /* 89 */
	{25, "icsk_retransmit_timer", 90}, /* 90 */
	{25, "icsk_retransmit_timer.expires", 90}, /* 91 */
	{25, "icsk_inet.sk.sk_timer.expires", -1}, /* 92 */
};

/* kind, field or constant, instruction */
static const struct fastsock_relocation fastsock_files_relocations[] = {
	{FASTSOCK_FIELD_OFFSET, 0, 1},
	{FASTSOCK_FIELD_OFFSET, 1, 2},
	{FASTSOCK_FIELD_OFFSET, 2, 3},
	{FASTSOCK_FIELD_OFFSET, 3, 4},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(probe_reads), 27},
	{FASTSOCK_FIELD_OFFSET, 4, 33},
	{FASTSOCK_FIELD_OFFSET, 5, 34},
	{FASTSOCK_FIELD_OFFSET, 6, 35},
	{FASTSOCK_FIELD_OFFSET, 7, 39},
	{FASTSOCK_FIELD_OFFSET, 8, 40},
	{FASTSOCK_EXISTS, 9, 44},
	{FASTSOCK_TYPE_ID, 10, 48},
	{FASTSOCK_CALL, 9, 51},
	{FASTSOCK_FIELD_OFFSET, 11, 53},
	{FASTSOCK_FIELD_OFFSET, 12, 54},
	{FASTSOCK_FIELD_OFFSET, 13, 55},
	{FASTSOCK_FIELD_OFFSET, 14, 60},
	{FASTSOCK_FIELD_OFFSET, 13, 63},
	{FASTSOCK_TYPE_ID, 15, 75},
	{FASTSOCK_CALL, 9, 77},
	{FASTSOCK_FIELD_OFFSET, 13, 78},
	{FASTSOCK_TYPE_ID, 16, 79},
	{FASTSOCK_CALL, 9, 81},
	{FASTSOCK_FIELD_OFFSET, 7, 82},
	{FASTSOCK_EXISTS, 17, 83},
	{FASTSOCK_FIELD_OFFSET, 18, 85},
	{FASTSOCK_FIELD_OFFSET, 13, 93},
	{FASTSOCK_TYPE_ID, 15, 95},
	{FASTSOCK_CALL, 9, 97},
	{FASTSOCK_FIELD_OFFSET, 13, 98},
	{FASTSOCK_TYPE_ID, 16, 99},
	{FASTSOCK_CALL, 9, 101},
	{FASTSOCK_FIELD_OFFSET, 7, 102},
	{FASTSOCK_FIELD_OFFSET, 18, 104},
	{FASTSOCK_FIELD_OFFSET, 13, 113},
	{FASTSOCK_TYPE_ID, 15, 115},
	{FASTSOCK_CALL, 9, 117},
	{FASTSOCK_FIELD_OFFSET, 13, 118},
	{FASTSOCK_TYPE_ID, 16, 119},
	{FASTSOCK_CALL, 9, 121},
	{FASTSOCK_FIELD_OFFSET, 7, 122},
	{FASTSOCK_FIELD_OFFSET, 19, 125},
	{FASTSOCK_TYPE_ID, 20, 126},
	{FASTSOCK_CALL, 9, 128},
	{FASTSOCK_FIELD_OFFSET, 21, 129},
	{FASTSOCK_FIELD_OFFSET, 13, 137},
	{FASTSOCK_TYPE_ID, 15, 139},
	{FASTSOCK_CALL, 9, 141},
	{FASTSOCK_FIELD_OFFSET, 13, 142},
	{FASTSOCK_TYPE_ID, 16, 143},
	{FASTSOCK_CALL, 9, 145},
	{FASTSOCK_FIELD_OFFSET, 7, 146},
	{FASTSOCK_FIELD_OFFSET, 19, 149},
	{FASTSOCK_TYPE_ID, 20, 150},
	{FASTSOCK_CALL, 9, 152},
	{FASTSOCK_FIELD_OFFSET, 21, 153},
	{FASTSOCK_FIELD_OFFSET, 13, 160},
	{FASTSOCK_TYPE_ID, 15, 163},
	{FASTSOCK_CALL, 9, 165},
	{FASTSOCK_FIELD_OFFSET, 13, 166},
	{FASTSOCK_TYPE_ID, 16, 167},
	{FASTSOCK_CALL, 9, 169},
	{FASTSOCK_FIELD_OFFSET, 7, 171},
	{FASTSOCK_FIELD_OFFSET, 19, 174},
	{FASTSOCK_TYPE_ID, 20, 175},
	{FASTSOCK_CALL, 9, 177},
	{FASTSOCK_FIELD_OFFSET, 21, 178},
	{FASTSOCK_FIELD_OFFSET, 22, 179},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(port), 180},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(states), 183},
	{FASTSOCK_FIELD_OFFSET, 4, 187},
	{FASTSOCK_FIELD_OFFSET, 23, 188},
	{FASTSOCK_FIELD_OFFSET, 24, 189},
	{FASTSOCK_FIELD_OFFSET, 25, 190},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(cgroups), 191},
	{FASTSOCK_EXISTS, 26, 194},
	{FASTSOCK_FIELD_OFFSET, 26, 196},
	{FASTSOCK_TYPE_ID, 27, 199},
	{FASTSOCK_CALL, 9, 201},
	{FASTSOCK_FIELD_OFFSET, 28, 203},
	{FASTSOCK_FIELD_OFFSET, 29, 204},
	{FASTSOCK_FIELD_OFFSET, 30, 205},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(timers), 206},
	{FASTSOCK_FIELD_OFFSET, 31, 209},
	{FASTSOCK_FIELD_OFFSET, 32, 210},
	{FASTSOCK_FIELD_OFFSET, 13, 217},
	{FASTSOCK_TYPE_ID, 15, 219},
	{FASTSOCK_CALL, 9, 221},
	{FASTSOCK_FIELD_OFFSET, 13, 222},
	{FASTSOCK_TYPE_ID, 16, 223},
	{FASTSOCK_CALL, 9, 225},
	{FASTSOCK_FIELD_OFFSET, 7, 227},
	{FASTSOCK_FIELD_OFFSET, 19, 231},
	{FASTSOCK_TYPE_ID, 20, 232},
	{FASTSOCK_CALL, 9, 234},
	{FASTSOCK_FIELD_OFFSET, 21, 236},
	{FASTSOCK_FIELD_OFFSET, 22, 237},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(port), 238},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(states), 241},
	{FASTSOCK_FIELD_OFFSET, 4, 245},
	{FASTSOCK_FIELD_OFFSET, 23, 246},
	{FASTSOCK_FIELD_OFFSET, 24, 247},
	{FASTSOCK_FIELD_OFFSET, 25, 248},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(cgroups), 249},
	{FASTSOCK_EXISTS, 26, 252},
	{FASTSOCK_FIELD_OFFSET, 26, 254},
	{FASTSOCK_TYPE_ID, 27, 256},
	{FASTSOCK_CALL, 9, 258},
	{FASTSOCK_FIELD_OFFSET, 28, 259},
	{FASTSOCK_FIELD_OFFSET, 29, 260},
	{FASTSOCK_FIELD_OFFSET, 30, 261},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(timers), 262},
	{FASTSOCK_FIELD_OFFSET, 31, 266},
	{FASTSOCK_FIELD_OFFSET, 32, 267},
	{FASTSOCK_FIELD_OFFSET, 21, 268},
	{FASTSOCK_FIELD_OFFSET, 33, 271},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(states), 274},
	{FASTSOCK_FIELD_OFFSET, 34, 277},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(families), 278},
	{FASTSOCK_FIELD_OFFSET, 35, 285},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(port), 290},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(port), 292},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(ends), 296},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(ends), 298},
	{FASTSOCK_FIELD_OFFSET, 36, 302},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(port), 303},
	{FASTSOCK_FIELD_OFFSET, 37, 309},
	{FASTSOCK_FIELD_OFFSET, 38, 312},
	{FASTSOCK_FIELD_OFFSET, 39, 313},
	{FASTSOCK_FIELD_OFFSET, 4, 315},
	{FASTSOCK_FIELD_OFFSET, 23, 316},
	{FASTSOCK_FIELD_OFFSET, 8, 318},
	{FASTSOCK_FIELD_OFFSET, 40, 320},
	{FASTSOCK_FIELD_OFFSET, 41, 322},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(pid_namespace), 327},
	{FASTSOCK_FIELD_OFFSET, 42, 331},
	{FASTSOCK_FIELD_OFFSET, 43, 332},
	{FASTSOCK_TYPE_SIZE, 44, 334},
	{FASTSOCK_FIELD_OFFSET, 42, 337},
	{FASTSOCK_FIELD_OFFSET, 43, 342},
	{FASTSOCK_FIELD_OFFSET, 45, 345},
	{FASTSOCK_TYPE_SIZE, 44, 354},
	{FASTSOCK_FIELD_OFFSET, 46, 359},
	{FASTSOCK_FIELD_OFFSET, 47, 360},
	{FASTSOCK_FIELD_OFFSET, 43, 363},
	{FASTSOCK_FIELD_OFFSET, 45, 365},
	{FASTSOCK_FIELD_OFFSET, 35, 379},
	{FASTSOCK_FIELD_OFFSET, 48, 382},
	{FASTSOCK_FIELD_OFFSET, 49, 383},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(cgroups), 385},
	{FASTSOCK_EXISTS, 26, 388},
	{FASTSOCK_FIELD_OFFSET, 26, 390},
	{FASTSOCK_FIELD_OFFSET, 50, 391},
	{FASTSOCK_FIELD_OFFSET, 51, 392},
	{FASTSOCK_FIELD_OFFSET, 52, 394},
	{FASTSOCK_EXISTS, 53, 397},
	{FASTSOCK_FIELD_OFFSET, 54, 403},
	{FASTSOCK_FIELD_OFFSET, 25, 405},
	{FASTSOCK_FIELD_OFFSET, 55, 407},
	{FASTSOCK_FIELD_OFFSET, 56, 409},
	{FASTSOCK_FIELD_OFFSET, 57, 411},
	{FASTSOCK_FIELD_OFFSET, 58, 416},
	{FASTSOCK_FIELD_OFFSET, 59, 418},
	{FASTSOCK_FIELD_OFFSET, 60, 421},
	{FASTSOCK_FIELD_OFFSET, 61, 422},
	{FASTSOCK_FIELD_OFFSET, 8, 433},
	{FASTSOCK_FIELD_OFFSET, 40, 437},
	{FASTSOCK_FIELD_OFFSET, 41, 439},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(pid_namespace), 444},
	{FASTSOCK_FIELD_OFFSET, 42, 449},
	{FASTSOCK_FIELD_OFFSET, 43, 450},
	{FASTSOCK_FIELD_OFFSET, 62, 454},
	{FASTSOCK_FIELD_OFFSET, 63, 456},
	{FASTSOCK_FIELD_OFFSET, 64, 458},
	{FASTSOCK_FIELD_OFFSET, 65, 460},
	{FASTSOCK_FIELD_OFFSET, 66, 462},
	{FASTSOCK_FIELD_OFFSET, 67, 464},
	{FASTSOCK_FIELD_OFFSET, 68, 466},
	{FASTSOCK_FIELD_OFFSET, 69, 468},
	{FASTSOCK_FIELD_OFFSET, 70, 470},
	{FASTSOCK_FIELD_SIZE, 70, 473},
	{FASTSOCK_TYPE_SIZE, 44, 485},
	{FASTSOCK_FIELD_OFFSET, 42, 487},
	{FASTSOCK_FIELD_OFFSET, 43, 492},
	{FASTSOCK_FIELD_OFFSET, 45, 495},
	{FASTSOCK_TYPE_SIZE, 44, 504},
	{FASTSOCK_FIELD_OFFSET, 46, 508},
	{FASTSOCK_FIELD_OFFSET, 47, 509},
	{FASTSOCK_FIELD_OFFSET, 43, 512},
	{FASTSOCK_FIELD_OFFSET, 45, 514},
	{FASTSOCK_LEFT_SHIFT, 70, 535},
	{FASTSOCK_FIELD_SIGNED, 70, 536},
	{FASTSOCK_RIGHT_SHIFT, 70, 538},
	{FASTSOCK_RIGHT_SHIFT, 70, 541},
	{FASTSOCK_FIELD_OFFSET, 36, 546},
	{FASTSOCK_FIELD_OFFSET, 37, 548},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(probe_reads), 556},
	{FASTSOCK_EXISTS, 71, 560},
	{FASTSOCK_FIELD_OFFSET, 71, 562},
	{FASTSOCK_FIELD_OFFSET, 72, 571},
	{FASTSOCK_FIELD_OFFSET, 73, 575},
	{FASTSOCK_FIELD_OFFSET, 74, 588},
	{FASTSOCK_FIELD_OFFSET, 73, 590},
	{FASTSOCK_FIELD_OFFSET, 75, 592},
	{FASTSOCK_FIELD_OFFSET, 76, 595},
	{FASTSOCK_FIELD_OFFSET, 77, 597},
	{FASTSOCK_FIELD_OFFSET, 77, 603},
	{FASTSOCK_FIELD_OFFSET, 76, 606},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(probe_reads), 609},
	{FASTSOCK_FIELD_OFFSET, 78, 612},
	{FASTSOCK_FIELD_OFFSET, 77, 624},
	{FASTSOCK_FIELD_OFFSET, 28, 640},
	{FASTSOCK_FIELD_OFFSET, 30, 641},
	{FASTSOCK_FIELD_OFFSET, 79, 649},
	{FASTSOCK_FIELD_OFFSET, 29, 650},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(timers), 653},
	{FASTSOCK_FIELD_OFFSET, 80, 656},
	{FASTSOCK_FIELD_OFFSET, 81, 658},
	{FASTSOCK_EXISTS, 82, 659},
	{FASTSOCK_FIELD_OFFSET, 83, 662},
	{FASTSOCK_FIELD_OFFSET, 84, 663},
	{FASTSOCK_FIELD_OFFSET, 85, 667},
	{FASTSOCK_FIELD_OFFSET, 31, 671},
	{FASTSOCK_FIELD_OFFSET, 86, 672},
	{FASTSOCK_FIELD_OFFSET, 87, 675},
	{FASTSOCK_FIELD_OFFSET, 88, 686},
	{FASTSOCK_EXISTS, 89, 687},
	{FASTSOCK_FIELD_OFFSET, 89, 689},
	{FASTSOCK_FIELD_OFFSET, 87, 693},
	{FASTSOCK_EXISTS, 89, 694},
	{FASTSOCK_FIELD_OFFSET, 89, 696},
	{FASTSOCK_EXISTS, 90, 698},
	{FASTSOCK_FIELD_OFFSET, 91, 700},
	{FASTSOCK_EXISTS, 90, 702},
	{FASTSOCK_FIELD_OFFSET, 91, 704},
	{FASTSOCK_FIELD_OFFSET, 92, 706},
	{FASTSOCK_FIELD_OFFSET, 92, 710},
};

static const uint64_t fastsock_files_instructions[] = {
	0x00000000000018bf, /*   0 */
	0x0000000000008179, /*   1  offset of bpf_iter__task_file.meta */
	0x0000000000088779, /*   2  offset of bpf_iter__task_file.task */
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
	0x0000000002680915, /*  21 */
	0x0000000002670715, /*  22 */
	0x00000000000091bf, /*  23 */
	0x000000a200000085, /*  24 */
	0x00000000000003bf, /*  25 */
	0x00000000000b0355, /*  26 */
	0x0000000e00000118, /*  27  constant probe_reads */
	0x0000000000000000, /*  28 */
	0x0000000002600115, /*  29 */
	0x00000000000001b7, /*  30 */
	0x00000000fff81a7b, /*  31 */
	0x00000000fff01a7b, /*  32 */
	0x0000000000109179, /*  33  offset of file.f_inode */
	0x0000000000081179, /*  34  offset of inode.i_sb */
	0x0000000000001179, /*  35  offset of super_block.s_magic */
	0x0904193401800115, /*  36 */
	0x0000000002580005, /*  37 */
	0x00000000ff707a7b, /*  38 */
	0x0000000000009679, /*  39  offset of file.f_op */
	0x0000000000108761, /*  40  offset of bpf_iter__task_file.fd */
	0x00000000000071bf, /*  41 */
	0x0000000100000157, /*  42 */
	0x0000000000e00155, /*  43 */
	0x0000000000000118, /*  44  is there bpf_rdonly_cast */
	0x0000000000000000, /*  45 */
	0x0000000000dd0115, /*  46 */
	0x00000000ff70a179, /*  47 */
	0x0000002500000218, /*  48  number of struct task_struct */
	0x0000000000000000, /*  49 */
	0x00000000ff683a7b, /*  50 */
	0xffffffff00001085, /*  51  call bpf_rdonly_cast */
	0x00000000ff68a379, /*  52 */
	0x0000000000180179, /*  53  offset of task_struct.files */
	0x0000000000001179, /*  54  offset of files_struct.fdt */
	0x0000000000081479, /*  55  offset of fdtable.fd */
	0x00000000000072bf, /*  56 */
	0x0000000800000207, /*  57 */
	0x0000002000000267, /*  58 */
	0x0000002000000277, /*  59 */
	0x0000000000001161, /*  60  offset of fdtable.max_fds */
	0x0000000000ce122d, /*  61 */
	0x00000000ff606a7b, /*  62 */
	0x00000008000002b7, /*  63  offset of fdtable.fd */
	0x00000000000073bf, /*  64 */
	0x0000000600000307, /*  65 */
	0x0000002000000367, /*  66 */
	0x0000002000000377, /*  67 */
	0x0000000300000367, /*  68 */
	0x00000000ff584a7b, /*  69 */
	0x00000000000041bf, /*  70 */
	0x000000000000310f, /*  71 */
	0x0000002000000267, /*  72 */
	0x0000002000000277, /*  73 */
	0x000000000000211f, /*  74 */
	0x0000002c00000218, /*  75  number of struct fdtable */
	0x0000000000000000, /*  76 */
	0xffffffff00001085, /*  77  call bpf_rdonly_cast */
	0x0000000000080179, /*  78  offset of fdtable.fd */
	0x0000000f00000218, /*  79  number of struct file */
	0x0000000000000000, /*  80 */
	0xffffffff00001085, /*  81  call bpf_rdonly_cast */
	0x0000000000000179, /*  82  offset of file.f_op */
	0x00000001000006b7, /*  83  is there file.f_ref */
	0x0000000000010615, /*  84 */
	0x0000000000200179, /*  85  offset of file.f_ref.refcnt.counter */
	0x00000000000072bf, /*  86 */
	0x0000000700000207, /*  87 */
	0x0000002000000267, /*  88 */
	0x0000002000000277, /*  89 */
	0x0000000300000267, /*  90 */
	0x00000000ff58a179, /*  91 */
	0x000000000000210f, /*  92 */
	0x00000008000002b7, /*  93  offset of fdtable.fd */
	0x000000000000211f, /*  94 */
	0x0000002c00000218, /*  95  number of struct fdtable */
	0x0000000000000000, /*  96 */
	0xffffffff00001085, /*  97  call bpf_rdonly_cast */
	0x0000000000080179, /*  98  offset of fdtable.fd */
	0x0000000f00000218, /*  99  number of struct file */
	0x0000000000000000, /* 100 */
	0xffffffff00001085, /* 101  call bpf_rdonly_cast */
	0x0000000000000179, /* 102  offset of file.f_op */
	0x0000000000010615, /* 103 */
	0x0000000000200179, /* 104  offset of file.f_ref.refcnt.counter */
	0x00000000000072bf, /* 105 */
	0x0000000400000207, /* 106 */
	0x0000002000000267, /* 107 */
	0x0000002000000277, /* 108 */
	0x0000000300000267, /* 109 */
	0x00000000ff58a679, /* 110 */
	0x00000000000061bf, /* 111 */
	0x000000000000210f, /* 112 */
	0x00000008000002b7, /* 113  offset of fdtable.fd */
	0x000000000000211f, /* 114 */
	0x0000002c00000218, /* 115  number of struct fdtable */
	0x0000000000000000, /* 116 */
	0xffffffff00001085, /* 117  call bpf_rdonly_cast */
	0x0000000000080179, /* 118  offset of fdtable.fd */
	0x0000000f00000218, /* 119  number of struct file */
	0x0000000000000000, /* 120 */
	0xffffffff00001085, /* 121  call bpf_rdonly_cast */
	0x0000000000000179, /* 122  offset of file.f_op */
	0x00000000ff60a279, /* 123 */
	0x000000000005215d, /* 124 */
	0x0000000000080179, /* 125  offset of file.private_data */
	0x0000002e00000218, /* 126  number of struct socket */
	0x0000000000000000, /* 127 */
	0xffffffff00001085, /* 128  call bpf_rdonly_cast */
	0x0000000000000179, /* 129  offset of socket.sk */
	0x00000000000072bf, /* 130 */
	0x0000000500000207, /* 131 */
	0x0000002000000267, /* 132 */
	0x0000002000000277, /* 133 */
	0x0000000300000267, /* 134 */
	0x00000000000061bf, /* 135 */
	0x000000000000210f, /* 136 */
	0x00000008000002b7, /* 137  offset of fdtable.fd */
	0x000000000000211f, /* 138 */
	0x0000002c00000218, /* 139  number of struct fdtable */
	0x0000000000000000, /* 140 */
	0xffffffff00001085, /* 141  call bpf_rdonly_cast */
	0x0000000000080179, /* 142  offset of fdtable.fd */
	0x0000000f00000218, /* 143  number of struct file */
	0x0000000000000000, /* 144 */
	0xffffffff00001085, /* 145  call bpf_rdonly_cast */
	0x0000000000000179, /* 146  offset of file.f_op */
	0x00000000ff60a279, /* 147 */
	0x000000000005215d, /* 148 */
	0x0000000000080179, /* 149  offset of file.private_data */
	0x0000002e00000218, /* 150  number of struct socket */
	0x0000000000000000, /* 151 */
	0xffffffff00001085, /* 152  call bpf_rdonly_cast */
	0x0000000000000179, /* 153  offset of socket.sk */
	0x00000000000072bf, /* 154 */
	0x0000000200000207, /* 155 */
	0x0000002000000267, /* 156 */
	0x0000002000000277, /* 157 */
	0x0000000300000267, /* 158 */
	0x000000000000260f, /* 159 */
	0x00000008000002b7, /* 160  offset of fdtable.fd */
	0x000000000000261f, /* 161 */
	0x00000000000061bf, /* 162 */
	0x0000002c00000218, /* 163  number of struct fdtable */
	0x0000000000000000, /* 164 */
	0xffffffff00001085, /* 165  call bpf_rdonly_cast */
	0x0000000000080179, /* 166  offset of fdtable.fd */
	0x0000000f00000218, /* 167  number of struct file */
	0x0000000000000000, /* 168 */
	0xffffffff00001085, /* 169  call bpf_rdonly_cast */
	0x00000000000006bf, /* 170 */
	0x0000000000006179, /* 171  offset of file.f_op */
	0x00000000ff60a279, /* 172 */
	0x000000000025215d, /* 173 */
	0x0000000000086179, /* 174  offset of file.private_data */
	0x0000002e00000218, /* 175  number of struct socket */
	0x0000000000000000, /* 176 */
	0xffffffff00001085, /* 177  call bpf_rdonly_cast */
	0x0000000000000279, /* 178  offset of socket.sk */
	0x0000000000002179, /* 179  offset of sock.__sk_common.skc_prot */
	0x0000004d00000118, /* 180  constant port */
	0x0000000000000000, /* 181 */
	0x00000000001c0155, /* 182 */
	0x0000004e00000118, /* 183  constant states */
	0x0000000000000000, /* 184 */
	0x0000000200000157, /* 185 */
	0x0000000000180115, /* 186 */
	0x0000000000106179, /* 187  offset of file.f_inode */
	0x0000000000001179, /* 188  offset of inode.i_ino */
	0x0000000000482179, /* 189  offset of sock.__sk_common.skc_cookie.counter */
	0x0000000000702161, /* 190  offset of sock.sk_mark */
	0x0000004f00000118, /* 191  constant cgroups */
	0x0000000000000000, /* 192 */
	0x0000000000030115, /* 193 */
	0x00000001000001b7, /* 194  is there sock.sk_cgrp_data.cgroup */
	0x0000000000010115, /* 195 */
	0x0000000000882179, /* 196  offset of sock.sk_cgrp_data.cgroup */
	0x00000000000021bf, /* 197 */
	0x00000000000026bf, /* 198 */
	0x0000005000000218, /* 199  number of struct tcp_sock */
	0x0000000000000000, /* 200 */
	0xffffffff00001085, /* 201  call bpf_rdonly_cast */
	0x00000000000062bf, /* 202 */
	0x0000000000c40161, /* 203  offset of tcp_sock.copied_seq */
	0x0000000000c80161, /* 204  offset of tcp_sock.write_seq */
	0x0000000000c00161, /* 205  offset of tcp_sock.rcv_nxt */
	0x0000005400000118, /* 206  constant timers */
	0x0000000000000000, /* 207 */
	0x0000000000020115, /* 208 */
	0x0000000000682179, /* 209  offset of sock.sk_timer.expires */
	0x0000000000b90171, /* 210  offset of tcp_sock.inet_conn.icsk_pending */
	0x0000000300000707, /* 211 */
	0x0000002000000767, /* 212 */
	0x0000002000000777, /* 213 */
	0x0000000300000767, /* 214 */
	0x00000000ff58a179, /* 215 */
	0x000000000000710f, /* 216 */
	0x00000008000002b7, /* 217  offset of fdtable.fd */
	0x000000000000211f, /* 218 */
	0x0000002c00000218, /* 219  number of struct fdtable */
	0x0000000000000000, /* 220 */
	0xffffffff00001085, /* 221  call bpf_rdonly_cast */
	0x0000000000080179, /* 222  offset of fdtable.fd */
	0x0000000f00000218, /* 223  number of struct file */
	0x0000000000000000, /* 224 */
	0xffffffff00001085, /* 225  call bpf_rdonly_cast */
	0x00000000000006bf, /* 226 */
	0x0000000000006179, /* 227  offset of file.f_op */
	0x00000000ff68a379, /* 228 */
	0x00000000ff60a279, /* 229 */
	0x000000000025215d, /* 230 */
	0x0000000000086179, /* 231  offset of file.private_data */
	0x0000002e00000218, /* 232  number of struct socket */
	0x0000000000000000, /* 233 */
	0xffffffff00001085, /* 234  call bpf_rdonly_cast */
	0x00000000ff68a379, /* 235 */
	0x0000000000000779, /* 236  offset of socket.sk */
	0x0000000000007179, /* 237  offset of sock.__sk_common.skc_prot */
	0x0000004d00000118, /* 238  constant port */
	0x0000000000000000, /* 239 */
	0x00000000001b0155, /* 240 */
	0x0000004e00000118, /* 241  constant states */
	0x0000000000000000, /* 242 */
	0x0000000200000157, /* 243 */
	0x0000000000170115, /* 244 */
	0x0000000000106179, /* 245  offset of file.f_inode */
	0x0000000000001179, /* 246  offset of inode.i_ino */
	0x0000000000487179, /* 247  offset of sock.__sk_common.skc_cookie.counter */
	0x0000000000707161, /* 248  offset of sock.sk_mark */
	0x0000004f00000118, /* 249  constant cgroups */
	0x0000000000000000, /* 250 */
	0x0000000000030115, /* 251 */
	0x00000001000001b7, /* 252  is there sock.sk_cgrp_data.cgroup */
	0x0000000000010115, /* 253 */
	0x0000000000887179, /* 254  offset of sock.sk_cgrp_data.cgroup */
	0x00000000000071bf, /* 255 */
	0x0000005000000218, /* 256  number of struct tcp_sock */
	0x0000000000000000, /* 257 */
	0xffffffff00001085, /* 258  call bpf_rdonly_cast */
	0x0000000000c40161, /* 259  offset of tcp_sock.copied_seq */
	0x0000000000c80161, /* 260  offset of tcp_sock.write_seq */
	0x0000000000c00161, /* 261  offset of tcp_sock.rcv_nxt */
	0x0000005400000118, /* 262  constant timers */
	0x0000000000000000, /* 263 */
	0x00000000ff68a379, /* 264 */
	0x0000000000020115, /* 265 */
	0x0000000000687179, /* 266  offset of sock.sk_timer.expires */
	0x0000000000b90171, /* 267  offset of tcp_sock.inet_conn.icsk_pending */
	0x0000000000003679, /* 268  offset of socket.sk */
	0x00000000ff70a079, /* 269 */
	0x00000000016f0615, /* 270 */
	0x0000000000166171, /* 271  offset of sock.__sk_common.skc_state */
	0x00000000ffc91a73, /* 272 */
	0x0000003f00000157, /* 273 */
	0x0000004e00000218, /* 274  constant states */
	0x0000000000000000, /* 275 */
	0x000000000000127f, /* 276 */
	0x0000000000146169, /* 277  offset of sock.__sk_common.skc_family */
	0x0000005500000318, /* 278  constant families */
	0x0000000000000000, /* 279 */
	0x00000000000014bf, /* 280 */
	0x0000003f00000457, /* 281 */
	0x000000000000437f, /* 282 */
	0x00000000ffc41a6b, /* 283 */
	0x000000000000325f, /* 284 */
	0x00000000000003b7, /* 285  offset of sock.__sk_common */
	0x00000000000061bf, /* 286 */
	0x000000000000310f, /* 287 */
	0x0000000100000257, /* 288 */
	0x0000000000160215, /* 289 */
	0x0000004d00000218, /* 290  constant port */
	0x0000000000000000, /* 291 */
	0x0000004d00000318, /* 292  constant port */
	0x0000000000000000, /* 293 */
	0x0000ffff00000357, /* 294 */
	0x0000000000130315, /* 295 */
	0x0000005600000318, /* 296  constant ends */
	0x0000000000000000, /* 297 */
	0x0000005600000418, /* 298  constant ends */
	0x0000000000000000, /* 299 */
	0x0000000100000457, /* 300 */
	0x0000000000050415, /* 301 */
	0x0000000000121469, /* 302  offset of sock_common.skc_num */
	0x0000004d00000518, /* 303  constant port */
	0x0000000000000000, /* 304 */
	0x0000ffff00000557, /* 305 */
	0x000000000008541d, /* 306 */
	0x0000000200000357, /* 307 */
	0x0000000000030315, /* 308 */
	0x0000000000101369, /* 309  offset of sock_common.skc_dport */
	0x00000010000002dc, /* 310 */
	0x000000000003231d, /* 311 */
	0x0000000000001179, /* 312  offset of sock_common.skc_prot */
	0x0000000000001179, /* 313  offset of proto.twsk_prot */
	0x0000000001430155, /* 314 */
	0x0000000000109179, /* 315  offset of file.f_inode */
	0x0000000000001179, /* 316  offset of inode.i_ino */
	0x00000000ff801a7b, /* 317 */
	0x0000000000108161, /* 318  offset of bpf_iter__task_file.fd */
	0x00000000ffa01a63, /* 319 */
	0x0000000000040761, /* 320  offset of task_struct.tgid */
	0x00000000ff987a63, /* 321 */
	0x0000000000000161, /* 322  offset of task_struct.pid */
	0x00000000ff9c1a63, /* 323 */
	0x000000000002711d, /* 324 */
	0x00000002000001b7, /* 325 */
	0x00000000ffcc1a63, /* 326 */
	0x0000005a00000118, /* 327  constant pid_namespace */
	0x0000000000000000, /* 328 */
	0x00000000002e0115, /* 329 */
	0x0000009e00000085, /* 330 */
	0x0000000000080179, /* 331  offset of task_struct.thread_pid */
	0x0000000000001861, /* 332  offset of pid.level */
	0x00000000002a0815, /* 333 */
	0x00000004000001b7, /* 334  size of struct upid */
	0x000000000000812f, /* 335 */
	0x00000000ff70a279, /* 336 */
	0x0000000000082379, /* 337  offset of task_struct.thread_pid */
	0x00000000000007b7, /* 338 */
	0x00000000fff07a63, /* 339 */
	0x00000000000002b7, /* 340 */
	0x00000000000f0315, /* 341 */
	0x0000000000003461, /* 342  offset of pid.level */
	0x00000000000002b7, /* 343 */
	0x00000000000c84ad, /* 344 */
	0x00000004000002b7, /* 345  offset of pid.numbers */
	0x000000000000230f, /* 346 */
	0x0000002000000167, /* 347 */
	0x0000002000000177, /* 348 */
	0x000000000000130f, /* 349 */
	0x000000000000a1bf, /* 350 */
	0xfffffff000000107, /* 351 */
	0x00000004000002b7, /* 352 */
	0x0000007100000085, /* 353 */
	0x00000004000001b7, /* 354  size of struct upid */
	0x000000000000812f, /* 355 */
	0x00000000fff0a261, /* 356 */
	0x00000000ff9c2a63, /* 357 */
	0x00000000ff70a279, /* 358 */
	0x0000000000102279, /* 359  offset of task_struct.signal */
	0x0000000000082379, /* 360  offset of signal_struct.pids[1] */
	0x00000000fff07a63, /* 361 */
	0x00000000000c0315, /* 362 */
	0x0000000000003261, /* 363  offset of pid.level */
	0x00000000000a82ad, /* 364 */
	0x00000004000002b7, /* 365  offset of pid.numbers */
	0x000000000000230f, /* 366 */
	0x0000002000000167, /* 367 */
	0x0000002000000177, /* 368 */
	0x000000000000130f, /* 369 */
	0x000000000000a1bf, /* 370 */
	0xfffffff000000107, /* 371 */
	0x00000004000002b7, /* 372 */
	0x0000007100000085, /* 373 */
	0x00000000fff0a761, /* 374 */
	0x00000000ff987a63, /* 375 */
	0x0000002000000767, /* 376 */
	0x0000002000000777, /* 377 */
	0x0000000001030715, /* 378 */
	0x00000000000001b7, /* 379  offset of sock.__sk_common */
	0x00000000000067bf, /* 380 */
	0x000000000000170f, /* 381 */
	0x0000000000207179, /* 382  offset of sock_common.skc_net.net */
	0x0000000000001161, /* 383  offset of net.ns.inum */
	0x00000000ffa41a63, /* 384 */
	0x0000004f00000118, /* 385  constant cgroups */
	0x0000000000000000, /* 386 */
	0x0000000000060115, /* 387 */
	0x00000001000001b7, /* 388  is there sock.sk_cgrp_data.cgroup */
	0x0000000000040115, /* 389 */
	0x0000000000886179, /* 390  offset of sock.sk_cgrp_data.cgroup */
	0x0000000000001179, /* 391  offset of cgroup.kn */
	0x0000000000001179, /* 392  offset of kernfs_node.id */
	0x00000000ff901a7b, /* 393 */
	0x0000000000487179, /* 394  offset of sock_common.skc_cookie.counter */
	0x00000000ff881a7b, /* 395 */
	0x0000000000060155, /* 396 */
	0x0000000100000118, /* 397  is there bpf_func_id.BPF_FUNC_check_mtu */
	0x0000000000000000, /* 398 */
	0x0000000000030115, /* 399 */
	0x00000000000061bf, /* 400 */
	0x0000002e00000085, /* 401 */
	0x00000000ff880a7b, /* 402 */
	0x0000000000187161, /* 403  offset of sock_common.skc_bound_dev_if */
	0x00000000ffb41a63, /* 404 */
	0x0000000000706161, /* 405  offset of sock.sk_mark */
	0x00000000ffb81a63, /* 406 */
	0x0000000000746161, /* 407  offset of sock.sk_uid.val */
	0x00000000ffa81a63, /* 408 */
	0x0000000000786169, /* 409  offset of sock.sk_protocol */
	0x00000000ffc61a6b, /* 410 */
	0x00000000007a6169, /* 411  offset of sock.sk_type */
	0x00000000ffc81a73, /* 412 */
	0x00000000ffc4a169, /* 413 */
	0x0000000a00270115, /* 414 */
	0x0000000200880155, /* 415 */
	0x00000000000c7161, /* 416  offset of sock_common.skc_rcv_saddr */
	0x00000000ffd01a63, /* 417 */
	0x0000000000087161, /* 418  offset of sock_common.skc_daddr */
	0x00000000ffe01a63, /* 419 */
	0x00000000007d0005, /* 420 */
	0x0000000000189179, /* 421  offset of file.f_path.dentry */
	0x0000000000001379, /* 422  offset of dentry.d_name.name */
	0x000000000000a1bf, /* 423 */
	0xfffffff000000107, /* 424 */
	0x0000000b000002b7, /* 425 */
	0x0000007100000085, /* 426 */
	0x00000000fff0a179, /* 427 */
	0x5f6f695b00000218, /* 428 */
	0x6e69727500000000, /* 429 */
	0x0000000000cf215d, /* 430 */
	0x00000000fff8a179, /* 431 */
	0x00005d6700cd0155, /* 432 */
	0x0000000000108161, /* 433  offset of bpf_iter__task_file.fd */
	0x00000008000002b7, /* 434 */
	0x00000000ffcc2a63, /* 435 */
	0x00000000ffa01a63, /* 436 */
	0x0000000000047661, /* 437  offset of task_struct.tgid */
	0x00000000ff986a63, /* 438 */
	0x0000000000007161, /* 439  offset of task_struct.pid */
	0x00000000ff9c1a63, /* 440 */
	0x000000000002611d, /* 441 */
	0x0000000a000001b7, /* 442 */
	0x00000000ffcc1a63, /* 443 */
	0x0000005a00000118, /* 444  constant pid_namespace */
	0x0000000000000000, /* 445 */
	0x00000000004e0115, /* 446 */
	0x00000000000078bf, /* 447 */
	0x0000009e00000085, /* 448 */
	0x0000000000080179, /* 449  offset of task_struct.thread_pid */
	0x0000000000001761, /* 450  offset of pid.level */
	0x0000000000210755, /* 451 */
	0x00000000ff98a661, /* 452 */
	0x0000000000470005, /* 453 */
	0x0000000000387161, /* 454  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[0] */
	0x00000000ffd01a63, /* 455 */
	0x00000000003c7161, /* 456  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[1] */
	0x00000000ffd41a63, /* 457 */
	0x0000000000407161, /* 458  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[2] */
	0x00000000ffd81a63, /* 459 */
	0x0000000000447161, /* 460  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[3] */
	0x00000000ffdc1a63, /* 461 */
	0x0000000000287161, /* 462  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[0] */
	0x00000000ffe01a63, /* 463 */
	0x00000000002c7161, /* 464  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[1] */
	0x00000000ffe41a63, /* 465 */
	0x0000000000307161, /* 466  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[2] */
	0x00000000ffe81a63, /* 467 */
	0x0000000000347161, /* 468  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[3] */
	0x00000000ffec1a63, /* 469 */
	0x00000010000001b7, /* 470  offset of sock_common.skc_ipv6only */
	0x00000000000072bf, /* 471 */
	0x000000000000120f, /* 472 */
	0x00000008000003b7, /* 473  size of sock_common.skc_ipv6only */
	0x0000000300050365, /* 474 */
	0x0000000100380315, /* 475 */
	0x0000000200010315, /* 476 */
	0x0000000000390005, /* 477 */
	0x0000000000002169, /* 478 */
	0x0000000000370005, /* 479 */
	0x0000000400350315, /* 480 */
	0x0000000800010315, /* 481 */
	0x0000000000340005, /* 482 */
	0x0000000000002179, /* 483 */
	0x0000000000320005, /* 484 */
	0x00000004000001b7, /* 485  size of struct upid */
	0x000000000000712f, /* 486 */
	0x0000000000088379, /* 487  offset of task_struct.thread_pid */
	0x00000000000006b7, /* 488 */
	0x00000000fff06a63, /* 489 */
	0x00000000000002b7, /* 490 */
	0x00000000000f0315, /* 491 */
	0x0000000000003461, /* 492  offset of pid.level */
	0x00000000000002b7, /* 493 */
	0x00000000000c74ad, /* 494 */
	0x00000004000002b7, /* 495  offset of pid.numbers */
	0x000000000000230f, /* 496 */
	0x0000002000000167, /* 497 */
	0x0000002000000177, /* 498 */
	0x000000000000130f, /* 499 */
	0x000000000000a1bf, /* 500 */
	0xfffffff000000107, /* 501 */
	0x00000004000002b7, /* 502 */
	0x0000007100000085, /* 503 */
	0x00000004000001b7, /* 504  size of struct upid */
	0x000000000000712f, /* 505 */
	0x00000000fff0a261, /* 506 */
	0x00000000ff9c2a63, /* 507 */
	0x0000000000108279, /* 508  offset of task_struct.signal */
	0x0000000000082379, /* 509  offset of signal_struct.pids[1] */
	0x00000000fff06a63, /* 510 */
	0x00000000000c0315, /* 511 */
	0x0000000000003261, /* 512  offset of pid.level */
	0x00000000000a72ad, /* 513 */
	0x00000004000002b7, /* 514  offset of pid.numbers */
	0x000000000000230f, /* 515 */
	0x0000002000000167, /* 516 */
	0x0000002000000177, /* 517 */
	0x000000000000130f, /* 518 */
	0x000000000000a1bf, /* 519 */
	0xfffffff000000107, /* 520 */
	0x00000004000002b7, /* 521 */
	0x0000007100000085, /* 522 */
	0x00000000fff0a661, /* 523 */
	0x00000000ff986a63, /* 524 */
	0x0000002000000667, /* 525 */
	0x0000002000000677, /* 526 */
	0x00000000006e0615, /* 527 */
	0x000000000000a2bf, /* 528 */
	0xffffff8000000207, /* 529 */
	0x00000000ff78a179, /* 530 */
	0x0000000000680005, /* 531 */
	0x0000000000002171, /* 532 */
	0x0000000000010005, /* 533 */
	0x0000000000002161, /* 534 */
	0x0000000700000167, /* 535  bits above sock_common.skc_ipv6only */
	0x00000000000002b7, /* 536  is signed: sock_common.skc_ipv6only */
	0x0000000000030215, /* 537 */
	0x0000003f000001c7, /* 538  bits above and below sock_common.skc_ipv6only */
	0x0000000000060115, /* 539 */
	0x0000000000020005, /* 540 */
	0x0000003f00000177, /* 541  bits above and below sock_common.skc_ipv6only */
	0x0000000000030115, /* 542 */
	0x00000000ffcca161, /* 543 */
	0x0000000100000147, /* 544 */
	0x00000000ffcc1a63, /* 545 */
	0x0000000000127169, /* 546  offset of sock_common.skc_num */
	0x00000000ffc01a6b, /* 547 */
	0x0000000000107169, /* 548  offset of sock_common.skc_dport */
	0x00000010000001dc, /* 549 */
	0x00000000ffc21a6b, /* 550 */
	0x00000000ffc4a169, /* 551 */
	0x0000ffff00000157, /* 552 */
	0x0000000100170155, /* 553 */
	0x00000001000001b7, /* 554 */
	0x00000000fff01a63, /* 555 */
	0x0000000e00000218, /* 556  constant probe_reads */
	0x0000000000000000, /* 557 */
	0x00000000ff78a779, /* 558 */
	0x00000000000a0215, /* 559 */
	0x00000001000002b7, /* 560  is there unix_sock.scm_stat.nr_fds */
	0x0000000000080215, /* 561 */
	0x00000000000001b7, /* 562  offset of unix_sock.scm_stat.nr_fds */
	0x00000000000063bf, /* 563 */
	0x000000000000130f, /* 564 */
	0x000000000000a1bf, /* 565 */
	0xfffffff000000107, /* 566 */
	0x00000004000002b7, /* 567 */
	0x0000007100000085, /* 568 */
	0x00000000fff0a161, /* 569 */
	0x00000000ffbc1a63, /* 570 */
	0x0000000000506161, /* 571  offset of sock.sk_receive_queue.qlen */
	0x00000000ffac1a63, /* 572 */
	0x00000000ffc9a271, /* 573 */
	0x0000000a00310255, /* 574 */
	0x0000000000806161, /* 575  offset of sock.sk_max_ack_backlog */
	0x0000000000160005, /* 576 */
	0x00000000ffc6a169, /* 577 */
	0x00000000ff78a779, /* 578 */
	0x0000001100150115, /* 579 */
	0x00000006000e0155, /* 580 */
	0x00000000ffc8a171, /* 581 */
	0x00000001000c0155, /* 582 */
	0x00000000000061bf, /* 583 */
	0x0000008900000085, /* 584 */
	0x00000000002f0015, /* 585 */
	0x00000000ffc9a171, /* 586 */
	0x0000000a00340155, /* 587 */
	0x00000000007c6161, /* 588  offset of sock.sk_ack_backlog */
	0x00000000ffac1a63, /* 589 */
	0x0000000000806161, /* 590  offset of sock.sk_max_ack_backlog */
	0x00000000ffb01a63, /* 591 */
	0x0000000000bc0161, /* 592  offset of tcp_sock.inet_conn.icsk_accept_queue.qlen.counter */
	0x00000000ffbc1a63, /* 593 */
	0x0000000000260005, /* 594 */
	0x0000000000546161, /* 595  offset of sock.sk_backlog.rmem_alloc.counter */
	0x00000000ffac1a63, /* 596 */
	0x0000000000586161, /* 597  offset of sock.sk_wmem_alloc.refs.counter */
	0xffffffff00000107, /* 598 */
	0x00000000ffb01a63, /* 599 */
	0x0000000000200005, /* 600 */
	0x00000000000001b7, /* 601 */
	0x00000000fff01a63, /* 602 */
	0x0000000000586161, /* 603  offset of sock.sk_wmem_alloc.refs.counter */
	0xffffffff00000107, /* 604 */
	0x00000000ffb01a63, /* 605 */
	0x0000000000546161, /* 606  offset of sock.sk_backlog.rmem_alloc.counter */
	0x00000000ffac1a63, /* 607 */
	0x0000000000180115, /* 608 */
	0x0000000e00000118, /* 609  constant probe_reads */
	0x0000000000000000, /* 610 */
	0x0000000000120115, /* 611 */
	0x00000000000001b7, /* 612  offset of udp_sock.forward_deficit */
	0x000000000000160f, /* 613 */
	0x000000000000a1bf, /* 614 */
	0xfffffff000000107, /* 615 */
	0x00000004000002b7, /* 616 */
	0x00000000000063bf, /* 617 */
	0x0000007100000085, /* 618 */
	0x00000000fff0a161, /* 619 */
	0x00000000ffaca261, /* 620 */
	0x000000000000121f, /* 621 */
	0x00000000ffac2a63, /* 622 */
	0x0000000000090005, /* 623 */
	0x0000000000586261, /* 624  offset of sock.sk_wmem_alloc.refs.counter */
	0xffffffff00000207, /* 625 */
	0x00000000ffb02a63, /* 626 */
	0x0000002000000167, /* 627 */
	0x0000002000000177, /* 628 */
	0x0000000000030115, /* 629 */
	0x00000000ffcca161, /* 630 */
	0x0000000400000147, /* 631 */
	0x00000000ffcc1a63, /* 632 */
	0x000000000000a2bf, /* 633 */
	0xffffff8000000207, /* 634 */
	0x00000000000071bf, /* 635 */
	0x00000070000003b7, /* 636 */
	0x0000007f00000085, /* 637 */
	0x00000000000000b7, /* 638 */
	0x0000000000000095, /* 639 */
	0x0000000000c40261, /* 640  offset of tcp_sock.copied_seq */
	0x0000000000c00161, /* 641  offset of tcp_sock.rcv_nxt */
	0x000000000000211f, /* 642 */
	0x00000000000012bf, /* 643 */
	0x0000002000000267, /* 644 */
	0x00000020000002c7, /* 645 */
	0x0000000000010265, /* 646 */
	0x00000000000001b7, /* 647 */
	0x00000000ffac1a63, /* 648 */
	0x0000000000cc0161, /* 649  offset of tcp_sock.snd_una */
	0x0000000000c80261, /* 650  offset of tcp_sock.write_seq */
	0x000000000000121f, /* 651 */
	0x00000000ffb02a63, /* 652 */
	0x0000005400000118, /* 653  constant timers */
	0x0000000000000000, /* 654 */
	0x00000000ffe90115, /* 655 */
	0x00000000000001b7, /* 656  offset of tcp_sock.inet_conn */
	0x000000000000100f, /* 657 */
	0x0000000000b90371, /* 658  offset of inet_connection_sock.icsk_pending */
	0x00000001000001b7, /* 659  is there inet_connection_sock.icsk_keepalive_timer */
	0x0000000000060115, /* 660 */
	0x00000000000002b7, /* 661 */
	0x0000000000b00679, /* 662  offset of inet_connection_sock.icsk_keepalive_timer.expires */
	0x0000000000a80479, /* 663  offset of inet_connection_sock.icsk_keepalive_timer.entry.pprev */
	0x00000000000001b7, /* 664 */
	0x00000000000e0415, /* 665 */
	0x0000000000080005, /* 666 */
	0x00000000000001b7, /* 667  offset of inet_connection_sock.icsk_inet.sk */
	0x00000000000004bf, /* 668 */
	0x000000000000140f, /* 669 */
	0x00000000000002b7, /* 670 */
	0x0000000000684679, /* 671  offset of sock.sk_timer.expires */
	0x0000000000604479, /* 672  offset of sock.sk_timer.entry.pprev */
	0x00000000000001b7, /* 673 */
	0x0000000000050415, /* 674 */
	0x000000ba000002b7, /* 675  offset of inet_connection_sock.icsk_probes_out */
	0x00000000000001bf, /* 676 */
	0x000000000000210f, /* 677 */
	0x00000002000002b7, /* 678 */
	0x0000000000001171, /* 679 */
	0x00000000000034bf, /* 680 */
	0x0000003f00000457, /* 681 */
	0x00000062000005b7, /* 682 */
	0x000000000000457f, /* 683 */
	0x0000000100000557, /* 684 */
	0x0000000000050515, /* 685 */
	0x0000000000b80171, /* 686  offset of inet_connection_sock.icsk_retransmits */
	0x00000001000002b7, /* 687  is there inet_connection_sock.icsk_timeout */
	0x0000000000090215, /* 688 */
	0x00000090000002b7, /* 689  offset of inet_connection_sock.icsk_timeout */
	0x0000000000100005, /* 690 */
	0x000000ff00000357, /* 691 */
	0x0000000300150355, /* 692 */
	0x0000000000ba0171, /* 693  offset of inet_connection_sock.icsk_probes_out */
	0x00000001000002b7, /* 694  is there inet_connection_sock.icsk_timeout */
	0x0000000000060215, /* 695 */
	0x00000090000002b7, /* 696  offset of inet_connection_sock.icsk_timeout */
	0x00000000000d0005, /* 697 */
	0x00000001000002b7, /* 698  is there inet_connection_sock.icsk_retransmit_timer */
	0x0000000000060215, /* 699 */
	0x000000a0000002b7, /* 700  offset of inet_connection_sock.icsk_retransmit_timer.expires */
	0x0000000000050005, /* 701 */
	0x00000001000002b7, /* 702  is there inet_connection_sock.icsk_retransmit_timer */
	0x0000000000060215, /* 703 */
	0x000000a0000002b7, /* 704  offset of inet_connection_sock.icsk_retransmit_timer.expires */
	0x0000000000050005, /* 705 */
	0x00000068000002b7, /* 706  offset of inet_connection_sock.icsk_inet.sk.sk_timer.expires */
	0x000000000000200f, /* 707 */
	0x00000001000002b7, /* 708 */
	0x0000000000030005, /* 709 */
	0x00000068000002b7, /* 710  offset of inet_connection_sock.icsk_inet.sk.sk_timer.expires */
	0x000000000000200f, /* 711 */
	0x00000004000002b7, /* 712 */
	0x0000000000000679, /* 713 */
	0x00000000ffcb1a73, /* 714 */
	0x00000000ffca2a73, /* 715 */
	0x0000007600000085, /* 716 */
	0x000000000000061f, /* 717 */
	0x00000000ffbc6a63, /* 718 */
	0x00000000ffa90005, /* 719 */
};

const struct fastsock_program fastsock_files = {
	.name = "fastsock_files",
	.roots = fastsock_files_roots,
	.fields = fastsock_files_fields,
	.relocations = fastsock_files_relocations,
	.instructions = fastsock_files_instructions,
	.root_count = 26,
	.field_count = 93,
	.relocation_count = 237,
	.instruction_count = 720,
};
_Static_assert(26 <= FASTSOCK_MAX_ROOTS, "26 are more roots than loader.c has room for");
_Static_assert(93 <= FASTSOCK_MAX_FIELDS, "93 are more fields than loader.c has room for");
_Static_assert(237 <= FASTSOCK_MAX_RELOCATIONS, "237 are more relocations than loader.c has room for");
_Static_assert(720 <= FASTSOCK_MAX_INSTRUCTIONS, "720 are more instructions than loader.c has room for");
