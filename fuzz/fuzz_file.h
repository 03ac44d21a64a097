/* fuzz_file.h - the input as a file, for readers that take a name. Linux: a file that has none. */
#ifndef TAUT_FUZZ_FILE_H
#define TAUT_FUZZ_FILE_H

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

struct fuzz_file {
	int fd;
	char name[32];
};

static inline void fuzz_file_begin(struct fuzz_file *f, const uint8_t *data, size_t size)
{
	f->fd = memfd_create("fuzz", 0);
	if (f->fd < 0 || (size > 0 && write(f->fd, data, size) != (ssize_t)size))
		abort();
	(void)snprintf(f->name, sizeof f->name, "/proc/self/fd/%d", f->fd);
}

static inline void fuzz_file_end(struct fuzz_file *f)
{
	(void)close(f->fd);
}

#endif
