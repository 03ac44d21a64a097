/* replay.c - run a fuzz target over files instead of over libFuzzer's inventions.
 *
 *     replay_NAME FILE-OR-FOLDER... [--corpus FOLDER...]
 *
 * Folders after --corpus are looked for below $TAUT_CORPUS, or ../shared/corpus beside the source.
 * Those that are not there are said and skipped; what stands before --corpus has to be there, and
 * has to have an input. Each input lies in a buffer of exactly its size, so that
 * AddressSanitizer sees a read one past it. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

enum { PATH_ROOM = 4096 };

static unsigned long runs;

static void run(const uint8_t *data, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1);

	if (!exact)
		abort();
	if (len > 0)
		memcpy(exact, data, len);
	(void)LLVMFuzzerTestOneInput(exact, len);
	free(exact);
	runs++;
}

static int replay_file(const char *path, size_t size)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(size ? size : 1);

	if (!f || !data) {
		perror(path);
		if (f)
			(void)fclose(f);
		free(data);
		return 1;
	}
	const size_t got = fread(data, 1, size, f);
	(void)fclose(f);
	run(data, got);
	free(data);
	return 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int replay(const char *path);

static int replay_folder(const char *path)
{
	struct dirent **entries;
	int bad = 0;
	const int n = scandir(path, &entries, NULL, by_name);

	for (int i = 0; i < n; i++) {
		char inner[PATH_ROOM];
		const int len = snprintf(inner, sizeof inner, "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && len > 0 && (size_t)len < sizeof inner)
			bad |= replay(inner);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return bad;
}

static int replay(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		perror(path);
		return 1;
	}
	return S_ISDIR(st.st_mode) ? replay_folder(path) : replay_file(path, (size_t)st.st_size);
}

static int replay_all(const char *path)
{
	const unsigned long before = runs;
	const int bad = replay(path);

	if (!bad && runs == before)
		(void)fprintf(stderr, "%s: nothing is in it\n", path);
	return bad || runs == before;
}

static int replay_corpus(const char *name)
{
	const char *root = getenv("TAUT_CORPUS");
	char path[PATH_ROOM];

	(void)snprintf(path, sizeof path, "%s/%s",
		       root ? root : TAUT_SOURCE_DIR "/../shared/corpus", name);
	if (access(path, F_OK) != 0) {
		printf("not there: %s\n", path);
		return 0;
	}
	return replay(path);
}

int main(int argc, char **argv)
{
	int bad = 0, corpus = 0;

	run((const uint8_t *)"", 0);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--corpus") == 0)
			corpus = 1;
		else
			bad |= corpus ? replay_corpus(argv[i]) : replay_all(argv[i]);
	}
	printf("%lu inputs\n", runs);
	return bad;
}
