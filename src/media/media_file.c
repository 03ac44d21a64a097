/* media_file.c - a file being read. */
#define _POSIX_C_SOURCE 200809L
#include "media/media_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/work.h"

int tt_file_open(struct tt_file *f, const char *name, struct taut_media_error *error)
{
	struct stat st;

	*f = (struct tt_file){ .name = strdup(name) };
	if (!f->name)
		return tt_media_fail(error, TAUT_E_NOMEM, "%s: out of memory", name);
	f->stream = fopen(name, "rb");
	if (!f->stream || fstat(fileno(f->stream), &st) != 0) {
		int why = errno;

		tt_file_close(f);
		return tt_media_fail(error, TAUT_E_IO, "%s: cannot be opened: %s", name,
				     strerror(why));
	}
	if (!S_ISREG(st.st_mode)) {
		tt_file_close(f);
		return tt_media_fail(error, TAUT_E_IO, "%s: is not a regular file", name);
	}
	f->size = (uint64_t)st.st_size;
	return TAUT_OK;
}

void tt_file_close(struct tt_file *f)
{
	if (f->stream)
		(void)fclose(f->stream);
	free(f->name);
	*f = (struct tt_file){ 0 };
}

uint64_t tt_file_left(const struct tt_file *f)
{
	return f->size - f->offset;
}

bool tt_file_read(struct tt_file *f, void *out, size_t len)
{
	if (len > tt_file_left(f) || fread(out, 1, len, f->stream) != len)
		return false;
	tt_work(len);
	f->offset += len;
	return true;
}

bool tt_file_seek(struct tt_file *f, uint64_t offset)
{
	if (offset > f->size || fseeko(f->stream, (off_t)offset, SEEK_SET) != 0)
		return false;
	f->offset = offset;
	return true;
}

int tt_file_broken(const struct tt_file *f, struct taut_media_error *error, const char *format, ...)
{
	char text[320];
	va_list args;

	va_start(args, format);
	if (vsnprintf(text, sizeof text, format, args) < 0)
		text[0] = '\0';
	va_end(args);
	return tt_media_fail(error, TAUT_E_SYNTAX, "%s: at byte %llu: %s", f->name,
			     (unsigned long long)f->offset, text);
}
