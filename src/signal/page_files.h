/* page_files.h - the files of web/, embedded by cmake/embed.cmake. */
#ifndef TAUT_SIGNAL_PAGE_FILES_H
#define TAUT_SIGNAL_PAGE_FILES_H

#include <stddef.h>

struct tt_page_file {
	const char *path; /* "/index.html" */
	const unsigned char *data;
	size_t len;
};

extern const struct tt_page_file tt_page_files[]; /* ended by a NULL path */

#endif
