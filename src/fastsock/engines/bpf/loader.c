/*
 * From the kernel's BTF to a running iterator: see loader.h.
 *
 * A BTF is a header, types one behind the other, and strings:
 *
 *     9feb 01 00 18000000 00000000 5c2b3200 5c2b3200 …    btf_header
 *     8a1c0000 0b000004 e0020000                          struct sock, 11 members, 736 bytes …
 *     … 931c0000 170b0000 00000000                        … the first: name, type, bit offset
 *
 * It is input, and nothing in it is believed: every type's end is checked before the type is
 * looked at, every name and type number when it is used. What it can make us do is bounded as
 * well. One pass over the types is linear; what follows members and modifiers, which may lead in
 * circles, spends `patience`.
 */
#define _GNU_SOURCE
#include "loader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <time.h>
#include <unistd.h>

#include "abi.h"
#include "sockets.gen.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "sockets.gen.h is made for little-endian machines only"
#endif

#define SYSFS_MAGIC 0x62656572
#define MAX_BTF_SIZE (256u << 20) /* a kernel's has 5 to 10 MB */
#define LOG_SIZE (1u << 18)
#define INDEX_STEP 64 /* types for each entry of the index */
#define MAX_NESTING 8 /* of anonymous structures, of arrays in arrays */
#define MAX_MODIFIERS 32

/*
 * Steps from type to type and from member to member that one resolution may take. A kernel's BTF
 * takes 15,000; a made-up one gets to the end of this in some 20 ms.
 */
#define PATIENCE 4000000u

/* ------------------------------------------------------------------------------------- errors */

static const char *const STEP_NAMES[] = {
	[FASTSOCK_OPEN_BTF] = "open BTF",
	[FASTSOCK_PARSE_BTF] = "parse BTF",
	[FASTSOCK_FIND_FIELD] = "find field",
	[FASTSOCK_LOAD_PROGRAM] = "load program",
	[FASTSOCK_ATTACH_LINK] = "attach link",
	[FASTSOCK_MAKE_ITERATOR] = "make iterator",
	[FASTSOCK_PIN] = "pin",
	[FASTSOCK_OPEN_PIN] = "open pin",
};

const char *fastsock_step_name(enum fastsock_step step)
{
	if ((size_t)step >= sizeof(STEP_NAMES) / sizeof(STEP_NAMES[0]))
		return "unknown step";
	return STEP_NAMES[step];
}

void fastsock_render_error(const struct fastsock_error *error, char *buffer, size_t size)
{
	int saved = errno;

	errno = error->code; /* %m: strerror() that is safe in threads, in all of Linux's libcs */
	snprintf(buffer, size, "%s: %m%s%s", fastsock_step_name(error->step),
		 error->detail[0] ? ": " : "", error->detail);
	errno = saved;
}

__attribute__((format(printf, 4, 5))) static int fail(struct fastsock_error *error,
						      enum fastsock_step step, int code,
						      const char *format, ...)
{
	__builtin_va_list arguments;

	error->step = step;
	error->code = code;
	__builtin_va_start(arguments, format);
	vsnprintf(error->detail, sizeof(error->detail), format, arguments);
	__builtin_va_end(arguments);
	return -1;
}

#define malformed(error, ...) fail(error, FASTSOCK_PARSE_BTF, EBADMSG, __VA_ARGS__)

/* ------------------------------------------------------------------------------------ the BTF */

enum { KINDS = 32 }; /* that fit into the bits of struct btf_type */

static uint32_t kind_in(uint32_t info)
{
	return info >> 24 & (KINDS - 1);
}

static uint32_t members_in(uint32_t info)
{
	return info & 0xffff;
}

static uint32_t kind_of(const struct btf_type *type)
{
	return kind_in(type->info);
}

static uint32_t member_count(const struct btf_type *type)
{
	return members_in(type->info);
}

/* By memcpy: data from elsewhere may begin at any address. */
static uint32_t number_at(const uint8_t *at)
{
	uint32_t number;

	memcpy(&number, at, sizeof(number));
	return number;
}

static struct btf_type type_at(const uint8_t *at)
{
	struct btf_type type;

	memcpy(&type, at, sizeof(type));
	return type;
}

static struct btf_member member_at(const uint8_t *type, uint32_t number)
{
	struct btf_member member;

	memcpy(&member, type + sizeof(struct btf_type) + number * sizeof(member), sizeof(member));
	return member;
}

static struct btf_array array_at(const uint8_t *type)
{
	struct btf_array array;

	memcpy(&array, type + sizeof(struct btf_type), sizeof(array));
	return array;
}

/* What follows a type's head: bytes, and bytes for each member. */
static const struct {
	uint8_t known;
	uint8_t fixed;
	uint8_t each;
} BODIES[KINDS] = {
	[BTF_INT] = {1, 4, 0},
	[BTF_PTR] = {1, 0, 0},
	[BTF_ARRAY] = {1, sizeof(struct btf_array), 0},
	[BTF_STRUCT] = {1, 0, sizeof(struct btf_member)},
	[BTF_UNION] = {1, 0, sizeof(struct btf_member)},
	[BTF_ENUM] = {1, 0, 8},
	[BTF_FWD] = {1, 0, 0},
	[BTF_TYPEDEF] = {1, 0, 0},
	[BTF_VOLATILE] = {1, 0, 0},
	[BTF_CONST] = {1, 0, 0},
	[BTF_RESTRICT] = {1, 0, 0},
	[BTF_FUNC] = {1, 0, 0}, /* its vlen is its linkage */
	[BTF_FUNC_PROTO] = {1, 0, 8},
	[BTF_VAR] = {1, 4, 0},
	[BTF_DATASEC] = {1, 0, 12},
	[BTF_FLOAT] = {1, 0, 0},
	[BTF_DECL_TAG] = {1, 4, 0},
	[BTF_TYPE_TAG] = {1, 0, 0},
	[BTF_ENUM64] = {1, 0, 12},
};

/* The whole length of a type of a known kind. */
static size_t length_by(uint32_t info)
{
	uint32_t kind = kind_in(info);

	return sizeof(struct btf_type) + BODIES[kind].fixed +
	       (size_t)BODIES[kind].each * members_in(info);
}

static size_t length_of(const struct btf_type *type)
{
	return length_by(type->info);
}

/* The strings end with a NUL, so each name does. */
static const char *name_at(const struct fastsock_btf *btf, uint32_t offset)
{
	return offset < btf->strings_size ? btf->strings + offset : "";
}

/* Where a type lies; NULL if there is none of that number, or no patience left. */
static const uint8_t *find_type(struct fastsock_btf *btf, uint32_t number)
{
	const uint8_t *at;
	uint32_t steps;

	if (!number || number > btf->type_count)
		return NULL;
	steps = (number - 1) % INDEX_STEP;
	if (btf->patience <= steps) {
		btf->patience = 0;
		return NULL;
	}
	btf->patience -= steps + 1;
	at = btf->types + btf->index[(number - 1) / INDEX_STEP];
	while (steps--) {
		struct btf_type type = type_at(at);

		at += length_of(&type);
	}
	return at;
}

/* The same, behind typedefs, const and the like. */
static const uint8_t *find_bare_type(struct fastsock_btf *btf, uint32_t number)
{
	for (int i = 0; i < MAX_MODIFIERS; i++) {
		const uint8_t *at = find_type(btf, number);
		struct btf_type type;

		if (!at)
			return NULL;
		type = type_at(at);
		switch (kind_of(&type)) {
		case BTF_TYPEDEF:
		case BTF_VOLATILE:
		case BTF_CONST:
		case BTF_RESTRICT:
		case BTF_TYPE_TAG:
			number = type.of;
			break;
		default:
			return at;
		}
	}
	return NULL;
}

/* Set a type's size in bytes; false for one that has none, or one of 512 MB. */
static bool measure_type(struct fastsock_btf *btf, const uint8_t *at, uint32_t *size)
{
	uint64_t total = 1;

	for (int i = 0; i < MAX_NESTING && at; i++) {
		struct btf_type type = type_at(at);

		switch (kind_of(&type)) {
		case BTF_ARRAY: {
			struct btf_array array = array_at(at);

			total *= array.count;
			at = find_bare_type(btf, array.type);
			break;
		}
		case BTF_PTR:
			type.of = 8;
			/* fall through */
		case BTF_INT:
		case BTF_STRUCT:
		case BTF_UNION:
		case BTF_ENUM:
		case BTF_ENUM64:
		case BTF_FLOAT:
			total *= type.of;
			*size = (uint32_t)total;
			return total < UINT32_MAX / 8;
		default:
			return false;
		}
		if (total >= UINT32_MAX / 8)
			return false;
	}
	return false;
}

int fastsock_view_btf(struct fastsock_btf *btf, const void *data, size_t size,
		      struct fastsock_error *error)
{
	struct btf_header header;
	uint64_t body;

	memset(btf, 0, sizeof(*btf));
	if (size < sizeof(header))
		return malformed(error, "%zu bytes are no header", size);
	if (size > MAX_BTF_SIZE)
		return malformed(error, "%zu bytes are too many", size);
	memcpy(&header, data, sizeof(header));
	if (header.magic != BTF_MAGIC || header.version != 1)
		return malformed(error, "magic number %#x, version %u", header.magic, header.version);
	if (header.header_size < sizeof(header) || header.header_size > size)
		return malformed(error, "a header of %u bytes", header.header_size);
	body = size - header.header_size;
	if ((header.header_size | header.types_offset) % 4)
		return malformed(error, "types at an uneven offset");
	if ((uint64_t)header.types_offset + header.types_size > body)
		return malformed(error, "types behind the end");
	if ((uint64_t)header.strings_offset + header.strings_size > body)
		return malformed(error, "strings behind the end");
	btf->types = (const uint8_t *)data + header.header_size + header.types_offset;
	btf->types_size = header.types_size;
	btf->strings = (const char *)data + header.header_size + header.strings_offset;
	btf->strings_size = header.strings_size;
	if (!btf->strings_size || btf->strings[btf->strings_size - 1])
		return malformed(error, "the last string has no end");
	btf->data = data;
	btf->size = size;
	return 0;
}

static bool read_whole(int fd, uint8_t *data, size_t size)
{
	size_t have = 0;

	while (have < size) {
		ssize_t count = read(fd, data + have, size - have);

		if (count < 0 && errno == EINTR)
			continue;
		if (count == 0)
			errno = EIO; /* shorter than fstat() said */
		if (count <= 0)
			return false;
		have += (size_t)count;
	}
	return true;
}

/* Map or read a file; NULL with errno. */
static uint8_t *take_file(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *data = MAP_FAILED;
	struct statfs system;
	struct stat status;
	int code;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) != 0)
		goto failed;
	if (!S_ISREG(status.st_mode) || status.st_size <= 0 || status.st_size > MAX_BTF_SIZE) {
		errno = EFBIG;
		if (status.st_size <= 0 || !S_ISREG(status.st_mode))
			errno = ENODATA;
		goto failed;
	}
	*size = (size_t)status.st_size;
	/* Only the kernel's own: another file may be cut while it is mapped, and that kills. */
	if (fstatfs(fd, &system) == 0 && system.f_type == SYSFS_MAGIC)
		data = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED) {
		data = mmap(NULL, *size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		if (data == MAP_FAILED)
			goto failed;
		if (!read_whole(fd, data, *size)) {
			code = errno;
			munmap(data, *size);
			errno = code;
			goto failed;
		}
	}
	close(fd);
	return data;
failed:
	code = errno;
	close(fd);
	errno = code;
	return NULL;
}

int fastsock_open_btf(struct fastsock_btf *btf, const char *path, struct fastsock_error *error)
{
	size_t size = 0;
	uint8_t *data = take_file(path, &size);

	memset(btf, 0, sizeof(*btf));
	if (!data)
		return fail(error, FASTSOCK_OPEN_BTF, errno, "%s", path);
	if (fastsock_view_btf(btf, data, size, error) != 0) {
		munmap(data, size);
		memset(btf, 0, sizeof(*btf));
		return -1;
	}
	btf->owned = 1;
	return 0;
}

void fastsock_close_btf(struct fastsock_btf *btf)
{
	free(btf->index);
	if (btf->owned)
		munmap((void *)btf->data, btf->size);
	memset(btf, 0, sizeof(*btf));
}

/* --------------------------------------------------------------------------------- the fields */

/* Two letters of the names that are looked for, as most of 100,000 others do not have them. */
static uint8_t initials(const char *name)
{
	return (uint8_t)(name[0] * 7 + name[1]);
}

/*
 * Check every type and note where every 64th begins, and where the roots are: the first of their
 * kind and name. This is the only place that goes over all types.
 */
static int index_types(struct fastsock_btf *btf, const struct fastsock_program *program,
		       uint32_t *roots, struct fastsock_error *error)
{
	const uint8_t *at = btf->types;
	const uint8_t *end = at + btf->types_size;
	bool wanted[256] = {false};
	uint32_t missing[KINDS] = {0}; /* to look at a name is half of what a type costs */
	uint32_t count = 0;

	for (uint32_t i = 0; i < program->root_count; i++) {
		wanted[initials(program->roots[i].name)] = true;
		missing[program->roots[i].kind]++;
	}
	free(btf->index); /* of a resolution before this one */
	btf->index = malloc((btf->types_size / sizeof(struct btf_type) / INDEX_STEP + 1) *
			    sizeof(*btf->index));
	if (!btf->index)
		return fail(error, FASTSOCK_PARSE_BTF, ENOMEM, "%s", "");
	while (at < end) {
		const char *name;
		uint32_t info, kind, called;
		size_t length;

		if ((size_t)(end - at) < sizeof(struct btf_type))
			return malformed(error, "type %u is cut", count + 1);
		/* Number by number: where the next type begins waits for this one's, and for no copy. */
		info = number_at(at + offsetof(struct btf_type, info));
		called = number_at(at + offsetof(struct btf_type, name));
		kind = kind_in(info);
		if (!BODIES[kind].known)
			return fail(error, FASTSOCK_PARSE_BTF, EOPNOTSUPP,
				    "type %u is of the unknown kind %u", count + 1, kind);
		length = length_by(info);
		if ((size_t)(end - at) < length)
			return malformed(error, "type %u is cut", count + 1);
		if (count % INDEX_STEP == 0)
			btf->index[count / INDEX_STEP] = (uint32_t)(at - btf->types);
		count++;
		at += length;

		if (!missing[kind])
			continue;
		name = name_at(btf, called);
		if (!name[0] || !wanted[initials(name)])
			continue;
		for (uint32_t i = 0; i < program->root_count; i++)
			if (!roots[i] && program->roots[i].kind == kind &&
			    strcmp(program->roots[i].name, name) == 0) {
				roots[i] = count;
				missing[kind]--;
			}
	}
	btf->type_count = count;
	return 0;
}

struct found_member {
	struct btf_member member;
	uint64_t bit_offset;
	uint32_t bits; /* 0: no bit field */
};

/* Find a member, also inside of anonymous structures and unions. */
static bool find_member(struct fastsock_btf *btf, const uint8_t *at, const char *name,
			size_t length, int depth, struct found_member *found)
{
	struct btf_type type = type_at(at);
	uint32_t kind = kind_of(&type);

	if ((kind != BTF_STRUCT && kind != BTF_UNION) || depth > MAX_NESTING)
		return false;
	for (uint32_t i = 0; i < member_count(&type); i++) {
		struct btf_member member = member_at(at, i);
		uint32_t offset = member.offset;
		uint32_t bits = 0;

		if (!btf->patience)
			return false;
		btf->patience--;
		if (type.info >> 31) {
			bits = offset >> 24;
			offset &= 0xffffff;
		}
		if (member.name) {
			const char *has = name_at(btf, member.name);

			if (strncmp(has, name, length) == 0 && !has[length]) {
				found->member = member;
				found->bit_offset = offset;
				found->bits = bits;
				return true;
			}
		} else {
			const uint8_t *inner = find_bare_type(btf, member.type);

			if (inner && find_member(btf, inner, name, length, depth + 1, found)) {
				found->bit_offset += offset;
				return true;
			}
		}
	}
	return false;
}

/* Step into `[2]`: the element's type, or NULL. */
static const uint8_t *find_element(struct fastsock_btf *btf, const uint8_t *at, uint32_t number,
				   uint64_t *bit_offset)
{
	struct btf_type type = type_at(at);
	struct btf_array array;
	uint32_t size;

	if (kind_of(&type) != BTF_ARRAY)
		return NULL;
	array = array_at(at);
	at = find_bare_type(btf, array.type);
	/* An array of none is one of any length. */
	if (!at || (array.count && number >= array.count) || !measure_type(btf, at, &size))
		return NULL;
	*bit_offset += (uint64_t)number * size * 8;
	return at;
}

/* Find what `path` says, from a structure on; the place stays as it is if it is not there. */
static void find_place(struct fastsock_btf *btf, const uint8_t *at, const char *path,
		       struct fastsock_place *place)
{
	struct found_member found = {.bits = 0};
	uint64_t bit_offset = 0;
	struct btf_type type;
	uint32_t size = 0;
	uint32_t kind;

	while (at && *path) {
		if (*path == '.') {
			path++;
		} else if (*path == '[') {
			char *end;
			uint32_t number = (uint32_t)strtoul(path + 1, &end, 10);

			at = find_element(btf, at, number, &bit_offset);
			path = end + 1;
		} else {
			size_t length = strcspn(path, ".[");

			if (!find_member(btf, at, path, length, 0, &found))
				return;
			bit_offset += found.bit_offset;
			at = find_bare_type(btf, found.member.type);
			path += length;
		}
	}
	if (!at || !measure_type(btf, at, &size) || bit_offset > INT32_MAX)
		return;
	type = type_at(at);
	kind = kind_of(&type);
	if (kind == BTF_INT) {
		uint32_t encoding;

		memcpy(&encoding, at + sizeof(type), sizeof(encoding));
		place->is_signed = encoding >> 24 & 1;
	} else if (kind == BTF_ENUM) {
		place->is_signed = (uint8_t)(type.info >> 31); /* a flag of its own, since Linux 6.0 */
	}
	place->is_number = kind == BTF_INT || kind == BTF_ENUM || kind == BTF_PTR;
	place->is_bit_field = found.bits != 0;
	place->bit_offset = (uint32_t)bit_offset;
	place->bit_size = found.bits ? found.bits : size * 8;
	place->type_size = size;
	place->found = 1;
}

/* Whether an enumeration has a name. */
static bool has_name(struct fastsock_btf *btf, const uint8_t *at, const char *name)
{
	struct btf_type type = type_at(at);

	for (uint32_t i = 0; i < member_count(&type); i++) {
		uint32_t offset;

		memcpy(&offset, at + sizeof(type) + (size_t)8 * i, sizeof(offset));
		if (strcmp(name_at(btf, offset), name) == 0)
			return true;
	}
	return false;
}

int fastsock_resolve(struct fastsock_btf *btf, const struct fastsock_program *program,
		     struct fastsock_resolution *resolution, struct fastsock_error *error)
{
	uint32_t roots[FASTSOCK_MAX_ROOTS] = {0};

	memset(resolution, 0, sizeof(*resolution));
	if (index_types(btf, program, roots, error) != 0)
		return -1;
	btf->patience = PATIENCE;
	resolution->attach_id = roots[0];
	for (uint32_t i = 0; i < program->field_count; i++) {
		const struct fastsock_field *field = &program->fields[i];
		struct fastsock_place *place = &resolution->places[i];
		const uint8_t *root = find_type(btf, roots[field->root]);

		if (!root)
			continue;
		place->root_id = roots[field->root];
		if (program->roots[field->root].kind == BTF_FUNC)
			place->found = 1;
		else if (program->roots[field->root].kind == BTF_ENUM)
			place->found = has_name(btf, root, field->path);
		else
			find_place(btf, root, field->path, place);
	}
	if (!btf->patience)
		return malformed(error, "the types lead in circles");

	if (!resolution->attach_id)
		return fail(error, FASTSOCK_FIND_FIELD, ENOENT, "there is no function %s",
			    program->roots[0].name);
	for (uint32_t i = 0; i < program->field_count; i++) {
		const struct fastsock_field *field = &program->fields[i];
		const char *root = program->roots[field->root].name;

		if (resolution->places[i].found ||
		    (field->guard >= 0 && !resolution->places[field->guard].found))
			continue;
		if (!roots[field->root])
			return fail(error, FASTSOCK_FIND_FIELD, ENOENT, "there is no struct %s", root);
		return fail(error, FASTSOCK_FIND_FIELD, ENOENT, "struct %s has no field %s", root,
			    field->path);
	}
	return 0;
}

/* -------------------------------------------------------------------------------- the program */

static int refuse(const struct fastsock_program *program, const struct fastsock_relocation *relocation,
		  const char *why, struct fastsock_error *error)
{
	const struct fastsock_field *field = &program->fields[relocation->target];

	return fail(error, FASTSOCK_FIND_FIELD, ERANGE, "field %s of struct %s %s", field->path,
		    program->roots[field->root].name, why);
}

/*
 * The bytes to be loaded for a bit field: its type's at a multiple of their number, or more where
 * it reaches into the next. False where 8 do not hold it.
 */
static bool place_bits(const struct fastsock_place *place, uint32_t *offset, uint32_t *size)
{
	for (uint32_t bytes = 1; bytes <= 8; bytes *= 2) {
		uint32_t start = place->bit_offset / 8 / bytes * bytes;

		if (bytes < place->type_size ||
		    place->bit_offset + place->bit_size > (start + bytes) * 8)
			continue;
		*offset = start;
		*size = bytes;
		return true;
	}
	return false;
}

/* Make a load as wide as the kernel's field is; false where that would change its value. */
static bool fit_width(struct bpf_instruction *instruction, const struct fastsock_place *place)
{
	static const uint8_t BYTES[] = {[BPF_WIDTH_4 >> 3] = 4, [BPF_WIDTH_2 >> 3] = 2,
					[BPF_WIDTH_1 >> 3] = 1, [BPF_WIDTH_8 >> 3] = 8};

	if (place->is_bit_field || BYTES[(instruction->code & BPF_WIDTH_MASK) >> 3] == place->type_size)
		return !place->is_bit_field;
	if (!place->is_number || place->is_signed)
		return false;
	for (uint8_t width = 0; width < 4; width++) {
		if (BYTES[width] != place->type_size)
			continue;
		instruction->code = (uint8_t)((instruction->code & ~BPF_WIDTH_MASK) | width << 3);
		return true;
	}
	return false;
}

/* Call a function of the kernel; where it has none, put something that the verifier overlooks. */
static void patch_call(struct bpf_instruction *instruction, const struct fastsock_place *place)
{
	if (place->found) {
		instruction->registers = BPF_KERNEL_FUNCTION << 4;
		instruction->immediate = (int32_t)place->root_id;
	} else {
		*instruction = (struct bpf_instruction){.code = BPF_ALU64 | BPF_MOVE}; /* r0 = 0 */
	}
}

static int patch_one(const struct fastsock_program *program,
		     const struct fastsock_relocation *relocation,
		     const struct fastsock_place *places, const uint64_t *constants,
		     struct bpf_instruction *instruction, struct fastsock_error *error)
{
	const struct fastsock_place *place = &places[relocation->target];
	uint64_t value;

	if (relocation->kind == FASTSOCK_CALL) {
		patch_call(instruction, place);
		return 0;
	}
	if (relocation->kind == FASTSOCK_CONSTANT) {
		value = constants[relocation->target];
	} else if (relocation->kind == FASTSOCK_TYPE_ID) {
		value = place->root_id;
	} else if (relocation->kind == FASTSOCK_EXISTS) {
		value = place->found;
	} else {
		uint32_t offset = place->bit_offset / 8;
		uint32_t size = place->type_size;

		/* It is excused, so this stands where the verifier sees that nothing goes. */
		if (!place->found)
			return 0;
		if (place->is_bit_field && !place_bits(place, &offset, &size))
			return refuse(program, relocation, "is a bit field of a strange size", error);
		switch (relocation->kind) {
		case FASTSOCK_FIELD_OFFSET:
			value = offset;
			break;
		case FASTSOCK_FIELD_SIZE:
		case FASTSOCK_TYPE_SIZE:
			value = size;
			break;
		case FASTSOCK_FIELD_SIGNED:
			value = place->is_signed;
			break;
		case FASTSOCK_LEFT_SHIFT: /* of a value in 64 bits: away with what is above it, ... */
			value = 64 - (place->bit_offset + place->bit_size - offset * 8);
			break;
		default: /* ... and back, over what is below */
			value = 64 - place->bit_size;
			break;
		}
		if (value > INT16_MAX)
			return refuse(program, relocation, "is too far from its start", error);
	}
	switch (instruction->code & BPF_CLASS_MASK) {
	case BPF_LDX:
		if (!fit_width(instruction, place))
			return refuse(program, relocation, "has another type", error);
		instruction->offset = (int16_t)value;
		break;
	case BPF_LD: /* of 64 bits: the instruction after it has the upper half */
		instruction[0].immediate = (int32_t)(uint32_t)value;
		instruction[1].immediate = (int32_t)(uint32_t)(value >> 32);
		break;
	default: /* arithmetic */
		instruction->immediate = (int32_t)value;
		break;
	}
	return 0;
}

int fastsock_patch(const struct fastsock_program *program,
		   const struct fastsock_resolution *resolution,
		   const struct fastsock_constants *constants, uint64_t *instructions,
		   struct fastsock_error *error)
{
	uint64_t values[sizeof(*constants) / sizeof(uint64_t)];

	memcpy(values, constants, sizeof(values));
	memcpy(instructions, program->instructions,
	       program->instruction_count * sizeof(*instructions));
	for (uint32_t i = 0; i < program->relocation_count; i++) {
		const struct fastsock_relocation *relocation = &program->relocations[i];
		struct bpf_instruction pair[2];
		uint64_t *at = &instructions[relocation->instruction];
		size_t size = sizeof(pair[0]);

		memcpy(pair, at, size);
		if ((pair[0].code & BPF_CLASS_MASK) == BPF_LD) { /* a load of 64 bits is two instructions */
			size = sizeof(pair);
			memcpy(pair, at, size);
		}
		if (patch_one(program, relocation, resolution->places, values, pair, error) != 0)
			return -1;
		memcpy(at, pair, size);
	}
	return 0;
}

/* ------------------------------------------------------------------------------------- bpf(2) */

static int enter_bpf(enum bpf_command command, const void *attributes, size_t size)
{
	return (int)syscall(FASTSOCK_NR_BPF, command, attributes, size);
}

/* Keep the last line that says something: the log ends with one of statistics. */
static void keep_last_words(char *log, struct fastsock_error *error)
{
	char *line = NULL;
	char *rest = log;
	char *next;

	while ((next = strtok_r(rest, "\n", &rest)))
		if (strncmp(next, "processed ", 10) != 0)
			line = next;
	if (line)
		snprintf(error->detail, sizeof(error->detail), "%s", line);
}

/* Forget the kernel's functions; false where there were none. */
static bool forget_functions(const struct fastsock_program *program,
			     struct fastsock_resolution *resolution)
{
	bool found = false;

	for (uint32_t i = 0; i < program->field_count; i++) {
		if (program->roots[program->fields[i].root].kind != BTF_FUNC)
			continue;
		found |= resolution->places[i].found;
		resolution->places[i].found = 0;
	}
	return found;
}

static int load(const struct fastsock_program *program,
		const struct fastsock_resolution *resolution,
		const struct fastsock_constants *constants, struct fastsock_error *error)
{
	uint64_t instructions[FASTSOCK_MAX_INSTRUCTIONS];
	struct bpf_load attributes = {
		.prog_type = FASTSOCK_PROG_TYPE_TRACING,
		.expected_attach_type = FASTSOCK_TRACE_ITER,
		.attach_btf_id = resolution->attach_id,
		.insns = (uintptr_t)instructions,
		.insn_cnt = program->instruction_count,
		.license = (uintptr_t) "Dual MIT/GPL", /* as in sockets.bpf.c; some helpers ask */
	};
	char *log;
	int fd;

	if (fastsock_patch(program, resolution, constants, instructions, error) != 0)
		return -1;
	strncpy(attributes.prog_name, program->name, sizeof(attributes.prog_name) - 1);
	fd = enter_bpf(FASTSOCK_PROG_LOAD, &attributes, sizeof(attributes));
	if (fd >= 0)
		return fd;
	fail(error, FASTSOCK_LOAD_PROGRAM, errno, "%s", "");
	/* What the verifier says; other errors are not its, and the log costs a second try. */
	if (error->code != EACCES && error->code != EINVAL)
		return -1;
	log = calloc(1, LOG_SIZE);
	if (!log)
		return -1; /* the error is told, without the verifier's words */
	attributes.log_level = 1;
	attributes.log_size = LOG_SIZE;
	attributes.log_buf = (uintptr_t)log;
	fd = enter_bpf(FASTSOCK_PROG_LOAD, &attributes, sizeof(attributes));
	if (fd < 0) {
		log[LOG_SIZE - 1] = 0;
		keep_last_words(log, error);
	}
	free(log);
	return fd;
}

int fastsock_load(const struct fastsock_program *program,
		  const struct fastsock_resolution *resolution,
		  const struct fastsock_constants *constants, struct fastsock_error *error)
{
	struct fastsock_resolution without = *resolution;
	int fd = load(program, resolution, constants, error);

	/*
	 * A kernel may have a function in its BTF and let nobody call it: without the JIT compiler
	 * (net.core.bpf_jit_enable) none can be called. The program does without.
	 */
	if (fd < 0 && error->step == FASTSOCK_LOAD_PROGRAM && error->code != EPERM &&
	    forget_functions(program, &without))
		fd = load(program, &without, constants, error);
	return fd;
}

int fastsock_attach(int program, uint32_t pid, struct fastsock_error *error)
{
	struct bpf_task task = {.pid = pid};
	struct bpf_attach attributes = {
		.prog_fd = (uint32_t)program,
		.attach_type = FASTSOCK_TRACE_ITER,
	};
	int fd;

	if (pid) {
		attributes.iter_info = (uintptr_t)&task;
		attributes.iter_info_len = sizeof(task);
	}
	fd = enter_bpf(FASTSOCK_LINK_CREATE, &attributes, sizeof(attributes));
	if (fd >= 0)
		return fd;
	if (pid)
		return fail(error, FASTSOCK_ATTACH_LINK, errno, "process %u", pid);
	return fail(error, FASTSOCK_ATTACH_LINK, errno, "%s", "");
}

/* The kernel before 6.1 finds set bytes behind the end of what it knows. */
int fastsock_has_no_task_filter(const struct fastsock_error *error)
{
	return error->step == FASTSOCK_ATTACH_LINK && error->code == E2BIG;
}

int fastsock_iterate(int link, struct fastsock_error *error)
{
	struct bpf_iterate attributes = {.link_fd = (uint32_t)link};
	int fd = enter_bpf(FASTSOCK_ITER_CREATE, &attributes, sizeof(attributes));

	if (fd < 0)
		return fail(error, FASTSOCK_MAKE_ITERATOR, errno, "%s", "");
	return fd;
}

int fastsock_pin(int fd, const char *path, struct fastsock_error *error)
{
	struct bpf_object attributes = {.pathname = (uintptr_t)path, .bpf_fd = (uint32_t)fd};

	if (enter_bpf(FASTSOCK_OBJ_PIN, &attributes, sizeof(attributes)) < 0)
		return fail(error, FASTSOCK_PIN, errno, "%s", path);
	return 0;
}

int fastsock_open_pin(const char *path, struct fastsock_error *error)
{
	struct bpf_object attributes = {.pathname = (uintptr_t)path};
	int fd = enter_bpf(FASTSOCK_OBJ_GET, &attributes, sizeof(attributes));

	if (fd < 0)
		return fail(error, FASTSOCK_OPEN_PIN, errno, "%s", path);
	return fd;
}

unsigned int fastsock_ticks_per_second(void)
{
	struct timespec tick;

	/* The coarse clock moves once a tick. */
	if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) != 0 || tick.tv_sec || tick.tv_nsec <= 0)
		return 0;
	return (unsigned int)((1000000000 + tick.tv_nsec / 2) / tick.tv_nsec);
}
