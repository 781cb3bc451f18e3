/* Made by generate.py with clang 14; not to be edited. The sources' SHA-256:
 * 56457b9569becf655f740b6beaccb7dfa5609bf93af665235785502777b01ba6  sockets.bpf.c
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
	{FASTSOCK_FIELD_OFFSET, 8, 41},
	{FASTSOCK_EXISTS, 9, 42},
	{FASTSOCK_TYPE_ID, 10, 46},
	{FASTSOCK_CALL, 9, 48},
	{FASTSOCK_FIELD_OFFSET, 11, 49},
	{FASTSOCK_FIELD_OFFSET, 12, 50},
	{FASTSOCK_FIELD_OFFSET, 13, 51},
	{FASTSOCK_FIELD_OFFSET, 14, 56},
	{FASTSOCK_FIELD_OFFSET, 13, 59},
	{FASTSOCK_TYPE_ID, 15, 67},
	{FASTSOCK_CALL, 9, 69},
	{FASTSOCK_FIELD_OFFSET, 13, 70},
	{FASTSOCK_TYPE_ID, 16, 71},
	{FASTSOCK_CALL, 9, 73},
	{FASTSOCK_FIELD_OFFSET, 7, 74},
	{FASTSOCK_EXISTS, 17, 75},
	{FASTSOCK_FIELD_OFFSET, 18, 77},
	{FASTSOCK_FIELD_OFFSET, 13, 85},
	{FASTSOCK_TYPE_ID, 15, 87},
	{FASTSOCK_CALL, 9, 89},
	{FASTSOCK_FIELD_OFFSET, 13, 90},
	{FASTSOCK_TYPE_ID, 16, 91},
	{FASTSOCK_CALL, 9, 93},
	{FASTSOCK_FIELD_OFFSET, 7, 94},
	{FASTSOCK_FIELD_OFFSET, 19, 97},
	{FASTSOCK_TYPE_ID, 20, 98},
	{FASTSOCK_CALL, 9, 100},
	{FASTSOCK_FIELD_OFFSET, 21, 101},
	{FASTSOCK_FIELD_OFFSET, 13, 107},
	{FASTSOCK_TYPE_ID, 15, 110},
	{FASTSOCK_CALL, 9, 112},
	{FASTSOCK_FIELD_OFFSET, 13, 113},
	{FASTSOCK_TYPE_ID, 16, 114},
	{FASTSOCK_CALL, 9, 116},
	{FASTSOCK_FIELD_OFFSET, 7, 118},
	{FASTSOCK_FIELD_OFFSET, 19, 122},
	{FASTSOCK_TYPE_ID, 20, 123},
	{FASTSOCK_CALL, 9, 125},
	{FASTSOCK_FIELD_OFFSET, 21, 126},
	{FASTSOCK_FIELD_OFFSET, 22, 127},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(port), 128},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(states), 131},
	{FASTSOCK_FIELD_OFFSET, 4, 135},
	{FASTSOCK_FIELD_OFFSET, 23, 136},
	{FASTSOCK_FIELD_OFFSET, 24, 137},
	{FASTSOCK_FIELD_OFFSET, 25, 138},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(cgroups), 139},
	{FASTSOCK_EXISTS, 26, 142},
	{FASTSOCK_FIELD_OFFSET, 26, 144},
	{FASTSOCK_TYPE_ID, 27, 147},
	{FASTSOCK_CALL, 9, 149},
	{FASTSOCK_FIELD_OFFSET, 28, 151},
	{FASTSOCK_FIELD_OFFSET, 29, 152},
	{FASTSOCK_FIELD_OFFSET, 30, 153},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(timers), 154},
	{FASTSOCK_FIELD_OFFSET, 31, 157},
	{FASTSOCK_FIELD_OFFSET, 32, 158},
	{FASTSOCK_FIELD_OFFSET, 21, 159},
	{FASTSOCK_FIELD_OFFSET, 33, 162},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(states), 165},
	{FASTSOCK_FIELD_OFFSET, 34, 168},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(families), 169},
	{FASTSOCK_FIELD_OFFSET, 35, 176},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(port), 181},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(port), 183},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(ends), 187},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(ends), 189},
	{FASTSOCK_FIELD_OFFSET, 36, 193},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(port), 194},
	{FASTSOCK_FIELD_OFFSET, 37, 200},
	{FASTSOCK_FIELD_OFFSET, 38, 203},
	{FASTSOCK_FIELD_OFFSET, 39, 204},
	{FASTSOCK_FIELD_OFFSET, 4, 206},
	{FASTSOCK_FIELD_OFFSET, 23, 207},
	{FASTSOCK_FIELD_OFFSET, 8, 209},
	{FASTSOCK_FIELD_OFFSET, 40, 211},
	{FASTSOCK_FIELD_OFFSET, 41, 213},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(pid_namespace), 218},
	{FASTSOCK_FIELD_OFFSET, 42, 222},
	{FASTSOCK_FIELD_OFFSET, 43, 224},
	{FASTSOCK_TYPE_SIZE, 44, 226},
	{FASTSOCK_FIELD_OFFSET, 42, 228},
	{FASTSOCK_FIELD_OFFSET, 43, 233},
	{FASTSOCK_FIELD_OFFSET, 45, 236},
	{FASTSOCK_TYPE_SIZE, 44, 246},
	{FASTSOCK_FIELD_OFFSET, 46, 250},
	{FASTSOCK_FIELD_OFFSET, 47, 251},
	{FASTSOCK_FIELD_OFFSET, 43, 254},
	{FASTSOCK_FIELD_OFFSET, 45, 256},
	{FASTSOCK_FIELD_OFFSET, 35, 271},
	{FASTSOCK_FIELD_OFFSET, 48, 274},
	{FASTSOCK_FIELD_OFFSET, 49, 275},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(cgroups), 277},
	{FASTSOCK_EXISTS, 26, 280},
	{FASTSOCK_FIELD_OFFSET, 26, 282},
	{FASTSOCK_FIELD_OFFSET, 50, 283},
	{FASTSOCK_FIELD_OFFSET, 51, 284},
	{FASTSOCK_FIELD_OFFSET, 52, 286},
	{FASTSOCK_EXISTS, 53, 289},
	{FASTSOCK_FIELD_OFFSET, 54, 295},
	{FASTSOCK_FIELD_OFFSET, 25, 297},
	{FASTSOCK_FIELD_OFFSET, 55, 299},
	{FASTSOCK_FIELD_OFFSET, 56, 301},
	{FASTSOCK_FIELD_OFFSET, 57, 303},
	{FASTSOCK_FIELD_OFFSET, 58, 308},
	{FASTSOCK_FIELD_OFFSET, 59, 310},
	{FASTSOCK_FIELD_OFFSET, 60, 313},
	{FASTSOCK_FIELD_OFFSET, 61, 314},
	{FASTSOCK_FIELD_OFFSET, 8, 326},
	{FASTSOCK_FIELD_OFFSET, 40, 330},
	{FASTSOCK_FIELD_OFFSET, 41, 332},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(pid_namespace), 337},
	{FASTSOCK_FIELD_OFFSET, 42, 342},
	{FASTSOCK_FIELD_OFFSET, 43, 343},
	{FASTSOCK_FIELD_OFFSET, 62, 347},
	{FASTSOCK_FIELD_OFFSET, 63, 349},
	{FASTSOCK_FIELD_OFFSET, 64, 351},
	{FASTSOCK_FIELD_OFFSET, 65, 353},
	{FASTSOCK_FIELD_OFFSET, 66, 355},
	{FASTSOCK_FIELD_OFFSET, 67, 357},
	{FASTSOCK_FIELD_OFFSET, 68, 359},
	{FASTSOCK_FIELD_OFFSET, 69, 361},
	{FASTSOCK_FIELD_OFFSET, 70, 363},
	{FASTSOCK_FIELD_SIZE, 70, 366},
	{FASTSOCK_TYPE_SIZE, 44, 378},
	{FASTSOCK_FIELD_OFFSET, 42, 381},
	{FASTSOCK_FIELD_OFFSET, 43, 386},
	{FASTSOCK_FIELD_OFFSET, 45, 389},
	{FASTSOCK_TYPE_SIZE, 44, 399},
	{FASTSOCK_FIELD_OFFSET, 46, 403},
	{FASTSOCK_FIELD_OFFSET, 47, 404},
	{FASTSOCK_FIELD_OFFSET, 43, 407},
	{FASTSOCK_FIELD_OFFSET, 45, 409},
	{FASTSOCK_LEFT_SHIFT, 70, 428},
	{FASTSOCK_FIELD_SIGNED, 70, 429},
	{FASTSOCK_RIGHT_SHIFT, 70, 431},
	{FASTSOCK_RIGHT_SHIFT, 70, 434},
	{FASTSOCK_FIELD_OFFSET, 36, 439},
	{FASTSOCK_FIELD_OFFSET, 37, 441},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(probe_reads), 449},
	{FASTSOCK_EXISTS, 71, 452},
	{FASTSOCK_FIELD_OFFSET, 71, 454},
	{FASTSOCK_FIELD_OFFSET, 72, 463},
	{FASTSOCK_FIELD_OFFSET, 73, 467},
	{FASTSOCK_FIELD_OFFSET, 74, 479},
	{FASTSOCK_FIELD_OFFSET, 73, 481},
	{FASTSOCK_FIELD_OFFSET, 75, 483},
	{FASTSOCK_FIELD_OFFSET, 76, 486},
	{FASTSOCK_FIELD_OFFSET, 77, 488},
	{FASTSOCK_FIELD_OFFSET, 77, 494},
	{FASTSOCK_FIELD_OFFSET, 76, 497},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(probe_reads), 500},
	{FASTSOCK_FIELD_OFFSET, 78, 503},
	{FASTSOCK_FIELD_OFFSET, 77, 515},
	{FASTSOCK_FIELD_OFFSET, 28, 531},
	{FASTSOCK_FIELD_OFFSET, 30, 532},
	{FASTSOCK_FIELD_OFFSET, 79, 540},
	{FASTSOCK_FIELD_OFFSET, 29, 541},
	{FASTSOCK_CONSTANT, FASTSOCK_CONSTANT_INDEX(timers), 544},
	{FASTSOCK_FIELD_OFFSET, 80, 547},
	{FASTSOCK_FIELD_OFFSET, 81, 549},
	{FASTSOCK_EXISTS, 82, 550},
	{FASTSOCK_FIELD_OFFSET, 83, 553},
	{FASTSOCK_FIELD_OFFSET, 84, 554},
	{FASTSOCK_FIELD_OFFSET, 85, 558},
	{FASTSOCK_FIELD_OFFSET, 31, 562},
	{FASTSOCK_FIELD_OFFSET, 86, 563},
	{FASTSOCK_FIELD_OFFSET, 87, 566},
	{FASTSOCK_FIELD_OFFSET, 88, 577},
	{FASTSOCK_EXISTS, 89, 578},
	{FASTSOCK_FIELD_OFFSET, 89, 580},
	{FASTSOCK_FIELD_OFFSET, 87, 584},
	{FASTSOCK_EXISTS, 89, 585},
	{FASTSOCK_FIELD_OFFSET, 89, 587},
	{FASTSOCK_EXISTS, 90, 589},
	{FASTSOCK_FIELD_OFFSET, 91, 591},
	{FASTSOCK_EXISTS, 90, 593},
	{FASTSOCK_FIELD_OFFSET, 91, 595},
	{FASTSOCK_FIELD_OFFSET, 92, 597},
	{FASTSOCK_FIELD_OFFSET, 92, 601},
};

static const uint64_t fastsock_files_instructions[] = {
	0x00000000000019bf, /*   0 */
	0x0000000000009179, /*   1  offset of bpf_iter__task_file.meta */
	0x0000000000089279, /*   2  offset of bpf_iter__task_file.task */
	0x0000000000189679, /*   3  offset of bpf_iter__task_file.file */
	0x0000000000001779, /*   4  offset of bpf_iter_meta.seq */
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
	0x0000000001fc0615, /*  20 */
	0x0000000001fb0215, /*  21 */
	0x00000000ff782a7b, /*  22 */
	0x00000000000061bf, /*  23 */
	0x000000a200000085, /*  24 */
	0x00000000000008bf, /*  25 */
	0x00000000000b0855, /*  26 */
	0x0000000e00000118, /*  27  constant probe_reads */
	0x0000000000000000, /*  28 */
	0x0000000001f30115, /*  29 */
	0x00000000000001b7, /*  30 */
	0x00000000fff81a7b, /*  31 */
	0x00000000fff01a7b, /*  32 */
	0x0000000000106179, /*  33  offset of file.f_inode */
	0x0000000000081179, /*  34  offset of inode.i_sb */
	0x0000000000001179, /*  35  offset of super_block.s_magic */
	0x0904193401140115, /*  36 */
	0x0000000001eb0005, /*  37 */
	0x00000000ff687a7b, /*  38 */
	0x0000000000006179, /*  39  offset of file.f_op */
	0x00000000ff701a7b, /*  40 */
	0x0000000000109761, /*  41  offset of bpf_iter__task_file.fd */
	0x0000000000000118, /*  42  is there bpf_rdonly_cast */
	0x0000000000000000, /*  43 */
	0x0000000000720115, /*  44 */
	0x00000000ff78a179, /*  45 */
	0x0000002500000218, /*  46  number of struct task_struct */
	0x0000000000000000, /*  47 */
	0xffffffff00001085, /*  48  call bpf_rdonly_cast */
	0x0000000000180179, /*  49  offset of task_struct.files */
	0x0000000000001179, /*  50  offset of files_struct.fdt */
	0x0000000000081479, /*  51  offset of fdtable.fd */
	0x00000000000072bf, /*  52 */
	0x0000000300000207, /*  53 */
	0x0000002000000267, /*  54 */
	0x0000002000000277, /*  55 */
	0x0000000000001161, /*  56  offset of fdtable.max_fds */
	0x000000000065123d, /*  57 */
	0x00000000ff608a7b, /*  58 */
	0x00000008000003b7, /*  59  offset of fdtable.fd */
	0x0000000300000267, /*  60 */
	0x00000000000048bf, /*  61 */
	0x00000000000041bf, /*  62 */
	0x000000000000210f, /*  63 */
	0x0000002000000367, /*  64 */
	0x0000002000000377, /*  65 */
	0x000000000000311f, /*  66 */
	0x0000002c00000218, /*  67  number of struct fdtable */
	0x0000000000000000, /*  68 */
	0xffffffff00001085, /*  69  call bpf_rdonly_cast */
	0x0000000000080179, /*  70  offset of fdtable.fd */
	0x0000000f00000218, /*  71  number of struct file */
	0x0000000000000000, /*  72 */
	0xffffffff00001085, /*  73  call bpf_rdonly_cast */
	0x0000000000000179, /*  74  offset of file.f_op */
	0x00000001000001b7, /*  75  is there file.f_ref */
	0x0000000000010115, /*  76 */
	0x0000000000200179, /*  77  offset of file.f_ref.refcnt.counter */
	0x00000000000072bf, /*  78 */
	0x0000000200000207, /*  79 */
	0x0000002000000267, /*  80 */
	0x0000002000000277, /*  81 */
	0x0000000300000267, /*  82 */
	0x00000000000081bf, /*  83 */
	0x000000000000210f, /*  84 */
	0x00000008000002b7, /*  85  offset of fdtable.fd */
	0x000000000000211f, /*  86 */
	0x0000002c00000218, /*  87  number of struct fdtable */
	0x0000000000000000, /*  88 */
	0xffffffff00001085, /*  89  call bpf_rdonly_cast */
	0x0000000000080179, /*  90  offset of fdtable.fd */
	0x0000000f00000218, /*  91  number of struct file */
	0x0000000000000000, /*  92 */
	0xffffffff00001085, /*  93  call bpf_rdonly_cast */
	0x0000000000000179, /*  94  offset of file.f_op */
	0x00000000ff70a279, /*  95 */
	0x000000000005215d, /*  96 */
	0x0000000000080179, /*  97  offset of file.private_data */
	0x0000002e00000218, /*  98  number of struct socket */
	0x0000000000000000, /*  99 */
	0xffffffff00001085, /* 100  call bpf_rdonly_cast */
	0x0000000000000179, /* 101  offset of socket.sk */
	0x0000000100000707, /* 102 */
	0x0000002000000767, /* 103 */
	0x0000002000000777, /* 104 */
	0x0000000300000767, /* 105 */
	0x000000000000780f, /* 106 */
	0x00000008000001b7, /* 107  offset of fdtable.fd */
	0x000000000000181f, /* 108 */
	0x00000000000081bf, /* 109 */
	0x0000002c00000218, /* 110  number of struct fdtable */
	0x0000000000000000, /* 111 */
	0xffffffff00001085, /* 112  call bpf_rdonly_cast */
	0x0000000000080179, /* 113  offset of fdtable.fd */
	0x0000000f00000218, /* 114  number of struct file */
	0x0000000000000000, /* 115 */
	0xffffffff00001085, /* 116  call bpf_rdonly_cast */
	0x00000000000007bf, /* 117 */
	0x0000000000007179, /* 118  offset of file.f_op */
	0x00000000ff60a879, /* 119 */
	0x00000000ff70a279, /* 120 */
	0x000000000025215d, /* 121 */
	0x0000000000087179, /* 122  offset of file.private_data */
	0x0000002e00000218, /* 123  number of struct socket */
	0x0000000000000000, /* 124 */
	0xffffffff00001085, /* 125  call bpf_rdonly_cast */
	0x0000000000000279, /* 126  offset of socket.sk */
	0x0000000000002179, /* 127  offset of sock.__sk_common.skc_prot */
	0x0000004d00000118, /* 128  constant port */
	0x0000000000000000, /* 129 */
	0x00000000001c0155, /* 130 */
	0x0000004e00000118, /* 131  constant states */
	0x0000000000000000, /* 132 */
	0x0000000200000157, /* 133 */
	0x0000000000180115, /* 134 */
	0x0000000000107179, /* 135  offset of file.f_inode */
	0x0000000000001179, /* 136  offset of inode.i_ino */
	0x0000000000482179, /* 137  offset of sock.__sk_common.skc_cookie.counter */
	0x0000000000702161, /* 138  offset of sock.sk_mark */
	0x0000004f00000118, /* 139  constant cgroups */
	0x0000000000000000, /* 140 */
	0x0000000000030115, /* 141 */
	0x00000001000001b7, /* 142  is there sock.sk_cgrp_data.cgroup */
	0x0000000000010115, /* 143 */
	0x0000000000882179, /* 144  offset of sock.sk_cgrp_data.cgroup */
	0x00000000000021bf, /* 145 */
	0x00000000000027bf, /* 146 */
	0x0000005000000218, /* 147  number of struct tcp_sock */
	0x0000000000000000, /* 148 */
	0xffffffff00001085, /* 149  call bpf_rdonly_cast */
	0x00000000000072bf, /* 150 */
	0x0000000000c40161, /* 151  offset of tcp_sock.copied_seq */
	0x0000000000c80161, /* 152  offset of tcp_sock.write_seq */
	0x0000000000c00161, /* 153  offset of tcp_sock.rcv_nxt */
	0x0000005400000118, /* 154  constant timers */
	0x0000000000000000, /* 155 */
	0x0000000000020115, /* 156 */
	0x0000000000682179, /* 157  offset of sock.sk_timer.expires */
	0x0000000000b90171, /* 158  offset of tcp_sock.inet_conn.icsk_pending */
	0x0000000000008879, /* 159  offset of socket.sk */
	0x00000000ff78a079, /* 160 */
	0x00000000016f0815, /* 161 */
	0x0000000000168171, /* 162  offset of sock.__sk_common.skc_state */
	0x00000000ffc91a73, /* 163 */
	0x0000003f00000157, /* 164 */
	0x0000004e00000218, /* 165  constant states */
	0x0000000000000000, /* 166 */
	0x000000000000127f, /* 167 */
	0x0000000000148169, /* 168  offset of sock.__sk_common.skc_family */
	0x0000005500000318, /* 169  constant families */
	0x0000000000000000, /* 170 */
	0x00000000000014bf, /* 171 */
	0x0000003f00000457, /* 172 */
	0x000000000000437f, /* 173 */
	0x00000000ffc41a6b, /* 174 */
	0x000000000000325f, /* 175 */
	0x00000000000003b7, /* 176  offset of sock.__sk_common */
	0x00000000000081bf, /* 177 */
	0x000000000000310f, /* 178 */
	0x0000000100000257, /* 179 */
	0x0000000000160215, /* 180 */
	0x0000004d00000218, /* 181  constant port */
	0x0000000000000000, /* 182 */
	0x0000004d00000318, /* 183  constant port */
	0x0000000000000000, /* 184 */
	0x0000ffff00000357, /* 185 */
	0x0000000000130315, /* 186 */
	0x0000005600000318, /* 187  constant ends */
	0x0000000000000000, /* 188 */
	0x0000005600000418, /* 189  constant ends */
	0x0000000000000000, /* 190 */
	0x0000000100000457, /* 191 */
	0x0000000000050415, /* 192 */
	0x0000000000121469, /* 193  offset of sock_common.skc_num */
	0x0000004d00000518, /* 194  constant port */
	0x0000000000000000, /* 195 */
	0x0000ffff00000557, /* 196 */
	0x000000000008541d, /* 197 */
	0x0000000200000357, /* 198 */
	0x0000000000030315, /* 199 */
	0x0000000000101369, /* 200  offset of sock_common.skc_dport */
	0x00000010000002dc, /* 201 */
	0x000000000003231d, /* 202 */
	0x0000000000001179, /* 203  offset of sock_common.skc_prot */
	0x0000000000001179, /* 204  offset of proto.twsk_prot */
	0x0000000001430155, /* 205 */
	0x0000000000106179, /* 206  offset of file.f_inode */
	0x0000000000001179, /* 207  offset of inode.i_ino */
	0x00000000ff801a7b, /* 208 */
	0x0000000000109161, /* 209  offset of bpf_iter__task_file.fd */
	0x00000000ffa01a63, /* 210 */
	0x0000000000040661, /* 211  offset of task_struct.tgid */
	0x00000000ff986a63, /* 212 */
	0x0000000000000161, /* 213  offset of task_struct.pid */
	0x00000000ff9c1a63, /* 214 */
	0x000000000002611d, /* 215 */
	0x00000002000001b7, /* 216 */
	0x00000000ffcc1a63, /* 217 */
	0x0000005a00000118, /* 218  constant pid_namespace */
	0x0000000000000000, /* 219 */
	0x00000000002e0115, /* 220 */
	0x0000009e00000085, /* 221 */
	0x0000000000080179, /* 222  offset of task_struct.thread_pid */
	0x00000000ff78a579, /* 223 */
	0x0000000000001761, /* 224  offset of pid.level */
	0x0000000000290715, /* 225 */
	0x00000004000001b7, /* 226  size of struct upid */
	0x000000000000712f, /* 227 */
	0x0000000000085379, /* 228  offset of task_struct.thread_pid */
	0x00000000000006b7, /* 229 */
	0x00000000fff06a63, /* 230 */
	0x00000000000002b7, /* 231 */
	0x0000000000100315, /* 232 */
	0x0000000000003461, /* 233  offset of pid.level */
	0x00000000000002b7, /* 234 */
	0x00000000000d74ad, /* 235 */
	0x00000004000002b7, /* 236  offset of pid.numbers */
	0x000000000000230f, /* 237 */
	0x0000002000000167, /* 238 */
	0x0000002000000177, /* 239 */
	0x000000000000130f, /* 240 */
	0x000000000000a1bf, /* 241 */
	0xfffffff000000107, /* 242 */
	0x00000004000002b7, /* 243 */
	0x0000007100000085, /* 244 */
	0x00000000ff78a579, /* 245 */
	0x00000004000001b7, /* 246  size of struct upid */
	0x000000000000712f, /* 247 */
	0x00000000fff0a261, /* 248 */
	0x00000000ff9c2a63, /* 249 */
	0x0000000000105279, /* 250  offset of task_struct.signal */
	0x0000000000082379, /* 251  offset of signal_struct.pids[1] */
	0x00000000fff06a63, /* 252 */
	0x00000000000c0315, /* 253 */
	0x0000000000003261, /* 254  offset of pid.level */
	0x00000000000a72ad, /* 255 */
	0x00000004000002b7, /* 256  offset of pid.numbers */
	0x000000000000230f, /* 257 */
	0x0000002000000167, /* 258 */
	0x0000002000000177, /* 259 */
	0x000000000000130f, /* 260 */
	0x000000000000a1bf, /* 261 */
	0xfffffff000000107, /* 262 */
	0x00000004000002b7, /* 263 */
	0x0000007100000085, /* 264 */
	0x00000000fff0a661, /* 265 */
	0x00000000ff986a63, /* 266 */
	0x0000002000000667, /* 267 */
	0x0000002000000677, /* 268 */
	0x00000000ff68a779, /* 269 */
	0x0000000001020615, /* 270 */
	0x00000000000001b7, /* 271  offset of sock.__sk_common */
	0x00000000000086bf, /* 272 */
	0x000000000000160f, /* 273 */
	0x0000000000206179, /* 274  offset of sock_common.skc_net.net */
	0x0000000000001161, /* 275  offset of net.ns.inum */
	0x00000000ffa41a63, /* 276 */
	0x0000004f00000118, /* 277  constant cgroups */
	0x0000000000000000, /* 278 */
	0x0000000000060115, /* 279 */
	0x00000001000001b7, /* 280  is there sock.sk_cgrp_data.cgroup */
	0x0000000000040115, /* 281 */
	0x0000000000888179, /* 282  offset of sock.sk_cgrp_data.cgroup */
	0x0000000000001179, /* 283  offset of cgroup.kn */
	0x0000000000001179, /* 284  offset of kernfs_node.id */
	0x00000000ff901a7b, /* 285 */
	0x0000000000486179, /* 286  offset of sock_common.skc_cookie.counter */
	0x00000000ff881a7b, /* 287 */
	0x0000000000060155, /* 288 */
	0x0000000100000118, /* 289  is there bpf_func_id.BPF_FUNC_check_mtu */
	0x0000000000000000, /* 290 */
	0x0000000000030115, /* 291 */
	0x00000000000081bf, /* 292 */
	0x0000002e00000085, /* 293 */
	0x00000000ff880a7b, /* 294 */
	0x0000000000186161, /* 295  offset of sock_common.skc_bound_dev_if */
	0x00000000ffb41a63, /* 296 */
	0x0000000000708161, /* 297  offset of sock.sk_mark */
	0x00000000ffb81a63, /* 298 */
	0x0000000000748161, /* 299  offset of sock.sk_uid.val */
	0x00000000ffa81a63, /* 300 */
	0x0000000000788169, /* 301  offset of sock.sk_protocol */
	0x00000000ffc61a6b, /* 302 */
	0x00000000007a8169, /* 303  offset of sock.sk_type */
	0x00000000ffc81a73, /* 304 */
	0x00000000ffc4a169, /* 305 */
	0x0000000a00280115, /* 306 */
	0x0000000200890155, /* 307 */
	0x00000000000c6161, /* 308  offset of sock_common.skc_rcv_saddr */
	0x00000000ffd01a63, /* 309 */
	0x0000000000086161, /* 310  offset of sock_common.skc_daddr */
	0x00000000ffe01a63, /* 311 */
	0x00000000007e0005, /* 312 */
	0x0000000000186179, /* 313  offset of file.f_path.dentry */
	0x0000000000001379, /* 314  offset of dentry.d_name.name */
	0x000000000000a1bf, /* 315 */
	0xfffffff000000107, /* 316 */
	0x0000000b000002b7, /* 317 */
	0x0000007100000085, /* 318 */
	0x00000000ff78a379, /* 319 */
	0x00000000fff0a179, /* 320 */
	0x5f6f695b00000218, /* 321 */
	0x6e69727500000000, /* 322 */
	0x0000000000cd215d, /* 323 */
	0x00000000fff8a179, /* 324 */
	0x00005d6700cb0155, /* 325 */
	0x0000000000109161, /* 326  offset of bpf_iter__task_file.fd */
	0x00000008000002b7, /* 327 */
	0x00000000ffcc2a63, /* 328 */
	0x00000000ffa01a63, /* 329 */
	0x0000000000043661, /* 330  offset of task_struct.tgid */
	0x00000000ff986a63, /* 331 */
	0x0000000000003161, /* 332  offset of task_struct.pid */
	0x00000000ff9c1a63, /* 333 */
	0x000000000002611d, /* 334 */
	0x0000000a000001b7, /* 335 */
	0x00000000ffcc1a63, /* 336 */
	0x0000005a00000118, /* 337  constant pid_namespace */
	0x0000000000000000, /* 338 */
	0x0000000000510115, /* 339 */
	0x00000000000078bf, /* 340 */
	0x0000009e00000085, /* 341 */
	0x0000000000080179, /* 342  offset of task_struct.thread_pid */
	0x0000000000001761, /* 343  offset of pid.level */
	0x0000000000210755, /* 344 */
	0x00000000ff98a661, /* 345 */
	0x0000000000490005, /* 346 */
	0x0000000000386161, /* 347  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[0] */
	0x00000000ffd01a63, /* 348 */
	0x00000000003c6161, /* 349  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[1] */
	0x00000000ffd41a63, /* 350 */
	0x0000000000406161, /* 351  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[2] */
	0x00000000ffd81a63, /* 352 */
	0x0000000000446161, /* 353  offset of sock_common.skc_v6_rcv_saddr.in6_u.u6_addr32[3] */
	0x00000000ffdc1a63, /* 354 */
	0x0000000000286161, /* 355  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[0] */
	0x00000000ffe01a63, /* 356 */
	0x00000000002c6161, /* 357  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[1] */
	0x00000000ffe41a63, /* 358 */
	0x0000000000306161, /* 359  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[2] */
	0x00000000ffe81a63, /* 360 */
	0x0000000000346161, /* 361  offset of sock_common.skc_v6_daddr.in6_u.u6_addr32[3] */
	0x00000000ffec1a63, /* 362 */
	0x00000010000001b7, /* 363  offset of sock_common.skc_ipv6only */
	0x00000000000062bf, /* 364 */
	0x000000000000120f, /* 365 */
	0x00000008000003b7, /* 366  size of sock_common.skc_ipv6only */
	0x0000000300050365, /* 367 */
	0x0000000100380315, /* 368 */
	0x0000000200010315, /* 369 */
	0x0000000000390005, /* 370 */
	0x0000000000002169, /* 371 */
	0x0000000000370005, /* 372 */
	0x0000000400350315, /* 373 */
	0x0000000800010315, /* 374 */
	0x0000000000340005, /* 375 */
	0x0000000000002179, /* 376 */
	0x0000000000320005, /* 377 */
	0x00000004000001b7, /* 378  size of struct upid */
	0x000000000000712f, /* 379 */
	0x00000000ff78a579, /* 380 */
	0x0000000000085379, /* 381  offset of task_struct.thread_pid */
	0x00000000000006b7, /* 382 */
	0x00000000fff06a63, /* 383 */
	0x00000000000002b7, /* 384 */
	0x0000000000100315, /* 385 */
	0x0000000000003461, /* 386  offset of pid.level */
	0x00000000000002b7, /* 387 */
	0x00000000000d74ad, /* 388 */
	0x00000004000002b7, /* 389  offset of pid.numbers */
	0x000000000000230f, /* 390 */
	0x0000002000000167, /* 391 */
	0x0000002000000177, /* 392 */
	0x000000000000130f, /* 393 */
	0x000000000000a1bf, /* 394 */
	0xfffffff000000107, /* 395 */
	0x00000004000002b7, /* 396 */
	0x0000007100000085, /* 397 */
	0x00000000ff78a579, /* 398 */
	0x00000004000001b7, /* 399  size of struct upid */
	0x000000000000712f, /* 400 */
	0x00000000fff0a261, /* 401 */
	0x00000000ff9c2a63, /* 402 */
	0x0000000000105279, /* 403  offset of task_struct.signal */
	0x0000000000082379, /* 404  offset of signal_struct.pids[1] */
	0x00000000fff06a63, /* 405 */
	0x00000000000c0315, /* 406 */
	0x0000000000003261, /* 407  offset of pid.level */
	0x00000000000a72ad, /* 408 */
	0x00000004000002b7, /* 409  offset of pid.numbers */
	0x000000000000230f, /* 410 */
	0x0000002000000167, /* 411 */
	0x0000002000000177, /* 412 */
	0x000000000000130f, /* 413 */
	0x000000000000a1bf, /* 414 */
	0xfffffff000000107, /* 415 */
	0x00000004000002b7, /* 416 */
	0x0000007100000085, /* 417 */
	0x00000000fff0a661, /* 418 */
	0x00000000ff986a63, /* 419 */
	0x00000000000087bf, /* 420 */
	0x0000002000000667, /* 421 */
	0x0000002000000677, /* 422 */
	0x0000000000690615, /* 423 */
	0x0000000000630005, /* 424 */
	0x0000000000002171, /* 425 */
	0x0000000000010005, /* 426 */
	0x0000000000002161, /* 427 */
	0x0000000700000167, /* 428  bits above sock_common.skc_ipv6only */
	0x00000000000002b7, /* 429  is signed: sock_common.skc_ipv6only */
	0x0000000000030215, /* 430 */
	0x0000003f000001c7, /* 431  bits above and below sock_common.skc_ipv6only */
	0x0000000000060115, /* 432 */
	0x0000000000020005, /* 433 */
	0x0000003f00000177, /* 434  bits above and below sock_common.skc_ipv6only */
	0x0000000000030115, /* 435 */
	0x00000000ffcca161, /* 436 */
	0x0000000100000147, /* 437 */
	0x00000000ffcc1a63, /* 438 */
	0x0000000000126169, /* 439  offset of sock_common.skc_num */
	0x00000000ffc01a6b, /* 440 */
	0x0000000000106169, /* 441  offset of sock_common.skc_dport */
	0x00000010000001dc, /* 442 */
	0x00000000ffc21a6b, /* 443 */
	0x00000000ffc4a169, /* 444 */
	0x0000ffff00000157, /* 445 */
	0x0000000100160155, /* 446 */
	0x00000001000001b7, /* 447 */
	0x00000000fff01a63, /* 448 */
	0x0000000e00000218, /* 449  constant probe_reads */
	0x0000000000000000, /* 450 */
	0x00000000000a0215, /* 451 */
	0x00000001000002b7, /* 452  is there unix_sock.scm_stat.nr_fds */
	0x0000000000080215, /* 453 */
	0x00000000000001b7, /* 454  offset of unix_sock.scm_stat.nr_fds */
	0x00000000000083bf, /* 455 */
	0x000000000000130f, /* 456 */
	0x000000000000a1bf, /* 457 */
	0xfffffff000000107, /* 458 */
	0x00000004000002b7, /* 459 */
	0x0000007100000085, /* 460 */
	0x00000000fff0a161, /* 461 */
	0x00000000ffbc1a63, /* 462 */
	0x0000000000508161, /* 463  offset of sock.sk_receive_queue.qlen */
	0x00000000ffac1a63, /* 464 */
	0x00000000ffc9a271, /* 465 */
	0x0000000a00300255, /* 466 */
	0x0000000000808161, /* 467  offset of sock.sk_max_ack_backlog */
	0x0000000000150005, /* 468 */
	0x00000000ffc6a169, /* 469 */
	0x0000001100150115, /* 470 */
	0x00000006000e0155, /* 471 */
	0x00000000ffc8a171, /* 472 */
	0x00000001000c0155, /* 473 */
	0x00000000000081bf, /* 474 */
	0x0000008900000085, /* 475 */
	0x00000000002f0015, /* 476 */
	0x00000000ffc9a171, /* 477 */
	0x0000000a00340155, /* 478 */
	0x00000000007c8161, /* 479  offset of sock.sk_ack_backlog */
	0x00000000ffac1a63, /* 480 */
	0x0000000000808161, /* 481  offset of sock.sk_max_ack_backlog */
	0x00000000ffb01a63, /* 482 */
	0x0000000000bc0161, /* 483  offset of tcp_sock.inet_conn.icsk_accept_queue.qlen.counter */
	0x00000000ffbc1a63, /* 484 */
	0x0000000000260005, /* 485 */
	0x0000000000548161, /* 486  offset of sock.sk_backlog.rmem_alloc.counter */
	0x00000000ffac1a63, /* 487 */
	0x0000000000588161, /* 488  offset of sock.sk_wmem_alloc.refs.counter */
	0xffffffff00000107, /* 489 */
	0x00000000ffb01a63, /* 490 */
	0x0000000000200005, /* 491 */
	0x00000000000001b7, /* 492 */
	0x00000000fff01a63, /* 493 */
	0x0000000000588161, /* 494  offset of sock.sk_wmem_alloc.refs.counter */
	0xffffffff00000107, /* 495 */
	0x00000000ffb01a63, /* 496 */
	0x0000000000548161, /* 497  offset of sock.sk_backlog.rmem_alloc.counter */
	0x00000000ffac1a63, /* 498 */
	0x0000000000180115, /* 499 */
	0x0000000e00000118, /* 500  constant probe_reads */
	0x0000000000000000, /* 501 */
	0x0000000000120115, /* 502 */
	0x00000000000001b7, /* 503  offset of udp_sock.forward_deficit */
	0x000000000000180f, /* 504 */
	0x000000000000a1bf, /* 505 */
	0xfffffff000000107, /* 506 */
	0x00000004000002b7, /* 507 */
	0x00000000000083bf, /* 508 */
	0x0000007100000085, /* 509 */
	0x00000000fff0a161, /* 510 */
	0x00000000ffaca261, /* 511 */
	0x000000000000121f, /* 512 */
	0x00000000ffac2a63, /* 513 */
	0x0000000000090005, /* 514 */
	0x0000000000588261, /* 515  offset of sock.sk_wmem_alloc.refs.counter */
	0xffffffff00000207, /* 516 */
	0x00000000ffb02a63, /* 517 */
	0x0000002000000167, /* 518 */
	0x0000002000000177, /* 519 */
	0x0000000000030115, /* 520 */
	0x00000000ffcca161, /* 521 */
	0x0000000400000147, /* 522 */
	0x00000000ffcc1a63, /* 523 */
	0x000000000000a2bf, /* 524 */
	0xffffff8000000207, /* 525 */
	0x00000000000071bf, /* 526 */
	0x00000070000003b7, /* 527 */
	0x0000007f00000085, /* 528 */
	0x00000000000000b7, /* 529 */
	0x0000000000000095, /* 530 */
	0x0000000000c40261, /* 531  offset of tcp_sock.copied_seq */
	0x0000000000c00161, /* 532  offset of tcp_sock.rcv_nxt */
	0x000000000000211f, /* 533 */
	0x00000000000012bf, /* 534 */
	0x0000002000000267, /* 535 */
	0x00000020000002c7, /* 536 */
	0x0000000000010265, /* 537 */
	0x00000000000001b7, /* 538 */
	0x00000000ffac1a63, /* 539 */
	0x0000000000cc0161, /* 540  offset of tcp_sock.snd_una */
	0x0000000000c80261, /* 541  offset of tcp_sock.write_seq */
	0x000000000000121f, /* 542 */
	0x00000000ffb02a63, /* 543 */
	0x0000005400000118, /* 544  constant timers */
	0x0000000000000000, /* 545 */
	0x00000000ffe90115, /* 546 */
	0x00000000000001b7, /* 547  offset of tcp_sock.inet_conn */
	0x000000000000100f, /* 548 */
	0x0000000000b90371, /* 549  offset of inet_connection_sock.icsk_pending */
	0x00000001000001b7, /* 550  is there inet_connection_sock.icsk_keepalive_timer */
	0x0000000000060115, /* 551 */
	0x00000000000002b7, /* 552 */
	0x0000000000b00679, /* 553  offset of inet_connection_sock.icsk_keepalive_timer.expires */
	0x0000000000a80479, /* 554  offset of inet_connection_sock.icsk_keepalive_timer.entry.pprev */
	0x00000000000001b7, /* 555 */
	0x00000000000e0415, /* 556 */
	0x0000000000080005, /* 557 */
	0x00000000000001b7, /* 558  offset of inet_connection_sock.icsk_inet.sk */
	0x00000000000004bf, /* 559 */
	0x000000000000140f, /* 560 */
	0x00000000000002b7, /* 561 */
	0x0000000000684679, /* 562  offset of sock.sk_timer.expires */
	0x0000000000604479, /* 563  offset of sock.sk_timer.entry.pprev */
	0x00000000000001b7, /* 564 */
	0x0000000000050415, /* 565 */
	0x000000ba000002b7, /* 566  offset of inet_connection_sock.icsk_probes_out */
	0x00000000000001bf, /* 567 */
	0x000000000000210f, /* 568 */
	0x00000002000002b7, /* 569 */
	0x0000000000001171, /* 570 */
	0x00000000000034bf, /* 571 */
	0x0000003f00000457, /* 572 */
	0x00000062000005b7, /* 573 */
	0x000000000000457f, /* 574 */
	0x0000000100000557, /* 575 */
	0x0000000000050515, /* 576 */
	0x0000000000b80171, /* 577  offset of inet_connection_sock.icsk_retransmits */
	0x00000001000002b7, /* 578  is there inet_connection_sock.icsk_timeout */
	0x0000000000090215, /* 579 */
	0x00000090000002b7, /* 580  offset of inet_connection_sock.icsk_timeout */
	0x0000000000100005, /* 581 */
	0x000000ff00000357, /* 582 */
	0x0000000300150355, /* 583 */
	0x0000000000ba0171, /* 584  offset of inet_connection_sock.icsk_probes_out */
	0x00000001000002b7, /* 585  is there inet_connection_sock.icsk_timeout */
	0x0000000000060215, /* 586 */
	0x00000090000002b7, /* 587  offset of inet_connection_sock.icsk_timeout */
	0x00000000000d0005, /* 588 */
	0x00000001000002b7, /* 589  is there inet_connection_sock.icsk_retransmit_timer */
	0x0000000000060215, /* 590 */
	0x000000a0000002b7, /* 591  offset of inet_connection_sock.icsk_retransmit_timer.expires */
	0x0000000000050005, /* 592 */
	0x00000001000002b7, /* 593  is there inet_connection_sock.icsk_retransmit_timer */
	0x0000000000060215, /* 594 */
	0x000000a0000002b7, /* 595  offset of inet_connection_sock.icsk_retransmit_timer.expires */
	0x0000000000050005, /* 596 */
	0x00000068000002b7, /* 597  offset of inet_connection_sock.icsk_inet.sk.sk_timer.expires */
	0x000000000000200f, /* 598 */
	0x00000001000002b7, /* 599 */
	0x0000000000030005, /* 600 */
	0x00000068000002b7, /* 601  offset of inet_connection_sock.icsk_inet.sk.sk_timer.expires */
	0x000000000000200f, /* 602 */
	0x00000004000002b7, /* 603 */
	0x0000000000000679, /* 604 */
	0x00000000ffcb1a73, /* 605 */
	0x00000000ffca2a73, /* 606 */
	0x0000007600000085, /* 607 */
	0x000000000000061f, /* 608 */
	0x00000000ffbc6a63, /* 609 */
	0x00000000ffa90005, /* 610 */
};

const struct fastsock_program fastsock_files = {
	.name = "fastsock_files",
	.roots = fastsock_files_roots,
	.fields = fastsock_files_fields,
	.relocations = fastsock_files_relocations,
	.instructions = fastsock_files_instructions,
	.root_count = 26,
	.field_count = 93,
	.relocation_count = 189,
	.instruction_count = 611,
};
_Static_assert(26 <= FASTSOCK_MAX_ROOTS, "26 are more roots than loader.c has room for");
_Static_assert(93 <= FASTSOCK_MAX_FIELDS, "93 are more fields than loader.c has room for");
_Static_assert(189 <= FASTSOCK_MAX_RELOCATIONS, "189 are more relocations than loader.c has room for");
_Static_assert(611 <= FASTSOCK_MAX_INSTRUCTIONS, "611 are more instructions than loader.c has room for");
