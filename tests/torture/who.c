/* who.c - who asked for this memory? The stack says.
 *
 * The innermost frame inside the program itself decides. Its function is of src when the
 * symbol table says that it stands in one of src's files, which CMake lists for us, or when its
 * name begins as those of src do (the linker makes hidden symbols local, under no file). An allocator that a test has given to
 * an environment (its name says realloc) works for src: the frame behind it is tt_resize. So does
 * what a test has linked in between (__wrap_): whoever called that has asked. */
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

struct walk {
	struct torture_stack *s;
	uintptr_t fp; /* of the innermost frame inside the program */
	bool main;    /* on the stack whose end we know */
};

static _Unwind_Reason_Code add_frame(struct _Unwind_Context *context, void *arg)
{
	struct walk *w = arg;

	if (w->s->count == TORTURE_FRAMES)
		return _URC_END_OF_STACK;
	w->s->pc[w->s->count++] = (uintptr_t)_Unwind_GetIP(context);
	if (!w->main || !in_program(w->s->pc[w->s->count - 1]))
		return _URC_NO_REASON;
	w->fp = _Unwind_GetGR(context, 6); /* rbp */
	return _URC_END_OF_STACK;
}

/* What is linked into the program from elsewhere (a sanitizer's own) keeps none: its rbp is any
 * number, so it must point into the stack. */
static void follow(struct torture_stack *s, uintptr_t at)
{
	const uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	while (s->count < TORTURE_FRAMES && at % 8 == 0 && at >= here && at + 16 <= who.stack_end) {
		const uintptr_t *fp = (const uintptr_t *)at;
		if (!in_program(fp[1]))
			break;
		s->pc[s->count++] = fp[1];
		if (fp[0] <= at)
			break;
		at = fp[0];
	}
}

/* Asked of the kernel once by each thread: two calls for each allocation would be felt. */
static bool is_main_thread(void)
{
	static _Thread_local enum { UNKNOWN, MAIN, OTHER } thread;

	if (thread == UNKNOWN)
		thread = getpid() == gettid() ? MAIN : OTHER;
	return thread == MAIN;
}

/* The program keeps frame pointers, libraries do not: through those only the unwinder finds
 * the way, at a hundred times the price. */
void torture_walk(struct torture_stack *s, void *frame, void *ret)
{
	struct walk w = { .s = s, .main = is_main_thread() };

	s->count = 0;
	if (in_program((uintptr_t)ret) && w.main) {
		follow(s, (uintptr_t)frame);
		return;
	}
	_Unwind_Backtrace(add_frame, &w);
	size_t skip = 0;
	while (skip < s->count && s->pc[skip] != (uintptr_t)ret)
		skip++;
	if (skip == s->count)
		skip = 0;
	s->count -= skip;
	memmove(s->pc, s->pc + skip, s->count * sizeof s->pc[0]);
	if (w.fp)
		follow(s, w.fp);
}

/* Where an object is loaded, and its name without folders. dladdr would look through all of its
 * symbols, for each of millions of calls. */
static uintptr_t object_of(uintptr_t pc, const char **name)
{
	struct dl_find_object o;

	*name = "";
	if (_dl_find_object((void *)pc, &o) != 0)
		return 0;
	const char *slash = strrchr(o.dlfo_link_map->l_name, '/');
	*name = slash ? slash + 1 : o.dlfo_link_map->l_name;
	return o.dlfo_link_map->l_addr;
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
	const char *name;

	for (size_t i = 0; i < s->count && object_of(s->pc[i], &name) != 0; i++)
		if (strncmp(name, "libc.", 5) != 0)
			return strncmp(name, "libasan.", 8) == 0;
	return false;
}

bool torture_is_ours(const struct torture_stack *s)
{
	size_t i = 0;

	while (i < s->count && !in_program(s->pc[i]))
		i++;
	if (i == s->count) /* a thread of a library: it works for us */
		return s->count > 0 && !is_main_thread() && !is_start_of_thread(s);
	const struct function *f = function_of(s->pc[i] - 1);
	while (f && strncmp(f->name, "__wrap_", 7) == 0)
		f = ++i < s->count ? function_of(s->pc[i] - 1) : NULL;
	if (!f || f->ours)
		return f != NULL;
	while (f && !f->ours && strstr(f->name, "realloc") && ++i < s->count)
		f = function_of(s->pc[i] - 1);
	return f && strcmp(f->name, "tt_resize") == 0;
}

const char *torture_library(const struct torture_stack *s)
{
	const char *name = "";

	if (s->count > 0 && !in_program(s->pc[0]))
		object_of(s->pc[0], &name);
	return name;
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

void torture_place(uintptr_t pc, char *out, size_t size)
{
	static char program[4000];
	struct dl_find_object o;

	if (program[0] == '\0' && readlink("/proc/self/exe", program, sizeof program - 1) < 0)
		program[0] = '?';
	if (_dl_find_object((void *)pc, &o) != 0) {
		snprintf(out, size, "?+0x0");
		return;
	}
	const char *file = o.dlfo_link_map->l_name;
	snprintf(out, size, "%s+0x%lx", file[0] != '\0' ? file : program,
		 (unsigned long)(pc - o.dlfo_link_map->l_addr));
}

bool torture_is_shim(uintptr_t pc)
{
	const char *name;

	object_of(pc, &name);
	return strncmp(name, "libasan.", 8) == 0 || strcmp(name, "libtorture.so") == 0;
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

static uint64_t hash_word(uint64_t h, uint64_t v)
{
	return (h ^ v) * 0x100000001b3u;
}

/* A place in a library is an offset, one in the program the name of its function: so that the
 * same stack has the same number in all programs. */
uint64_t torture_hash(const struct torture_stack *s)
{
	const long most = torture_set.depth > 0 ? torture_set.depth : HASHED;
	const bool library = torture_library(s)[0] != '\0';
	uint64_t h = 0xcbf29ce484222325u;
	long n = 0;

	for (size_t i = 0; i < s->count && n < most; i++) {
		const uintptr_t pc = s->pc[i];
		const char *name;
		if (torture_set.depth > 0 && !in_program(pc))
			continue;
		const struct function *of = in_program(pc) ? function_of(pc - 1) : NULL;
		if (of && library) {
			for (const char *c = of->name; *c; c++)
				h = hash_word(h, (unsigned char)*c);
		} else {
			h = hash_word(h, pc - object_of(pc, &name));
		}
		n++;
	}
	return h;
}
