/* cmd_bench.c - `taut bench`: starts taut-bench, the program beside this one.
 *
 * It is a program of its own because it stands in for malloc, to count it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

static int run(int argc, char **argv)
{
	static char name[] = "taut-bench";
	char path[4096];
	const ssize_t n = readlink("/proc/self/exe", path, sizeof path - sizeof name - 1);
	char *slash = n > 0 ? memrchr(path, '/', (size_t)n) : NULL;

	(void)argc;
	if (!slash) {
		(void)fprintf(stderr, "taut bench: where is this program? %s\n", strerror(errno));
		return CLI_FAILED;
	}
	memcpy(slash + 1, name, sizeof name);
	argv[0] = name;
	(void)execv(path, argv);
	(void)fprintf(stderr, "taut bench: %s: %s\n", path, strerror(errno));
	return CLI_FAILED;
}

const struct cli_command cli_bench = {
	.name = "bench",
	.summary = "Measures CPU time, packets and allocations beside the bare limit.",
	.run = run,
};
