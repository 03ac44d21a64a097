/* wraps: getaddrinfo freeaddrinfo pthread_create pthread_attr_init pthread_mutex_init calloc malloc */
/* Names, with a resolver of the system that says what it is told to say, when it is told to. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "io/io_resolve.h"

enum { DEADLINE_MS = 5000, FOUND = 24 };

static struct {
	int says, error; /* of getaddrinfo, and errno */
	struct addrinfo found[FOUND];
	struct sockaddr_in6 addrs[FOUND];
	size_t count;
	pthread_mutex_t gate; /* getaddrinfo passes when it is open */
	const char *refused;  /* the call that fails */
	atomic_bool no_memory;
} sys = { .gate = PTHREAD_MUTEX_INITIALIZER };

int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		       struct addrinfo **out);
int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		       struct addrinfo **out)
{
	(void)node, (void)service, (void)hints;
	pthread_mutex_lock(&sys.gate);
	pthread_mutex_unlock(&sys.gate);
	*out = sys.count > 0 ? sys.found : NULL;
	errno = sys.error;
	return sys.says;
}

void __wrap_freeaddrinfo(struct addrinfo *all);
void __wrap_freeaddrinfo(struct addrinfo *all)
{
	(void)all;
}

static bool refused(const char *call)
{
	return sys.refused && strcmp(sys.refused, call) == 0;
}

int __real_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*run)(void *), void *arg);
int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*run)(void *), void *arg);
int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*run)(void *), void *arg)
{
	return refused("pthread_create") ? EAGAIN : __real_pthread_create(t, a, run, arg);
}

int __real_pthread_attr_init(pthread_attr_t *attr);
int __wrap_pthread_attr_init(pthread_attr_t *attr);
int __wrap_pthread_attr_init(pthread_attr_t *attr)
{
	return refused("pthread_attr_init") ? ENOMEM : __real_pthread_attr_init(attr);
}

int __real_pthread_mutex_init(pthread_mutex_t *lock, const pthread_mutexattr_t *attr);
int __wrap_pthread_mutex_init(pthread_mutex_t *lock, const pthread_mutexattr_t *attr);
int __wrap_pthread_mutex_init(pthread_mutex_t *lock, const pthread_mutexattr_t *attr)
{
	return refused("pthread_mutex_init") ? EAGAIN : __real_pthread_mutex_init(lock, attr);
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
	return refused("calloc") ? NULL : __real_calloc(n, size);
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
	return sys.no_memory ? NULL : __real_malloc(size);
}

struct world {
	struct tt_post post;
	struct tt_resolver *rs;
	struct tt_resolved last;
	size_t answers;
};

static void on_resolved(struct tt_resolved *r)
{
	struct world *w = r->user;

	w->last = *r;
	w->answers++;
}

static void open_world(struct world *w)
{
	*w = (struct world){ 0 };
	sys.refused = NULL;
	sys.says = sys.error = 0;
	sys.count = 0;
	assert_int_equal(tt_post_init(&w->post), 0);
	w->rs = tt_resolver_new(&w->post, on_resolved, w);
	assert_non_null(w->rs);
}

static void close_world(struct world *w)
{
	tt_resolver_free(w->rs);
	tt_post_free(&w->post);
}

static void wait_for(struct world *w, size_t answers)
{
	while (w->answers < answers) {
		struct pollfd ready = { .fd = w->post.wake, .events = POLLIN };
		assert_int_equal(poll(&ready, 1, DEADLINE_MS), 1);
		tt_post_run(&w->post);
		tt_resolver_deliver(w->rs);
	}
}

static struct tt_resolved *look_up(struct world *w)
{
	assert_int_equal(tt_resolver_ask(w->rs, 5, 6, "a.example"), 0);
	wait_for(w, w->answers + 1);
	assert_int_equal(w->last.key, 5);
	assert_int_equal(w->last.flow, 6);
	return &w->last;
}

static void find(int family, uint8_t last_byte, socklen_t len)
{
	const size_t i = sys.count++;

	sys.addrs[i] = (struct sockaddr_in6){ .sin6_family = (sa_family_t)family };
	sys.addrs[i].sin6_addr.s6_addr[15] = last_byte;
	if (family == AF_INET)
		((struct sockaddr_in *)&sys.addrs[i])->sin_addr.s_addr =
			htonl(0x0a000000u + last_byte);
	sys.found[i] = (struct addrinfo){ .ai_family = family,
					  .ai_addrlen = len,
					  .ai_addr = (struct sockaddr *)&sys.addrs[i] };
	if (i > 0)
		sys.found[i - 1].ai_next = &sys.found[i];
}

static void what_the_resolver_says_becomes_an_errno(void **state)
{
	static const struct {
		int says, error, os_errno;
	} all[] = {
		{ EAI_AGAIN, 0, EAGAIN },  { EAI_MEMORY, 0, ENOMEM },
		{ EAI_NONAME, 0, ENOENT }, { EAI_SYSTEM, EMFILE, EMFILE },
		{ EAI_SYSTEM, 0, EIO },    { EAI_FAIL, 0, ENOENT },
	};
	struct world w;
	(void)state;

	open_world(&w);
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		sys.says = all[i].says;
		sys.error = all[i].error;
		assert_int_equal(look_up(&w)->os_errno, all[i].os_errno);
		assert_int_equal(w.last.count, 0);
	}
	close_world(&w);
}

static void only_addresses_of_the_internet_count(void **state)
{
	struct world w;
	(void)state;

	open_world(&w);
	find(AF_UNIX, 1, 16);
	find(AF_INET6, 2, sizeof(struct sockaddr_storage) + 1);
	assert_int_equal(look_up(&w)->os_errno, ENOENT);
	find(AF_INET6, 3, sizeof(struct sockaddr_in6));
	find(AF_INET, 4, sizeof(struct sockaddr_in));
	assert_int_equal(look_up(&w)->os_errno, 0);
	assert_int_equal(w.last.count, 2);
	assert_int_equal(w.last.found[0].family, 6);
	assert_int_equal(w.last.found[0].ip[15], 3);
	assert_int_equal(w.last.found[1].family, 4);
	assert_int_equal(w.last.found[1].ip[3], 4);
	close_world(&w);
}

static void a_name_has_a_ceiling_of_addresses(void **state)
{
	struct world w;
	(void)state;

	open_world(&w);
	for (uint8_t i = 0; i < FOUND; i++)
		find(AF_INET, i, sizeof(struct sockaddr_in));
	assert_int_equal(look_up(&w)->count, TT_RESOLVE_ADDRS);
	assert_int_equal(w.last.found[TT_RESOLVE_ADDRS - 1].ip[3], TT_RESOLVE_ADDRS - 1);
	close_world(&w);
}

static void names_beyond_the_ceiling_are_refused_at_once(void **state)
{
	struct world w;
	size_t asked = 0;
	int err;
	(void)state;

	open_world(&w);
	pthread_mutex_lock(&sys.gate);
	while ((err = tt_resolver_ask(w.rs, 1, 2, "a.example")) == 0)
		asked++;
	assert_int_equal(err, EBUSY);
	assert_in_range(asked, TT_RESOLVE_MAX,
			TT_RESOLVE_MAX + 1); /* one is under way, or not yet */
	pthread_mutex_unlock(&sys.gate);
	wait_for(&w, asked);
	look_up(&w);
	close_world(&w);
}

static void a_name_that_cannot_be_looked_up_is_refused_at_once(void **state)
{
	static const struct {
		const char *call;
		int error;
	} all[] = {
		{ "pthread_create", EAGAIN },
		{ "pthread_attr_init", ENOMEM },
		{ "calloc", ENOMEM },
	};
	struct world w;
	(void)state;

	open_world(&w);
	for (size_t i = 0; i < 3; i++) {
		sys.refused = all[i].call;
		assert_int_equal(tt_resolver_ask(w.rs, 1, 2, "a.example"), all[i].error);
		sys.refused = NULL;
	}
	look_up(&w); /* and the next one is */
	assert_int_equal(w.answers, 1);
	close_world(&w);
}

static void a_resolver_that_cannot_be_made_is_none(void **state)
{
	static const char *const calls[] = { "calloc", "pthread_mutex_init" };
	struct world w;
	(void)state;

	open_world(&w);
	for (size_t i = 0; i < 2; i++) {
		sys.refused = calls[i];
		struct tt_resolver *none = tt_resolver_new(&w.post, on_resolved, &w);
		sys.refused = NULL;
		assert_null(none);
	}
	tt_resolver_free(NULL);
	close_world(&w);
}

static void a_task_without_memory_is_refused_and_answers_still_come(void **state)
{
	struct world w;
	(void)state;

	open_world(&w);
	pthread_mutex_lock(&sys.gate);
	assert_int_equal(tt_resolver_ask(w.rs, 1, 2, "a.example"), 0);
	assert_int_equal(tt_resolver_ask(w.rs, 5, 6, "b.example"), 0);
	sys.no_memory = true;
	assert_false(tt_post_add(&w.post, NULL, NULL));
	sys.no_memory = false;
	pthread_mutex_unlock(&sys.gate);
	wait_for(&w, 2);
	close_world(&w);
}

static void an_end_during_a_look_up_answers_nobody(void **state)
{
	struct world w;
	(void)state;

	open_world(&w);
	pthread_mutex_lock(&sys.gate);
	assert_int_equal(tt_resolver_ask(w.rs, 1, 2, "a.example"), 0);
	assert_int_equal(tt_resolver_ask(w.rs, 3, 4, "b.example"), 0);
	close_world(&w);
	pthread_mutex_unlock(&sys.gate);
	assert_int_equal(w.answers, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_resolver_says_becomes_an_errno),
		cmocka_unit_test(only_addresses_of_the_internet_count),
		cmocka_unit_test(a_name_has_a_ceiling_of_addresses),
		cmocka_unit_test(names_beyond_the_ceiling_are_refused_at_once),
		cmocka_unit_test(a_name_that_cannot_be_looked_up_is_refused_at_once),
		cmocka_unit_test(a_resolver_that_cannot_be_made_is_none),
		cmocka_unit_test(a_task_without_memory_is_refused_and_answers_still_come),
		cmocka_unit_test(an_end_during_a_look_up_answers_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
