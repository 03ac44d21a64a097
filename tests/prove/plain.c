/* plain.c - the proofs as programs: what their tools take for any bytes are those of files here.
 *
 * So that they compile and run where neither Frama-C nor CBMC is. Each file is tried whole, cut
 * to N, and at every shorter length; the sanitizers look on. It shows nothing for other bytes. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prove.h"

int prove_once(void);

static uint8_t given[N];
static size_t length, draws;
static uint32_t state;

/* The first is the length of the packet; then whatever the bytes make of it. */
size_t any_of(size_t most)
{
	if (draws++ == 0)
		return length;
	state = state * 1664525u + 1013904223u;
	const size_t n = state >> 8 & (state >> 5 & 1 ? 0xf : 0xffff);
	return most == SIZE_MAX ? (state % 61 ? n : SIZE_MAX - n) : n % (most + 1);
}

/* It ends where its array ends. */
void fill(uint8_t *p, size_t n)
{
	memset(p, 0, n - length);
	memcpy(p + (n - length), given, length);
}

static void try_file(const char *name)
{
	FILE *f = fopen(name, "rb");

	if (!f) {
		perror(name);
		exit(1);
	}
	const size_t len = fread(given, 1, sizeof given, f);
	(void)fclose(f);
	for (length = 0; length <= len; length++) {
		draws = 0;
		state = state * 31 + given[length % sizeof given];
		(void)prove_once();
	}
}

/* The files of a folder; how many. */
static int try_folder(const char *folder)
{
	char name[1024];
	DIR *d = opendir(folder);
	int n = 0;

	if (!d) {
		perror(folder);
		exit(1);
	}
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(name, sizeof name, "%s/%s", folder, e->d_name);
		try_file(name);
		n++;
	}
	(void)closedir(d);
	return n;
}

int main(int argc, char **argv)
{
	int files = 0;

	for (int i = 1; i < argc; i++)
		files += try_folder(argv[i]);
	printf("%d files, each at every length to %d\n", files, N);
	return files > 0 ? 0 : 1;
}
