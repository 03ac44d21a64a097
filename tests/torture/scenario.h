/* scenario.h - what programs share that hold whatever fails (tests/torture/scenario_*.c): the library in front is asked, if
 * there is one. */
#ifndef TAUT_TEST_SCENARIO_H
#define TAUT_TEST_SCENARIO_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <dlfcn.h>
#include <stdbool.h>

#include "taut/taut.h"

static inline bool asks(const char *name)
{
	bool (*answer)(void);

	*(void **)&answer = dlsym(RTLD_DEFAULT, name);
	return answer && answer();
}

#define anything_failed() asks("torture_has_failed")
#define keeps_failing()   asks("torture_keeps_failing")

static inline int count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* What a header names, ended by TAUT_OK. */
#define ONE_OF(...) ((const int[]){ __VA_ARGS__, TAUT_OK })

/* True: it worked. Else something has failed, and it says what its header names. */
static inline bool worked(int rc, const int *named)
{
	if (rc >= 0)
		return true;
	assert_true(anything_failed());
	while (*named != TAUT_OK && *named != rc)
		named++;
	assert_int_equal(*named, rc);
	return false;
}

enum { TRIES = 2 }; /* of what is to work again where it has failed once */

/* One failure spoils one try at most, unless it lasts. */
static inline void enough(int whole)
{
	assert_true(whole >= TRIES - (int)anything_failed() || keeps_failing());
}

#endif
