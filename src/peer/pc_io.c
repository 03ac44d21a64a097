/* pc_io.c - what the core cannot do itself is asked for here: all of it is ICE's. */
#include "base/config.h"
#include "peer/pc.h"

enum { MAX_INTERFACES = 1024 };

/* The stride is the caller's: his struct may be shorter or longer than ours. */
static int copy_interfaces(struct taut_interface *to, const struct taut_interface *all, size_t n)
{
	int err = TAUT_OK;

	for (size_t i = 0; !err && i < n; i++)
		err = tt_config_take(&to[i], sizeof to[i], (const char *)all + i * all[0].size);
	for (size_t i = 0; !err && i < n; i++)
		err = to[i].network > TAUT_NETWORK_CELLULAR_5G ? TAUT_E_INVAL : TAUT_OK;
	return err;
}

int taut_pc_set_interfaces(taut_pc *pc, taut_time now, const struct taut_interface *all, size_t n)
{
	pc_touch(pc, now);
	if (pc->closed)
		return pc_fail_closed(pc);
	if (n > MAX_INTERFACES || (n > 0 && !all))
		return pc_fail(pc, n > MAX_INTERFACES ? TAUT_E_LIMIT : TAUT_E_INVAL, "TypeError",
			       NULL, "at most %d interfaces", MAX_INTERFACES);
	struct taut_interface *ours = n > 0 ? tt_alloc(pc->env, n * sizeof *ours) : NULL;
	if (n > 0 && !ours)
		return pc_fail_nomem(pc);
	int err = copy_interfaces(ours, all, n);
	if (!err)
		err = tt_ice_set_interfaces(pc->ice, now, ours, n);
	tt_free(pc->env, ours);
	if (err == TAUT_E_NOMEM)
		return pc_fail_nomem(pc);
	if (err)
		return pc_fail(pc, err, "OperationError", "RFC 8445 section 5.1.1.1",
			       "the interfaces were not taken");
	/* Nobody but us knows that there is another way: RFC 8445 section 2.4. */
	if (tt_ice_stranded(pc->ice))
		(void)taut_pc_restart_ice(pc, now);
	pc_pump(pc, now);
	return TAUT_OK;
}

const struct taut_io *taut_pc_poll_io(taut_pc *pc)
{
	if (!pc->wants_io)
		return NULL;
	const struct taut_io *io = tt_ice_poll_io(pc->ice);

	while (io && pc->closed && io->kind != TAUT_IO_CLOSE)
		io = tt_ice_poll_io(pc->ice);
	if (!io)
		pc->wants_io = false;
	return io;
}

int taut_pc_io_result(taut_pc *pc, taut_time now, taut_flow flow, int os_errno,
		      const struct taut_addr *found, size_t n)
{
	pc_touch(pc, now);
	if (pc->closed)
		return TAUT_OK;
	bool known = tt_ice_io_result(pc->ice, now, flow, os_errno, found, n);
	pc_pump(pc, now);
	return known ? TAUT_OK
		     : pc_fail(pc, TAUT_E_GONE, "InvalidStateError", NULL, "no such flow");
}

int taut_pc_srv_result(taut_pc *pc, taut_time now, taut_flow flow, int os_errno,
		       const struct taut_srv *found, size_t n)
{
	pc_touch(pc, now);
	if (pc->closed)
		return TAUT_OK;
	const bool known = tt_ice_srv_result(pc->ice, now, flow, os_errno, found, n);
	pc_pump(pc, now);
	return known ? TAUT_OK
		     : pc_fail(pc, TAUT_E_GONE, "InvalidStateError", NULL, "no such flow");
}

taut_flow taut_pc_accept(taut_pc *pc, taut_time now, taut_flow listener,
			 const struct taut_addr *local, const struct taut_addr *remote)
{
	pc_touch(pc, now);
	if (pc->closed || !local || !remote)
		return 0;
	const taut_flow flow = tt_ice_accept(pc->ice, now, listener, local, remote);
	pc_pump(pc, now);
	return flow;
}

const char *taut_pc_ice_ufrag(const taut_pc *pc)
{
	return tt_ice_local_ufrag(pc->ice);
}

uint64_t taut_pc_ice_authenticated(const taut_pc *pc)
{
	const struct tt_ice_counters *c = tt_ice_counters(pc->ice);

	return c->checks_received + c->responses_received;
}
