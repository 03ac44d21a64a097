/* who.c - who asked for this memory? The stack says.
 *
 * The innermost frame inside the program itself decides. Its function is of src when the
 * symbol table says that it stands in one of src's files, which CMake lists for us, or when its
 * name begins as those of src do (the linker makes hidden symbols local, under no file). An allocator that a test has given to
 * an environment (its name says realloc) works for src: the frame behind it is tt_resize. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <unwind.h>

#include "torture.h"
#include "torture_sources.h" /* static const char *const src_files[] */

enum { HASHED = 8 }; /* unless the settings say otherwise */

struct function {
	uintptr_t at;
	size_t size;
	const char *name;
	bool ours;
};

static struct {
	uintptr_t base, end; /* of the program */
	uintptr_t stack_end;
	struct function *functions;
	size_t count;
} who;

extern void *__libc_stack_end;

static bool is_src_file(const char *name)
{
	for (size_t i = 0; i < sizeof src_files / sizeof src_files[0]; i++)
		if (strcmp(src_files[i], name) == 0)
			return true;
	return false;
}

static bool is_src_name(const char *name)
{
	return strncmp(name, "tt_", 3) == 0 || strncmp(name, "taut_", 5) == 0;
}

static int by_address(const void *a, const void *b)
{
	const struct function *f = a, *g = b;

	return f->at < g->at ? -1 : f->at > g->at;
}

static void read_symbols(const char *elf, const Elf64_Shdr *table, const Elf64_Shdr *names)
{
	const Elf64_Sym *sym = (const void *)(elf + table->sh_offset);
	const char *text = elf + names->sh_offset;
	bool in_src = false;

	who.functions = mmap(NULL, table->sh_size / sizeof *sym * sizeof *who.functions,
			     PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (who.functions == MAP_FAILED)
		abort();
	for (size_t i = 0; i < table->sh_size / sizeof *sym; i++) {
		const char *name = text + sym[i].st_name;
		const int type = ELF64_ST_TYPE(sym[i].st_info);
		const bool local = ELF64_ST_BIND(sym[i].st_info) == STB_LOCAL;
		if (type == STT_FILE)
			in_src = is_src_file(name);
		if (type != STT_FUNC || sym[i].st_shndx == SHN_UNDEF)
			continue;
		who.functions[who.count++] = (struct function){
			.at = who.base + sym[i].st_value,
			.size = sym[i].st_size,
			.name = name,
			.ours = (local && in_src) || is_src_name(name),
		};
	}
	qsort(who.functions, who.count, sizeof *who.functions, by_address);
}

static int first_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size, (void)arg;
	who.base = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD) {
			const uintptr_t end =
				who.base + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;
			who.end = end > who.end ? end : who.end;
		}
	return 1; /* the program comes first */
}

void torture_who_init(void)
{
	struct stat st;
	const int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	who.stack_end = (uintptr_t)__libc_stack_end;
	dl_iterate_phdr(first_object, NULL);
	if (fd < 0 || fstat(fd, &st) != 0)
		abort();
	const char *elf = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (elf == MAP_FAILED)
		abort();
	close(fd);
	const Elf64_Ehdr *head = (const void *)elf;
	const Elf64_Shdr *sections = (const void *)(elf + head->e_shoff);
	for (int i = 0; i < head->e_shnum; i++)
		if (sections[i].sh_type == SHT_SYMTAB)
			read_symbols(elf, &sections[i], &sections[sections[i].sh_link]);
}

void (*torture_function(const char *name))(void)
{
	for (size_t i = 0; i < who.count; i++)
		if (strcmp(who.functions[i].name, name) == 0)
			return (void (*)(void))who.functions[i].at;
	return NULL;
}

static bool in_program(uintptr_t pc)
{
	return pc >= who.base && pc < who.end;
}

static const struct function *function_of(uintptr_t pc)
{
	size_t low = 0, high = who.count;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;
		if (who.functions[mid].at <= pc)
			low = mid + 1;
		else
			high = mid;
	}
	return low > 0 && pc - who.functions[low - 1].at <= who.functions[low - 1].size
		       ? &who.functions[low - 1]
		       : NULL;
}

static _Unwind_Reason_Code add_frame(struct _Unwind_Context *context, void *arg)
{
	struct torture_stack *s = arg;

	if (s->count == TORTURE_FRAMES)
		return _URC_END_OF_STACK;
	s->pc[s->count++] = (uintptr_t)_Unwind_GetIP(context);
	return _URC_NO_REASON;
}

/* The program keeps frame pointers, libraries do not: through those only the unwinder finds
 * the way, at a hundred times the price. */
void torture_walk(struct torture_stack *s, void *frame, void *ret)
{
	s->count = 0;
	if (in_program((uintptr_t)ret) && getpid() == gettid()) {
		const uintptr_t *fp = frame;
		while (s->count < TORTURE_FRAMES && in_program(fp[1])) {
			s->pc[s->count++] = fp[1];
			const uintptr_t next = fp[0];
			if (next <= (uintptr_t)fp || next + 16 > who.stack_end || next % 8 != 0)
				break;
			fp = (const uintptr_t *)next;
		}
		return;
	}
	_Unwind_Backtrace(add_frame, s);
	size_t skip = 0;
	while (skip < s->count && s->pc[skip] != (uintptr_t)ret)
		skip++;
	if (skip == s->count)
		skip = 0;
	s->count -= skip;
	memmove(s->pc, s->pc + skip, s->count * sizeof s->pc[0]);
}

bool torture_is_nss(const struct torture_stack *s)
{
	static const char *const names[] = { "libnss",    "libnspr", "libsoftokn",
					     "libfreebl", "libplc",  "libplds" };
	const char *library = torture_library(s);

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strncmp(library, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* The sanitizer looks at a new thread before anybody else, and insists on its memory. */
static bool is_start_of_thread(const struct torture_stack *s)
{
	Dl_info info;

	for (size_t i = 0; i < s->count && dladdr((void *)s->pc[i], &info); i++)
		if (!strstr(info.dli_fname, "/libc."))
			return strstr(info.dli_fname, "/libasan.") != NULL;
	return false;
}

bool torture_is_ours(const struct torture_stack *s)
{
	size_t i = 0;

	while (i < s->count && !in_program(s->pc[i]))
		i++;
	if (i == s->count) /* a thread of a library: it works for us */
		return s->count > 0 && getpid() != gettid() && !is_start_of_thread(s);
	const struct function *f = function_of(s->pc[i] - 1);
	if (!f || f->ours)
		return f != NULL;
	while (f && !f->ours && strstr(f->name, "realloc") && ++i < s->count)
		f = function_of(s->pc[i] - 1);
	return f && strcmp(f->name, "tt_resize") == 0;
}

const char *torture_library(const struct torture_stack *s)
{
	Dl_info info;

	if (s->count == 0 || in_program(s->pc[0]) || !dladdr((void *)s->pc[0], &info))
		return "";
	const char *slash = strrchr(info.dli_fname, '/');
	return slash ? slash + 1 : info.dli_fname;
}

void torture_name(uintptr_t pc, char *out, size_t size)
{
	const struct function *f = in_program(pc) ? function_of(pc - 1) : NULL;
	const struct torture_stack s = { .pc = { pc }, .count = 1 };
	Dl_info info;

	if (in_program(pc))
		snprintf(out, size, "%s (program+0x%lx)", f ? f->name : "?",
			 (unsigned long)(pc - 1 - who.base));
	else if (dladdr((void *)pc, &info) && info.dli_sname)
		snprintf(out, size, "%s (%s)", info.dli_sname, torture_library(&s));
	else
		snprintf(out, size, "? (%s)", torture_library(&s));
}

void torture_print(const struct torture_stack *s)
{
	char name[300];

	for (size_t i = 0; i < s->count; i++) {
		torture_name(s->pc[i], name, sizeof name);
		fprintf(stderr, "    %s\n", name);
	}
	fflush(stderr);
}

struct find {
	uintptr_t pc, base;
};

static int holds(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct find *f = arg;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		if (h->p_type == PT_LOAD && f->pc - info->dlpi_addr - h->p_vaddr < h->p_memsz)
			f->base = info->dlpi_addr;
	}
	return f->base != 0;
}

static uint64_t hash_word(uint64_t h, uint64_t v)
{
	return (h ^ v) * 0x100000001b3u;
}

/* A place in a library is an offset, one in the program the name of its function: so that the
 * same stack has the same number in all programs. */
uint64_t torture_hash(const struct torture_stack *s)
{
	const long most = torture_set.depth > 0 ? torture_set.depth : HASHED;
	uint64_t h = 0xcbf29ce484222325u;
	long n = 0;

	for (size_t i = 0; i < s->count && n < most; i++) {
		struct find f = { .pc = s->pc[i] };
		if (torture_set.depth > 0 && !in_program(f.pc))
			continue;
		const struct function *of = in_program(f.pc) ? function_of(f.pc - 1) : NULL;
		if (of && torture_library(s)[0] != '\0') {
			for (const char *c = of->name; *c; c++)
				h = hash_word(h, (unsigned char)*c);
		} else {
			dl_iterate_phdr(holds, &f);
			h = hash_word(h, f.pc - f.base);
		}
		n++;
	}
	return h;
}
