/*
 * Load the program of sockets.gen.h with bpf(2) alone: no libbpf, no libelf, no kernel headers.
 *
 *     open_btf -> resolve -> load -> attach -> iterate -> read(2)
 *
 * Nothing here keeps state, prints, or looks at the environment, so all of it may run without the
 * GIL and in several threads. A function that fails returns -1 (and no half-made thing) and fills
 * in its struct fastsock_error. All descriptors are close-on-exec: the kernel makes them so.
 */
#ifndef FASTSOCK_LOADER_H
#define FASTSOCK_LOADER_H

#include <stddef.h>
#include <stdint.h>

#define FASTSOCK_BTF "/sys/kernel/btf/vmlinux"

enum fastsock_step {
	FASTSOCK_OPEN_BTF,
	FASTSOCK_PARSE_BTF,
	FASTSOCK_FIND_FIELD,
	FASTSOCK_LOAD_PROGRAM,
	FASTSOCK_ATTACH_LINK,
	FASTSOCK_MAKE_ITERATOR,
	FASTSOCK_PIN,
	FASTSOCK_OPEN_PIN,
};

struct fastsock_error {
	enum fastsock_step step;
	int code; /* an errno */
	/* The file, the field, or the verifier's last words; often empty. */
	char detail[256];
};

/* Set before loading; the verifier then drops what cannot happen. All are numbers of 64 bits. */
struct fastsock_constants {
	/* Of TCP, what is not asked for is left out; all other sockets are written. */
	uint64_t states;        /* bit by number */
	uint64_t families;      /* bit by number, AF_INET is 2 */
	uint64_t port;          /* 0: any */
	uint64_t ends;          /* at which it is asked for, bits of enum fastsock_end */
	uint64_t pid_namespace; /* 0: tgid and tid of the initial pid namespace, 1: of the reader's */
	uint64_t probe_reads;   /* 0: where bpf_probe_read_kernel() is refused (lockdown) */
	uint64_t timers;        /* 0: timer, timer_expires and retransmits stay 0 */
	uint64_t cgroups;       /* 0: cgroup stays 0 */
};
#define FASTSOCK_CONSTANT_INDEX(name) \
	(offsetof(struct fastsock_constants, name) / sizeof(uint64_t))

/* What generate.py writes. */
enum fastsock_relocation_kind {
	FASTSOCK_FIELD_OFFSET,
	FASTSOCK_FIELD_SIZE,
	FASTSOCK_FIELD_SIGNED,
	FASTSOCK_LEFT_SHIFT,
	FASTSOCK_RIGHT_SHIFT,
	FASTSOCK_TYPE_SIZE,
	FASTSOCK_EXISTS,
	FASTSOCK_CONSTANT,
	FASTSOCK_TYPE_ID,
	FASTSOCK_CALL, /* of the kernel's function */
};
struct fastsock_root {
	uint8_t kind; /* enum btf_kind */
	const char *name;
};
struct fastsock_field {
	uint8_t root;
	/* "in6_u.u6_addr32[2]"; of an enumeration one of its names; "": the root itself */
	const char *path;
	int16_t guard;    /* if the kernel lacks that field it may lack this one; -1: it may not */
};
struct fastsock_relocation {
	uint8_t kind;
	uint8_t target; /* field, or constant */
	uint16_t instruction;
};
struct fastsock_program {
	const char *name;
	const struct fastsock_root *roots; /* the first is the function that it is attached to */
	const struct fastsock_field *fields;
	const struct fastsock_relocation *relocations;
	const uint64_t *instructions;
	uint32_t root_count;
	uint32_t field_count;
	uint32_t relocation_count;
	uint32_t instruction_count;
};
#define FASTSOCK_MAX_ROOTS 32
#define FASTSOCK_MAX_FIELDS 128
#define FASTSOCK_MAX_RELOCATIONS 1024
#define FASTSOCK_MAX_INSTRUCTIONS 1024

extern const struct fastsock_program fastsock_files;

/* A BTF in memory. Members are loader.c's. */
struct fastsock_btf {
	const uint8_t *data;
	size_t size;
	int owned; /* mmapped by us */
	const uint8_t *types;
	uint32_t types_size;
	uint32_t type_count;
	const char *strings;
	uint32_t strings_size;
	uint32_t *index;
	uint32_t patience;
};

/* Where a field is. */
struct fastsock_place {
	uint8_t found;
	uint8_t is_signed;
	uint8_t is_number; /* an integer, an enumeration or a pointer */
	uint8_t is_bit_field;
	uint32_t bit_offset;
	uint32_t bit_size;
	uint32_t type_size;
	uint32_t root_id; /* the BTF id of what it is in */
};

/* What one kernel makes of a program. */
struct fastsock_resolution {
	uint32_t attach_id; /* the BTF id of the function */
	struct fastsock_place places[FASTSOCK_MAX_FIELDS];
};

/* Open the kernel's BTF. It is mapped where the kernel can (sysfs, Linux 6.16), else read. */
int fastsock_open_btf(struct fastsock_btf *btf, const char *path, struct fastsock_error *error);
/* Use a BTF in memory, which must stay there. */
int fastsock_view_btf(struct fastsock_btf *btf, const void *data, size_t size,
		      struct fastsock_error *error);
void fastsock_close_btf(struct fastsock_btf *btf);

/* Find the program's fields and its function in one pass over the types. */
int fastsock_resolve(struct fastsock_btf *btf, const struct fastsock_program *program,
		     struct fastsock_resolution *resolution, struct fastsock_error *error);

/* Write program->instruction_count instructions, as they would be loaded. */
int fastsock_patch(const struct fastsock_program *program,
		   const struct fastsock_resolution *resolution,
		   const struct fastsock_constants *constants, uint64_t *instructions,
		   struct fastsock_error *error);

/* Load the program: its descriptor. It takes CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN. */
int fastsock_load(const struct fastsock_program *program,
		  const struct fastsock_resolution *resolution,
		  const struct fastsock_constants *constants, struct fastsock_error *error);

/*
 * Make a link for one process, or for all if pid is 0: its descriptor. Before Linux 6.1 there is no
 * link for one process: fastsock_has_no_task_filter(error) tells that from other failures. A pid
 * that does not exist gives an iterator without records.
 */
int fastsock_attach(int program, uint32_t pid, struct fastsock_error *error);
int fastsock_has_no_task_filter(const struct fastsock_error *error);

/* Open a link for one pass of read(2): a descriptor. */
int fastsock_iterate(int link, struct fastsock_error *error);

/* Pin a program or a link in a bpf file system, with mode 0600; a name there holds no dot. */
int fastsock_pin(int fd, const char *path, struct fastsock_error *error);

/*
 * Open a pinned program or link: a descriptor. It takes permission to read and to write. A pinned
 * link can also be opened by open(2), which makes an iterator and takes permission to read only.
 */
int fastsock_open_pin(const char *path, struct fastsock_error *error);

/* HZ of the running kernel, the unit of timer_expires; 0 if it does not say. */
unsigned int fastsock_ticks_per_second(void);

/* "open BTF", "parse BTF", "find field", "load program", and so on. */
const char *fastsock_step_name(enum fastsock_step step);

/* Render an error: "find field: No such file or directory: struct sock has no field sk_mark". */
void fastsock_render_error(const struct fastsock_error *error, char *buffer, size_t size);

#endif
