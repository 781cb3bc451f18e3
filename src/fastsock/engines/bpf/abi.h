/*
 * The parts of bpf(2) and of BTF that loader.c uses (linux/bpf.h, linux/btf.h,
 * Documentation/bpf/btf.rst). They stand here because the headers of an old libc or an old manylinux
 * image have neither, and fastsock must build there for a newer kernel.
 */
#ifndef FASTSOCK_ABI_H
#define FASTSOCK_ABI_H

#include <stdint.h>
#include <sys/syscall.h>

#ifdef __NR_bpf
#define FASTSOCK_NR_BPF __NR_bpf
#elif defined(__x86_64__)
#define FASTSOCK_NR_BPF 321
#elif defined(__powerpc64__)
#define FASTSOCK_NR_BPF 361
#else
#define FASTSOCK_NR_BPF 280 /* asm-generic: aarch64, riscv64, loongarch64 */
#endif

enum bpf_command {
	FASTSOCK_PROG_LOAD = 5,
	FASTSOCK_OBJ_PIN = 6,
	FASTSOCK_OBJ_GET = 7,
	FASTSOCK_LINK_CREATE = 28,
	FASTSOCK_ITER_CREATE = 33,
};

enum { FASTSOCK_PROG_TYPE_TRACING = 26, FASTSOCK_TRACE_ITER = 28 };

/* The members of union bpf_attr for each command. All but the reserved ones of padding are set. */
struct bpf_load {
	uint32_t prog_type;
	uint32_t insn_cnt;
	uint64_t insns;
	uint64_t license;
	uint32_t log_level;
	uint32_t log_size;
	uint64_t log_buf;
	uint32_t kern_version;
	uint32_t prog_flags;
	char prog_name[16];
	uint32_t prog_ifindex;
	uint32_t expected_attach_type;
	uint32_t prog_btf_fd;
	uint32_t func_info_rec_size;
	uint64_t func_info;
	uint32_t func_info_cnt;
	uint32_t line_info_rec_size;
	uint64_t line_info;
	uint32_t line_info_cnt;
	uint32_t attach_btf_id;
	uint32_t attach_prog_fd;
	uint32_t reserved;
};
struct bpf_attach {
	uint32_t prog_fd;
	uint32_t target_fd;
	uint32_t attach_type;
	uint32_t flags;
	uint64_t iter_info;
	uint32_t iter_info_len;
	uint32_t reserved;
};
struct bpf_task { /* union bpf_iter_link_info, since Linux 6.1 */
	uint32_t tid;
	uint32_t pid;
	uint32_t pid_fd;
};
struct bpf_iterate {
	uint32_t link_fd;
	uint32_t flags;
};
struct bpf_object {
	uint64_t pathname;
	uint32_t bpf_fd;
	uint32_t file_flags;
};

struct bpf_instruction {
	uint8_t code;
	uint8_t registers;
	int16_t offset;
	int32_t immediate;
};

/* The low three bits of a code are its class; bits 3 and 4 the width that is loaded or stored. */
enum bpf_class { BPF_LD, BPF_LDX, BPF_ST, BPF_STX, BPF_ALU, BPF_JMP, BPF_JMP32, BPF_ALU64 };
enum { BPF_CLASS_MASK = 0x07, BPF_WIDTH_MASK = 0x18 };
enum { BPF_WIDTH_4 = 0x00, BPF_WIDTH_2 = 0x08, BPF_WIDTH_1 = 0x10, BPF_WIDTH_8 = 0x18 };

enum { BPF_MOVE = 0xb0 };          /* of BPF_ALU64, a constant */
enum { BPF_KERNEL_FUNCTION = 2 }; /* in the source register of a call */

enum { BTF_MAGIC = 0xeb9f };

struct btf_header {
	uint16_t magic;
	uint8_t version;
	uint8_t flags;
	uint32_t header_size;
	uint32_t types_offset; /* both from the header's end */
	uint32_t types_size;
	uint32_t strings_offset;
	uint32_t strings_size;
};

enum btf_kind {
	BTF_VOID,
	BTF_INT,
	BTF_PTR,
	BTF_ARRAY,
	BTF_STRUCT,
	BTF_UNION,
	BTF_ENUM,
	BTF_FWD,
	BTF_TYPEDEF,
	BTF_VOLATILE,
	BTF_CONST,
	BTF_RESTRICT,
	BTF_FUNC,
	BTF_FUNC_PROTO,
	BTF_VAR,
	BTF_DATASEC,
	BTF_FLOAT,
	BTF_DECL_TAG,
	BTF_TYPE_TAG,
	BTF_ENUM64,
};

struct btf_type {
	uint32_t name;
	uint32_t info; /* bit 31: bit fields are told; 24-28: kind; 0-15: number of members */
	uint32_t of;   /* the size, or the type that a modifier is of */
};
struct btf_member {
	uint32_t name;
	uint32_t type;
	uint32_t offset; /* in bits; where bit fields are told their size is in bits 24-31 */
};
struct btf_array {
	uint32_t type;
	uint32_t index_type;
	uint32_t count;
};

#endif
